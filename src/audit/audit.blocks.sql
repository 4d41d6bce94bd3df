-- Sealing: rows of finished transactions become blocks, each with its Merkle root and the hash of the one before.
-- Nobody who writes the log waits for it: a block is closed over rows that can no longer change in number.
set local role fairlock_engine;

-- One value, so that no two rows give the same bytes: a mark for null, or a mark, the length and the bytes.
create function audit.field(p_value bytea) returns bytea
language sql immutable
as $$ select coalesce('\x01'::bytea || int4send(octet_length(p_value)) || p_value, '\x00') $$;

create function audit.field(p_value text) returns bytea
language sql immutable
as $$ select audit.field(convert_to(p_value, 'UTF8')) $$;

-- The leaf of a row: every column, behind RFC 6962's mark for leaves. src/audit/encoding.ts computes the same by itself,
-- so that a function put in this one's place is found out.
create function audit.leaf(e audit.events) returns bytea
language sql immutable
as $$
  select sha256('\x00'::bytea || convert_to('fairlock audit row 1', 'UTF8') || int8send(e.tx) || int8send(e.id)
    || timestamptz_send(e.at) || audit.field(uuid_send(e.actor_id)) || audit.field(uuid_send(e.session_id))
    || audit.field(uuid_send(e.api_key_id)) || audit.field(e.request_id) || audit.field(e.action)
    || audit.field(e.subject) || audit.field(uuid_send(e.subject_id)) || audit.field(e.reason)
    || audit.field(e.details::text) || audit.field(e.changes::text))
$$;

-- RFC 6962's tree: pairs, level by level; one without a partner moves up as it is.
create function audit.merkle_root(p_leaves bytea[]) returns bytea
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  while cardinality(p_leaves) > 1 loop
    select array_agg(case when beside is null then hash else sha256('\x01'::bytea || hash || beside) end order by n)
    into p_leaves
    from (select hash, n, lead(hash) over (order by n) as beside from unnest(p_leaves) with ordinality one (hash, n)) pair
    where n % 2 = 1;
  end loop;
  return p_leaves[1];
end $$;

create function audit.block_hash(b audit.blocks) returns bytea
language sql immutable
as $$
  select sha256(convert_to('fairlock audit block 1', 'UTF8') || int8send(b.number) || int8send(b.from_tx)
    || int8send(b.from_id) || int8send(b.to_tx) || int8send(b.to_id) || int4send(b.events)
    || timestamptz_send(b.first_at) || timestamptz_send(b.last_at) || b.root || b.previous
    || timestamptz_send(b.sealed_at) || int8send(b.system_identifier) || audit.field(b.note))
$$;
reset role;

-- A database that was restored by dump into another server begins with low transaction numbers again. The base is
-- raised above every number in the log, and rows that were written before anybody noticed get numbers of the new count.
-- The lock waits for writers under way: whoever writes after it adds the new base. True when it was for us to do.
create function fairlock.begin_audit_era(p_last audit.blocks) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_first bigint;
begin
  alter table audit.events no force row level security, disable trigger append_only;
  if exists (select from audit.events where subject_id = audit.itself() and at > p_last.sealed_at
    and action = 'audit.restored') then
    alter table audit.events force row level security, enable trigger append_only;
    return false;
  end if;
  select greatest(max(tx) + 1, p_last.to_tx) into v_first from audit.events;
  update audit.events set tx = v_first where at > p_last.sealed_at and tx < p_last.to_tx;
  alter table audit.events force row level security, enable trigger append_only;
  perform setval('audit.tx_base', greatest(pg_sequence_last_value('audit.tx_base'),
    v_first + 1 - pg_current_xact_id()::text::bigint));
  return true;
end $$;
revoke execute on function fairlock.begin_audit_era(audit.blocks) from public;
grant execute on function fairlock.begin_audit_era(audit.blocks) to fairlock_engine;

set local role fairlock_engine;

-- Closes the next block over at most p_most rows; gives its number, or nothing when there is nothing to seal or another
-- worker was quicker. All transactions below the snapshot's xmin have ended, so what is visible of them is all there
-- will ever be; the next block begins where this one ends. The primary key lets one of two at once win.
create function fairlock.close_audit_block(p_most integer) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  last audit.blocks;
  b audit.blocks;
  v_base bigint;
  v_ids bigint[];
  v_times timestamptz[];
  v_leaves bytea[];
  v_end audit.events;
begin
  b.system_identifier := (select system_identifier from pg_control_system());
  select * into last from audit.blocks order by number desc limit 1;
  if last.system_identifier <> b.system_identifier
    or pg_snapshot_xmax(pg_current_snapshot())::text::bigint + pg_sequence_last_value('audit.tx_base') < last.to_tx then
    b.note := format('The database was restored into another server after block %s.', last.number);
    if fairlock.begin_audit_era(last) then
      perform fairlock.record_event('audit.restored', 'audit', audit.itself(), b.note);
    end if;
  end if;
  -- Asked of the log, too: whoever began the new count may have had nothing to seal yet, while an old transaction ran.
  b.note := coalesce(b.note, (select reason from audit.events
    where at > last.sealed_at and subject_id = audit.itself() and action = 'audit.restored' order by at limit 1));
  b.number := coalesce(last.number, 0) + 1;
  b.from_tx := coalesce(last.to_tx, 0);
  b.from_id := coalesce(last.to_id, 0);
  b.previous := coalesce(last.hash, decode(repeat('00', 32), 'hex'));
  v_base := pg_sequence_last_value('audit.tx_base');

  with final as materialized (
    select pg_snapshot_xmin(pg_current_snapshot())::text::bigint + v_base as below
  ), taken as (
    select e as event, audit.leaf(e) as leaf from audit.events e
    where (e.tx, e.id) >= (b.from_tx, b.from_id) and e.tx < (select below from final)
    order by e.tx, e.id limit p_most
  )
  select array_agg((event).id order by (event).tx, (event).id), array_agg((event).at order by (event).tx, (event).id),
    array_agg(leaf order by (event).tx, (event).id), count(*), min((event).at), max((event).at),
    (select below from final)
  into v_ids, v_times, v_leaves, b.events, b.first_at, b.last_at, b.to_tx
  from taken;
  if b.events = 0 then
    return null;
  end if;
  b.to_id := 0;
  if b.events = p_most then
    -- There may be more: the block ends behind its last row, within that row's transaction.
    select e.tx, e.id + 1 into b.to_tx, b.to_id from audit.events e
    where e.at = v_times[b.events] and e.id = v_ids[b.events];
  end if;
  b.root := audit.merkle_root(v_leaves);
  b.sealed_at := clock_timestamp();
  b.hash := audit.block_hash(b);
  insert into audit.blocks select b.* on conflict do nothing;
  if not found then
    return null;
  end if;
  insert into audit.leaves (block, ids, times, hashes)
  select b.number, v_ids, v_times, string_agg(hash, '' order by n) from unnest(v_leaves) with ordinality one (hash, n);
  return b.number;
end $$;
grant execute on function fairlock.close_audit_block(integer) to fairlock_app;

-- Blocks that have no signature yet, oldest first; and the key to sign them with, its private half sealed.
create function fairlock.unsigned_audit_blocks(p_most integer) returns table (number bigint, hash bytea)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select b.number, b.hash from audit.blocks b
  where b.number > coalesce((select max(s.block) from audit.signatures s), 0) order by b.number limit p_most
$$;
create function fairlock.audit_signing_key() returns table (id text, public_key bytea, sealed_private_key text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select id, public_key, sealed_private_key from audit.signing_keys order by created_at desc limit 1 $$;

-- Signatures come in the order of the blocks; a second one for the same block changes nothing.
create function fairlock.sign_audit_block(p_block bigint, p_key text, p_signature bytea) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  insert into audit.signatures (block, key_id, signature) values (p_block, p_key, p_signature) on conflict do nothing
$$;

-- A time with all that PostgreSQL keeps of it, in UTC whatever the session's zone.
create function audit.instant(p_time timestamptz) returns text
language sql stable
as $$ select to_char(p_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;

-- Signed blocks after one, for publishing: numbers, times and hashes, nothing of what the rows say.
create function fairlock.audit_roots(p_after bigint, p_most integer, p_leaves boolean) returns setof jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select jsonb_strip_nulls(jsonb_build_object('block', b.number, 'fromTx', b.from_tx::text, 'fromId', b.from_id::text,
    'toTx', b.to_tx::text, 'toId', b.to_id::text, 'events', b.events, 'firstAt', audit.instant(b.first_at),
    'lastAt', audit.instant(b.last_at), 'root', encode(b.root, 'hex'),
    'previous', encode(b.previous, 'hex'), 'sealedAt', audit.instant(b.sealed_at),
    'systemIdentifier', b.system_identifier::text, 'note', b.note, 'hash', encode(b.hash, 'hex'), 'keyId', s.key_id,
    'publicKey', encode(k.public_key, 'hex'), 'signature', encode(s.signature, 'hex'),
    'ids', case when p_leaves then to_jsonb(l.ids::text[]) end,
    'times', case when p_leaves then (select jsonb_agg(audit.instant(t) order by n)
      from unnest(l.times) with ordinality one (t, n)) end,
    'leaves', case when p_leaves then encode(l.hashes, 'hex') end))
  from audit.blocks b
  join audit.signatures s on s.block = b.number
  join audit.signing_keys k on k.id = s.key_id
  left join audit.leaves l on l.block = b.number
  where b.number > p_after order by b.number limit p_most
$$;

-- For the metrics: how far the chain has come, and how long its oldest row without a block has waited.
create function fairlock.audit_state() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  with last as materialized (
    select coalesce(max(number), 0) as blocks, coalesce(max(to_tx), 0) as tx from audit.blocks
    where number = (select max(number) from audit.blocks)
  )
  select jsonb_build_object('blocks', last.blocks,
    'unsigned', last.blocks - coalesce((select max(block) from audit.signatures), 0),
    'oldestUnsealedSeconds', coalesce((select extract(epoch from clock_timestamp() - min(e.at)) from audit.events e
      where (e.tx, e.id) >= (select b.to_tx, b.to_id from audit.blocks b where b.number = last.blocks
        union all select 0, 0 where last.blocks = 0)), 0),
    'verifiedAt', (select extract(epoch from max(e.at)) from audit.events e
      where e.subject_id = audit.itself() and e.action = 'audit.verified'),
    'verifiedOk', (select (e.details ->> 'ok')::boolean from audit.events e
      where e.subject_id = audit.itself() and e.action = 'audit.verified' order by e.at desc limit 1))
  from last
$$;
grant execute on function fairlock.unsigned_audit_blocks(integer), fairlock.audit_signing_key(),
  fairlock.sign_audit_block(bigint, text, bytea), fairlock.audit_roots(bigint, integer, boolean), fairlock.audit_state()
  to fairlock_app;
reset role;
