-- The chat of a trade. fairlock_app has no right to its tables: it reads and writes through the doors below, which decide
-- who somebody is in this trade, and write an arbitrator's look into the log before they show anything. The texts are
-- sealed before they come here.
grant select, insert on fairlock.chat_channels, fairlock.messages to fairlock_engine;
grant update (last_number, posted, seller_read, buyer_read, for_seller, for_buyer) on fairlock.chat_channels
  to fairlock_engine;
-- Sealed anew by a rewrap, emptied by an erasure; nothing else of a message ever changes.
grant update (text, erased, warnings) on fairlock.messages to fairlock_engine;
grant update (chat_channel_id) on public.crypto_trades to fairlock_engine;

alter table fairlock.chat_channels enable row level security, force row level security;
alter table fairlock.messages enable row level security, force row level security;
create policy "the engine keeps chats" on fairlock.chat_channels to fairlock_engine using (true);
create policy "the engine keeps messages" on fairlock.messages to fairlock_engine using (true);
create trigger never_deleted before delete or truncate on fairlock.messages
  for each statement execute function ledger.refuse_change();

set local role fairlock_engine;

-- A channel is its trade's, with the trade's two sides; numbers and marks only grow.
create function fairlock.guard_chat() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    if not exists (select from public.crypto_trades where id = new.trade_id and chat_channel_id = new.id
        and user_id = new.seller_id and buyer_id = new.buyer_id) then
      raise exception using errcode = 'FL094', message = 'a chat is that of its trade and of the trade''s two sides';
    end if;
  elsif (new.id, new.trade_id, new.seller_id, new.buyer_id) <> (old.id, old.trade_id, old.seller_id, old.buyer_id)
    or new.last_number < old.last_number or new.posted < old.posted
    or new.seller_read < old.seller_read or new.buyer_read < old.buyer_read then
    raise exception using errcode = 'FL094', message = 'a chat stays its trade''s, and its numbers never go back';
  end if;
  return new;
end $$;
grant execute on function fairlock.guard_chat() to session_user;

-- Who arbitrates a dispute of this trade now, and so hears what is said.
create function fairlock.chat_arbitrators(p_trade uuid) returns uuid[]
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return array(select distinct a.arbitrator_id from fairlock.dispute_assignments a
    join public.crypto_disputes d on d.id = a.dispute_id where d.trade_id = p_trade and a.ended_at is null);
end $$;

-- What the acting person is in the chat of this trade: one of its sides, the arbitrator while a dispute lets them see
-- it, staff while they look under a grant for the case; nothing for everybody else.
create function fairlock.chat_role(p_trade uuid) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  t record;
begin
  select user_id, buyer_id into t from public.crypto_trades where id = p_trade and escrow_id is not null;
  return case
    when not found then null
    when t.user_id = me then 'seller'
    when t.buyer_id = me then 'buyer'
    when fairlock.arbitrates(p_trade) then 'arbitrator'
    when exists (select from fairlock.granted('case') id where id = p_trade) then 'staff' end;
end $$;

-- For the attachments: whether the acting person may read this message now.
create function fairlock.may_read_message(p_message uuid) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select from fairlock.messages m where m.id = p_message and fairlock.chat_role(m.trade_id) is not null);
end $$;

-- Why the acting person, who is this in the trade, may not write; nothing when they may.
create function fairlock.refuse_message(p_trade uuid, p_role text) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_closed timestamptz;
begin
  if p_role is null or p_role = 'staff' then
    return fairlock.refuse('not_found');
  end if;
  select coalesce(completed_at, cancelled_at, updated_at)
    + make_interval(days => (select chat_open_days_after_end from fairlock.settings))
  into v_closed from public.crypto_trades where id = p_trade and status in ('completed', 'cancelled', 'expired');
  return case
    when v_closed is null then null
    when v_closed <= clock_timestamp() then
      fairlock.refuse('chat_closed', jsonb_build_object('closedAt', fairlock.rfc3339(v_closed)))
    when fairlock.is_banned(fairlock.acting_user()) then fairlock.refuse('banned') end;
end $$;

-- Who the acting person is to whom writes, before the API seals anything with their key.
create function fairlock.chat_author(p_trade uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_role text := fairlock.chat_role(p_trade);
begin
  return coalesce(fairlock.refuse_scope('post_message'), fairlock.refuse_message(p_trade, v_role),
    jsonb_build_object('me', fairlock.acting_user(), 'role', v_role));
end $$;
grant execute on function fairlock.chat_author(uuid) to fairlock_app;

-- The trade's channel, locked until the commit: the next number is drawn from it, so that messages become visible in
-- the order of their numbers, and who has read up to one misses none below it. Made with its first message, under the
-- id that the trade got when it was taken; trades from before that get theirs here.
create function fairlock.chat_channel(p_trade uuid) returns fairlock.chat_channels
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  c fairlock.chat_channels;
begin
  select * into c from fairlock.chat_channels where trade_id = p_trade for no key update;
  if not found then
    update public.crypto_trades set chat_channel_id = fairlock.new_id()
    where id = p_trade and chat_channel_id is null;
    insert into fairlock.chat_channels (id, trade_id, seller_id, buyer_id)
    select chat_channel_id, id, user_id, buyer_id from public.crypto_trades where id = p_trade
    on conflict (trade_id) do nothing;
    select * into c from fairlock.chat_channels where trade_id = p_trade for no key update;
  end if;
  return c;
end $$;

-- A message as the door shows it; the API opens what is sealed with its owner's key, and leaves the owner out. The two
-- sides learn that an arbitrator speaks and not which one.
create function fairlock.message_json(m fairlock.messages, p_is_side boolean) returns jsonb
language sql stable
as $$
  select jsonb_build_object('id', m.id, 'number', m.number, 'kind', m.kind,
    'owner', m.author_id, 'author', case when m.author_id is not null then jsonb_build_object(
      'id', case when not p_is_side or m.author_role <> 'arbitrator' then m.author_id end, 'role', m.author_role) end,
    'sealed', m.text, 'erased', m.erased, 'warnings', m.warnings, 'code', m.code, 'data', m.data,
    'files', coalesce((select jsonb_agg(fairlock.file_json(f) order by array_position(m.file_ids, f.id))
      from fairlock.files f where f.id = any (m.file_ids)), '[]'),
    'createdAt', fairlock.rfc3339(m.created_at))
$$;

-- A page of a chat: from p_after on forwards, or from p_before (the end) on backwards.
create function fairlock.chat_page(p_trade uuid, p_after integer, p_before integer, p_most integer) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  v_role text := fairlock.chat_role(p_trade);
  v_messages jsonb;
begin
  if v_role is null then
    return fairlock.refuse('not_found');
  elsif v_role = 'arbitrator' then
    perform fairlock.record_event('secret.opened', 'crypto_trades', p_trade, null,
      jsonb_build_object('what', 'messages', 'as', v_role, 'after', p_after, 'before', p_before));
  end if;
  if p_after is not null then
    select jsonb_agg(fairlock.message_json(m, v_role in ('seller', 'buyer')) order by m.number) into v_messages from (
      select * from fairlock.messages where trade_id = p_trade and number > p_after order by number limit p_most) m;
  else
    select jsonb_agg(fairlock.message_json(m, v_role in ('seller', 'buyer')) order by m.number desc) into v_messages from (
      select * from fairlock.messages where trade_id = p_trade and number < coalesce(p_before, 2147483647)
      order by number desc limit p_most) m;
  end if;
  return (
    select jsonb_build_object('items', coalesce(v_messages, '[]'), 'latest', coalesce(c.last_number, 0),
      'readBy', jsonb_build_object('seller', coalesce(c.seller_read, 0), 'buyer', coalesce(c.buyer_read, 0)),
      'mayWrite', fairlock.refuse_message(p_trade, v_role) is null)
    from (select) one left join fairlock.chat_channels c on c.trade_id = p_trade);
end $$;
grant execute on function fairlock.chat_page(uuid, integer, integer, integer) to fairlock_app;

-- Writes a message: its text sealed for the id that the API has drawn, and files that its author has uploaded for it.
-- The answer, which may be kept under a key, holds neither words nor names of files: own_message has them.
create function fairlock.post_message(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  v_trade uuid := (p ->> 'tradeId')::uuid;
  v_role text := fairlock.chat_role(v_trade);
  c fairlock.chat_channels;
  m fairlock.messages;
  v_files uuid[] := array(select id::uuid from jsonb_array_elements_text(p -> 'fileIds') with ordinality f(id, place)
    order by place);
  v_count integer;
  v_refusal jsonb;
begin
  if v_role = 'arbitrator' then
    -- Whoever ends the dispute, and with it their access, waits for this message, or this finds it ended.
    perform from public.crypto_trades where id = v_trade for share;
    v_role := fairlock.chat_role(v_trade);
  end if;
  v_refusal := fairlock.refuse_message(v_trade, v_role);
  if v_refusal is not null then
    return v_refusal;
  end if;
  -- All of them are locked before any is taken, so that a refusal takes none.
  perform from fairlock.files where id = any (v_files) and owner_id = me and purpose = 'message' and subject_id is null
  order by id for no key update;
  get diagnostics v_count = row_count;
  if v_count <> cardinality(v_files) then
    return fairlock.refuse('unknown_file', '{"field": "fileIds"}');
  end if;
  c := fairlock.chat_channel(v_trade);
  if c.posted >= 2000 then
    return fairlock.refuse('too_many_messages', '{"limit": 2000}');
  end if;
  -- Files are kept for ever, so a person sends as much as ten of the largest in one trade. Counted under the channel's lock.
  if v_files <> '{}' and (
    select sum(f.bytes) > (select 10 * 1048576::bigint * file_megabytes from fairlock.settings)
    from fairlock.files f where f.owner_id = me and f.id = any (v_files || array(
      select unnest(file_ids) from fairlock.messages where trade_id = v_trade and author_id = me and file_ids <> '{}'))
  ) then
    return fairlock.refuse('too_many_files_sent', '{"field": "fileIds"}');
  end if;
  update fairlock.chat_channels set last_number = c.last_number + 1, posted = c.posted + 1,
    for_seller = case v_role when 'seller' then for_seller else c.last_number + 1 end,
    for_buyer = case v_role when 'buyer' then for_buyer else c.last_number + 1 end
  where trade_id = v_trade;
  insert into fairlock.messages (id, trade_id, number, kind, author_id, author_role, text, warnings, file_ids)
  values ((p ->> 'messageId')::uuid, v_trade, c.last_number + 1, 'text', me, v_role, p ->> 'text', p -> 'warnings', v_files)
  returning * into m;
  perform fairlock.attach_file(id, me, 'message', m.id) from unnest(v_files) id;
  perform fairlock.publish('message.posted', array[c.seller_id, c.buyer_id] || fairlock.chat_arbitrators(v_trade), v_trade,
    jsonb_build_object('messageId', m.id, 'number', m.number,
      'author', case when v_role <> 'arbitrator' then me end, 'actor', v_role));
  if v_role = 'arbitrator' then
    perform fairlock.record_event('message.posted', 'crypto_trades', v_trade, null,
      jsonb_build_object('message', m.id, 'number', m.number, 'as', v_role));
  end if;
  return fairlock.message_json(m, false) - array['owner', 'sealed', 'files'];
end $$;

-- A message as it is kept, for the comparison with a repeated request; its author's alone.
create function fairlock.own_message(p_message uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select coalesce((select fairlock.message_json(m, false) from fairlock.messages m
    where m.id = p_message and m.author_id = fairlock.acting_user()), fairlock.refuse('not_found'))
$$;
grant execute on function fairlock.own_message(uuid) to fairlock_app;

-- Moves the mark of the acting side on, never back and never beyond what is there.
create function fairlock.read_messages(p_trade uuid, p_up_to integer) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_role text := fairlock.chat_role(p_trade);
  c fairlock.chat_channels;
  v_mark integer;
begin
  if v_role is null or v_role not in ('seller', 'buyer') then
    return fairlock.refuse('not_found');
  end if;
  select * into c from fairlock.chat_channels where trade_id = p_trade for no key update;
  if not found then
    return '{"upTo": 0}';
  end if;
  v_mark := greatest(case v_role when 'seller' then c.seller_read else c.buyer_read end, least(p_up_to, c.last_number));
  update fairlock.chat_channels set seller_read = case v_role when 'seller' then v_mark else seller_read end,
    buyer_read = case v_role when 'buyer' then v_mark else buyer_read end
  where trade_id = p_trade and v_mark > case v_role when 'seller' then seller_read else buyer_read end;
  if found then
    perform fairlock.publish('message.read', array[c.seller_id, c.buyer_id] || fairlock.chat_arbitrators(p_trade), p_trade,
      jsonb_build_object('upTo', v_mark, 'reader', fairlock.acting_user(), 'actor', v_role));
  end if;
  return jsonb_build_object('upTo', v_mark);
end $$;

-- The acting person's trades in which somebody wrote what they have not read, newest trade first.
create function fairlock.unread_chats(p_before uuid, p_most integer) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  me uuid := fairlock.acting_user();
begin
  return (
    select jsonb_build_object('items', coalesce(jsonb_agg(jsonb_build_object('tradeId', u.trade_id, 'latest', u.latest,
      'unread', (select count(*) from fairlock.messages m where m.trade_id = u.trade_id and m.number > u.mark
        and m.kind = 'text' and m.author_id <> me)) order by u.trade_id desc), '[]'))
    from (
      (select trade_id, seller_read as mark, last_number as latest from fairlock.chat_channels
       where seller_id = me and for_seller > seller_read and (p_before is null or trade_id < p_before)
       order by trade_id desc limit p_most)
      union all
      (select trade_id, buyer_read, last_number from fairlock.chat_channels
       where buyer_id = me and for_buyer > buyer_read and (p_before is null or trade_id < p_before)
       order by trade_id desc limit p_most)
      order by trade_id desc limit p_most
    ) u);
end $$;
grant execute on function fairlock.unread_chats(uuid, integer) to fairlock_app;

-- What of a piece of news goes into a chat: codes, ids, amounts and times. Whatever has a blank in it is somebody's words
-- and stays out.
create function fairlock.chat_facts(p_data jsonb) returns jsonb
language sql immutable
as $$
  select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(p_data)
  where jsonb_typeof(value) in ('number', 'boolean')
    or jsonb_typeof(value) = 'string' and value #>> '{}' ~ '^[A-Za-z0-9_.:+-]{1,64}$'
$$;

-- For the dispatcher: the system message of a piece of news about a trade or its dispute, once, in the order in which it
-- is called. What not both sides know is not for the chat; that one has answered both do, though one is told.
create function fairlock.tell_chat(p_row fairlock.outbox) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  c fairlock.chat_channels;
begin
  if p_row.kind !~ '^(trade|dispute)\.' or not exists (select from public.crypto_trades where id = p_row.trade_id
      and escrow_id is not null and (array[user_id, buyer_id] <@ p_row.people
        or p_row.kind in ('dispute.answered', 'dispute.evidence_added') and array[user_id, buyer_id] && p_row.people)) then
    return;
  end if;
  c := fairlock.chat_channel(p_row.trade_id);
  if exists (select from fairlock.messages where outbox_id = p_row.id and created_at = p_row.created_at) then
    return;
  end if;
  update fairlock.chat_channels set last_number = c.last_number + 1 where trade_id = c.trade_id;
  insert into fairlock.messages (id, trade_id, number, kind, code, data, outbox_id, created_at)
  values (fairlock.new_id(), c.trade_id, c.last_number + 1, 'system', p_row.kind, fairlock.chat_facts(p_row.data),
    p_row.id, p_row.created_at);
end $$;
reset role;

create trigger guard before insert or update on fairlock.chat_channels
  for each row execute function fairlock.guard_chat();
