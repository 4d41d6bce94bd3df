-- Telling the news: takes rows out of the outbox and writes, in the same transaction, what everybody gets to know of
-- them. One dispatcher works at a time, which gives live events their order (docs/decisions/0021).
grant select, insert on fairlock.live_events to fairlock_engine;
grant select, insert, delete on fairlock.news_set_aside to fairlock_engine;
grant insert on fairlock.outbox to fairlock_engine;

alter table fairlock.news_set_aside enable row level security, force row level security;
create policy "the engine sets news aside and takes it up again" on fairlock.news_set_aside to fairlock_engine using (true);

set local role fairlock_engine;

-- The id of a piece of news for one person: always the same, so that telling it twice can be noticed. It is the id of
-- the live event and of the notice.
create function fairlock.news_id(p_news bigint, p_at timestamptz, p_person uuid) returns uuid
language sql immutable
as $$
  select encode(substr(sha256(convert_to(
    p_news || ' ' || extract(epoch from p_at) || ' ' || coalesce(p_person::text, 'everybody'), 'UTF8')), 1, 16), 'hex')::uuid
$$;

-- Tells these pieces of news: events, notices, the lines that a trade's chat gets, messages to browsers and
-- deliveries to webhooks.
create function fairlock.tell(p_news fairlock.outbox[]) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp set enable_seqscan = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  v_notices fairlock.notices[];
begin
  with told as (
    select n.id as news, n.kind, n.trade_id, n.data, n.created_at, one.person, one.place,
      fairlock.news_id(n.id, n.created_at, one.person) as id, fairlock.news_group(n.kind) as of,
      case one.person when t.user_id then 'seller' when t.buyer_id then 'buyer' end as role,
      u.email, p.notification_preferences as chosen, k.who
    from unnest(p_news) n
    cross join lateral (
      select person, min(place) as place from unnest(n.people) with ordinality x(person, place) group by person) one
    left join public.crypto_trades t on t.id = n.trade_id
    left join public.users u on u.id = one.person
    left join public.crypto_profiles p on p.user_id = one.person
    left join fairlock.told_of() k on k.kind = n.kind
  ), noticed as (
    select * from (
      select t.*, fairlock.wants(t.chosen, t.of, 'inApp') as in_app, fairlock.wants(t.chosen, t.of, 'email') as by_mail,
        row_number() over (partition by t.kind, t.person, t.trade_id order by t.news) as nth
      from told t
      where t.who is not null and t.email is not null and fairlock.is_told(t.who, t.role, t.person, t.data)) t
    where t.kind <> 'message.posted' or t.nth = 1 and fairlock.is_first_message(t.person, t.trade_id)
  ), notices as (
    insert into fairlock.notices (id, user_id, kind, data, created_at, in_app, mail_to, mail_due_at)
    select id, person, kind,
      jsonb_strip_nulls(data || jsonb_build_object('tradeId', trade_id, 'role', role)), created_at, in_app, email,
      case when by_mail then fairlock.mail_due(kind, person, trade_id) end
    from noticed
    where in_app or by_mail or fairlock.wants(chosen, of, 'push')
    order by news, place
    on conflict (id) do nothing
    returning notices
  ), live as (
    insert into fairlock.live_events (id, user_id, kind, trade_id, data, created_at)
    select id, person, kind, trade_id, data, created_at from (
      select t.news, t.place, t.id, t.person, t.kind, t.trade_id, t.created_at,
        case when n.in_app then t.data || '{"noticed": true}' else t.data end as data
      from told t left join noticed n on n.id = t.id
      union all
      -- To everybody: announcements alone, and only where they say so.
      select n.id, 0, fairlock.news_id(n.id, n.created_at, null), null, n.kind, null, n.created_at, n.data
      from unnest(p_news) n where n.kind like 'announcement.%' and n.data ->> 'audience' = 'everyone') t
    order by news, place
  )
  select array_agg(notices) into v_notices from notices;

  perform fairlock.tell_chat(n) from unnest(p_news) n where n.trade_id is not null;
  perform fairlock.tell_push(n.id) from unnest(v_notices) n join public.crypto_profiles p on p.user_id = n.user_id
  where exists (select from fairlock.push_subscriptions s where s.user_id = n.user_id)
    and fairlock.wants(p.notification_preferences, fairlock.news_group(n.kind), 'push');
  perform fairlock.tell_webhooks(n) from unnest(p_news) n
  -- That there is a new notice is for who looks at the list.
  where n.kind <> 'notice.created'
    and exists (select from fairlock.webhooks w where w.user_id = any (n.people) and w.status = 'live');
end $$;

-- Takes the oldest news out of the outbox and tells it: p_most pieces, and of those for many people no more than 5000 of
-- them at a time, or a run would be cut off by its time limit, again and again at the same place. `isMore` says that some
-- of what it looked at is left. What cannot be told is set aside, with its error, and keeps
-- nobody else's waiting. `busy` says that another dispatcher is at it; `told` counts by group. Whatever goes wrong with
-- the server itself ends it all, and the news stays in the outbox.
create function fairlock.dispatch(p_most integer) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  v_news fairlock.outbox[];
  v_one fairlock.outbox;
  v_aside integer := 0;
  v_is_more boolean;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('fairlock.dispatch', 0)) then
    return '{"busy": true}';
  end if;
  with oldest as (
    select id, sum(cardinality(people)) over (order by id) as people, row_number() over (order by id) as nth
    from (select id, people from fairlock.outbox order by id limit p_most) o
  ), taken as (
    delete from fairlock.outbox o where id = any (array(select id from oldest where people <= 5000 or nth = 1))
    returning o as news
  )
  select array_agg(news order by (news).id), count(*) < (select count(*) from oldest) or count(*) = p_most
  into v_news, v_is_more from taken;
  if v_news is null then
    return '{"taken": 0}';
  end if;
  begin
    perform fairlock.tell(v_news);
  exception when others then
    if fairlock.is_servers_fault(sqlstate) then
      raise;
    end if;
    foreach v_one in array v_news loop
      begin
        perform fairlock.tell(array[v_one]);
      exception when others then
        if fairlock.is_servers_fault(sqlstate) then
          raise;
        end if;
        insert into fairlock.news_set_aside (id, kind, people, trade_id, data, created_at, error)
        values (v_one.id, v_one.kind, v_one.people, v_one.trade_id, v_one.data, v_one.created_at,
          left(sqlstate || ': ' || sqlerrm, 400));
        v_aside := v_aside + 1;
      end;
    end loop;
  end;
  -- One for all of them. It takes a lock of the whole server until the commit, which is why no trade's own transaction
  -- does it.
  perform pg_notify('fairlock_live', '');
  return jsonb_build_object('taken', cardinality(v_news), 'isMore', v_is_more, 'setAside', v_aside, 'told', (
    select jsonb_object_agg(g.name, g.count) from (
      select fairlock.news_group(n.kind) as name, count(*) from unnest(v_news) n group by 1) g));
end $$;
grant execute on function fairlock.dispatch(integer) to fairlock_app;

-- Errors that say nothing about a piece of news: a lost race, no room, an operator's stop, an I/O error.
create function fairlock.is_servers_fault(p_state text) returns boolean
language sql immutable
as $$ select left(p_state, 2) in ('40', '53', '55', '57', '58', '25') $$;

-- For the command line: puts what was set aside back into the outbox, all of it or one piece.
create function fairlock.take_up_news(p_id bigint) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
begin
  with taken as (delete from fairlock.news_set_aside where id = p_id or p_id is null returning *)
  insert into fairlock.outbox (id, kind, people, trade_id, data, created_at) overriding system value
  select id, kind, people, trade_id, data, created_at from taken;
  get diagnostics v_count = row_count;
  return v_count;
end $$;

-- For the metrics: what waits, since when, and what was set aside.
create function fairlock.news_state() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'waiting', (select count(*) from (select from fairlock.outbox limit 1000000) o),
    'oldestSeconds', coalesce((select extract(epoch from clock_timestamp() - created_at) from fairlock.outbox
      order by id limit 1), 0),
    'setAside', (select count(*) from fairlock.news_set_aside),
    'mailsWaiting', (select count(*) from fairlock.notices where mail_due_at is not null),
    'mailsLate', (select count(*) from fairlock.notices where mail_due_at < clock_timestamp() - interval '5 minutes'))
$$;
grant execute on function fairlock.news_state() to fairlock_app;

-- Whether news of a message gets a notice: one that is unread, or still to be mailed, stands for all of a trade's.
create function fairlock.is_first_message(p_person uuid, p_trade uuid) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select not exists (
    select from fairlock.notices where user_id = p_person and kind = 'message.posted' and data ->> 'tradeId' = p_trade::text
      and read_at is null and (in_app or mail_due_at is not null))
$$;

-- When a notice is mailed, if it is: at once, but a message only after ten minutes in which its reader may look for
-- themselves, and an hour after the last mail about messages of the trade.
create function fairlock.mail_due(p_kind text, p_person uuid, p_trade uuid) returns timestamptz
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select case when fairlock.is_mailed_enough(p_person, p_kind) then null
    when p_kind <> 'message.posted' then clock_timestamp() else greatest(
    clock_timestamp() + interval '10 minutes',
    (select max(mail_sent_at) + interval '1 hour' from fairlock.notices
     where user_id = p_person and kind = 'message.posted' and data ->> 'tradeId' = p_trade::text)) end
$$;
reset role;
