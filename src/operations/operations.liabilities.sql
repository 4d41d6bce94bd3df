-- Proof of liabilities: what is published of each snapshot, and a person's own way from their leaf to the root. Trees are
-- made by src/operations/liabilities, as the engine.
grant select, insert on fairlock.liability_snapshots, fairlock.liability_trees to fairlock_engine;
grant update (retired_at) on fairlock.liability_snapshots to fairlock_engine;
grant select, insert, delete on fairlock.liability_leaves, fairlock.liability_nodes to fairlock_engine;
grant update (user_id, nonce) on fairlock.liability_leaves to fairlock_engine;
grant select (number, id, as_of, previous, head, key_id, public_key, signature, retired_at)
  on fairlock.liability_snapshots to fairlock_app;
grant select on fairlock.liability_trees, fairlock.liability_leaves to fairlock_app;

do $$
declare
  t regclass;
begin
  foreach t in array array['fairlock.liability_snapshots', 'fairlock.liability_trees', 'fairlock.liability_leaves',
                           'fairlock.liability_nodes']::regclass[] loop
    execute format('alter table %s enable row level security, force row level security', t);
    execute format('create policy "the engine keeps trees" on %s to fairlock_engine using (true)', t);
  end loop;
end $$;
create policy "everybody reads the heads" on fairlock.liability_snapshots for select to fairlock_app using (true);
create policy "everybody reads the roots" on fairlock.liability_trees for select to fairlock_app using (true);
create policy "people see their leaves" on fairlock.liability_leaves for select to fairlock_app
  using (user_id = (select fairlock.acting_user()));

set local role fairlock_engine;

-- What is public of a snapshot, in the form in which it is hashed (src/operations/liabilities/encoding.ts).
create function fairlock.liability_json(s fairlock.liability_snapshots) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('id', s.id, 'number', s.number, 'asOf', audit.instant(s.as_of),
    'previous', encode(s.previous, 'hex'), 'head', encode(s.head, 'hex'), 'keyId', s.key_id,
    'publicKey', encode(s.public_key, 'hex'), 'signature', encode(s.signature, 'hex'),
    'trees', (select coalesce(jsonb_agg(jsonb_build_object('currency', t.currency, 'leaves', t.leaves,
      'total', t.total::numeric(38, 8)::text, 'root', encode(t.root, 'hex')) order by t.tree), '[]')
      from fairlock.liability_trees t where t.snapshot = s.number))
$$;

-- Whether the house's rule says that it is time for the next.
create function fairlock.is_snapshot_due() returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select liability_hours > 0 and not exists (select from fairlock.liability_snapshots
    where as_of > clock_timestamp() - make_interval(hours => liability_hours))
  from fairlock.settings
$$;

-- Keeps what is published of a snapshot, and which entries of the ledger it saw: some with a lower number than the newest
-- may not have been committed yet. Only above the ledger's own mark, below which everything is final, can there be such.
create function fairlock.keep_snapshot(
  p_number integer, p_id uuid, p_as_of timestamptz, p_previous bytea, p_head bytea, p_key text, p_public_key bytea,
  p_signature bytea, p_trees jsonb
) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_settled bigint := coalesce((select max(rolled_up_to) from ledger.accounts where kind in ('fees', 'custody')), 0);
  v_newest bigint := coalesce((select max(id) from ledger.entries), 0);
begin
  insert into fairlock.liability_snapshots (number, id, as_of, previous, head, key_id, public_key, signature, entry_id, unseen)
  values (p_number, p_id, p_as_of, p_previous, p_head, p_key, p_public_key, p_signature, v_newest, array(
    select n from generate_series(v_settled + 1, v_newest) n
    where not exists (select from ledger.entries e where e.id = n)));
  insert into fairlock.liability_trees (snapshot, tree, currency, leaves, total, root)
  select p_number, n, t ->> 'currency', (t ->> 'leaves')::integer, (t ->> 'total')::numeric, decode(t ->> 'root', 'hex')
  from jsonb_array_elements(p_trees) with ordinality one (t, n);
  perform fairlock.record_event('liabilities.published', 'liability_snapshots', p_id,
    nullif(current_setting('fairlock.operation', true), ''),
    jsonb_build_object('number', p_number, 'head', encode(p_head, 'hex')));
end $$;

-- Snapshots before a number, the newest first. Public.
create function fairlock.liability_heads(p_before integer, p_most integer) returns setof jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select fairlock.liability_json(s) || jsonb_build_object('hasProofs', s.retired_at is null)
  from fairlock.liability_snapshots s where s.number < p_before order by s.number desc limit p_most
$$;
-- The same from the oldest on, for the file of published heads.
create function fairlock.liability_heads_after(p_after integer, p_most integer) returns setof jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select fairlock.liability_json(s) from fairlock.liability_snapshots s where s.number > p_after order by s.number limit p_most
$$;
grant execute on function fairlock.liability_heads(integer, integer), fairlock.liability_heads_after(integer, integer)
  to fairlock_app;

-- The acting person's leaf and the neighbours on its way to the root, from the leaf up, each as 96 hexadecimal digits:
-- hash and sum. One row is read for each level.
create function fairlock.liability_proof(p_snapshot uuid, p_currency text) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
as $$
declare
  v_number integer;
  t fairlock.liability_trees;
  leaf fairlock.liability_leaves;
begin
  if fairlock.acting_user() is null then
    raise exception using errcode = 'FL001', message = 'nobody is signed in';
  end if;
  -- Without an id the newest with a tree of this currency: not the newest with the person's leaf, which may be missing.
  select s.number into v_number from fairlock.liability_snapshots s
  where s.id = p_snapshot or p_snapshot is null and s.retired_at is null
    and exists (select from fairlock.liability_trees own
      where own.snapshot = s.number and (own.currency = p_currency or p_currency is null))
  order by s.number desc limit 1;
  -- Without a currency the first that the person has.
  select * into leaf from fairlock.liability_leaves
  where user_id = fairlock.acting_user() and snapshot = v_number and tree in (
    select tree from fairlock.liability_trees where snapshot = v_number and (currency = p_currency or p_currency is null))
  order by tree limit 1;
  if leaf.position is null then
    return fairlock.refuse('not_found');
  end if;
  select * into t from fairlock.liability_trees where snapshot = v_number and tree = leaf.tree;
  return jsonb_build_object('currency', t.currency,
    'snapshot', (select fairlock.liability_json(s) from fairlock.liability_snapshots s where s.number = v_number),
    'leaf', jsonb_build_object('position', leaf.position, 'userId', leaf.user_id, 'nonce', encode(leaf.nonce, 'hex'),
      'available', leaf.available::numeric(38, 8)::text, 'held', leaf.held::numeric(38, 8)::text),
    'path', (
      select coalesce(jsonb_agg(encode(substr(n.nodes, 1 + 48 * (way.beside & 31), 48), 'hex') order by way.level), '[]')
      from (
        select level, (leaf.position >> level) # 1 as beside from generate_series(0, 30) level where t.leaves >> level > 1
      ) way
      join fairlock.liability_nodes n on n.snapshot = t.snapshot and n.tree = t.tree and n.level = way.level
        and n.chunk = way.beside >> 5));
end $$;
grant execute on function fairlock.liability_proof(uuid, text) to fairlock_app;

-- Takes away at most so many rows of snapshots that are older than the house keeps them, the newest aside, and gives how
-- many it were. A snapshot is retired with its first row: half of a tree proves nothing.
create function fairlock.retire_liabilities(p_most integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_leaves integer;
  v_nodes integer;
begin
  update fairlock.liability_snapshots set retired_at = clock_timestamp()
  where retired_at is null and number < (select max(number) from fairlock.liability_snapshots)
    and as_of < now() - make_interval(days => (select liability_keep_days from fairlock.settings));
  delete from fairlock.liability_leaves where ctid = any (array(
    select l.ctid from fairlock.liability_snapshots s join fairlock.liability_leaves l on l.snapshot = s.number
    where s.retired_at is not null limit p_most));
  get diagnostics v_leaves = row_count;
  delete from fairlock.liability_nodes where ctid = any (array(
    select n.ctid from fairlock.liability_snapshots s join fairlock.liability_nodes n on n.snapshot = s.number
    where s.retired_at is not null limit p_most));
  get diagnostics v_nodes = row_count;
  return v_leaves + v_nodes;
end $$;
grant execute on function fairlock.retire_liabilities(integer) to fairlock_app;
-- How the reports and the proofs of liabilities are doing, for the metrics.
create function fairlock.reports_state() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'snapshotAgeSeconds', (select extract(epoch from clock_timestamp() - max(as_of)) from fairlock.liability_snapshots),
    'snapshots', (select count(*) from fairlock.liability_snapshots),
    'entriesBehind', (select coalesce(max(e.id), 0) from ledger.entries e)
      - (select entry_id from fairlock.daily_mark))
$$;
grant execute on function fairlock.reports_state() to fairlock_app;
reset role;
