-- The way of a webhook's messages, for the background work: taking what is due, and writing how it went.
set local role fairlock_engine;

-- Takes what is due, and keeps other workers off it for the lease: whoever took it and died is followed by another after
-- that time. No webhook holds up another: each has four attempts under way at most, one that is failing has one, a person
-- has eight; those that fail share p_failing, the others p_sound; and everybody's first comes before anybody's second.
create function fairlock.take_webhook_deliveries(p_sound integer, p_failing integer, p_lease interval) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz;
  v_taken jsonb;
begin
  -- One after the other, or two workers would both find the same places free.
  perform pg_advisory_xact_lock(4711, 30);
  v_now := clock_timestamp();
  with recursive waiting (webhook_id) as (
    (select webhook_id from fairlock.webhook_deliveries where due_at is not null order by webhook_id limit 1)
    union all
    select (select d.webhook_id from fairlock.webhook_deliveries d
      where d.due_at is not null and d.webhook_id > w.webhook_id order by d.webhook_id limit 1)
    from waiting w where w.webhook_id is not null
  ), under_way as (
    select w.id, w.user_id, count(*) as many
    from fairlock.webhook_deliveries d join fairlock.webhooks w on w.id = d.webhook_id
    where d.leased_until > v_now group by w.id, w.user_id
  ), candidates as (
    select d.id, d.due_at, w.user_id, w.failures > 0 as is_failing
    from waiting join fairlock.webhooks w on w.id = waiting.webhook_id and w.status = 'live'
      left join under_way u on u.id = w.id
      cross join lateral (
        select id, due_at from fairlock.webhook_deliveries
        where webhook_id = w.id and due_at <= v_now order by due_at
        limit greatest(0, case when w.failures > 0 then 1 else 4 end - coalesce(u.many, 0)) for update skip locked) d
  ), by_person as (
    select c.*, row_number() over (partition by c.user_id order by c.due_at, c.id)
      + coalesce((select sum(u.many) from under_way u where u.user_id = c.user_id), 0) as n
    from candidates c
  ), in_turn as (
    select p.*, row_number() over (partition by p.is_failing order by p.n, p.due_at, p.id) as place from by_person p
    where p.n <= 8
  ), taken as (
    update fairlock.webhook_deliveries d set attempts = d.attempts + 1, tries = d.tries + 1, due_at = v_now + p_lease,
      leased_until = v_now + p_lease, last_attempt_at = v_now
    from in_turn t
    where d.id = t.id and t.place <= case when t.is_failing then p_failing else p_sound end
    returning d.*, t.is_failing
  )
  select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'webhookId', w.id, 'userId', w.user_id, 'url', w.url,
    'eventId', t.event_id, 'type', t.kind, 'data', t.data, 'timestamp', fairlock.rfc3339(t.happened_at),
    'attempt', t.attempts, 'try', t.tries, 'isFailing', t.is_failing, 'secrets', (
      select jsonb_agg(jsonb_build_object('id', s.id, 'sealed', s.secret) order by s.created_at desc)
      from fairlock.webhook_secrets s
      where s.webhook_id = w.id and (s.expires_at is null or s.expires_at > v_now)))), '[]') into v_taken
  from taken t join fairlock.webhooks w on w.id = t.webhook_id;
  return jsonb_build_object('deliveries', v_taken);
end $$;
grant execute on function fairlock.take_webhook_deliveries(integer, integer, interval) to fairlock_app;

-- Writes how an attempt went. What was delivered stays so, whatever a slower worker says of it; a failure counts only
-- from the last attempt. Without a pause there is no next attempt. 410 says that nobody wants messages there any more;
-- five dead deliveries in a row disable the webhook as well.
create function fairlock.finish_webhook_delivery(
  p_id uuid, p_attempt integer, p_status integer, p_error text, p_again_in interval
) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  w fairlock.webhooks;
  d fairlock.webhook_deliveries;
  v_is_dead boolean := p_again_in is null;
begin
  select * into w from fairlock.webhooks
  where id = (select webhook_id from fairlock.webhook_deliveries where id = p_id) for no key update;
  select * into d from fairlock.webhook_deliveries where id = p_id for update;
  if d.id is null then
    return;
  elsif p_error is null then
    update fairlock.webhook_deliveries set state = 'delivered', due_at = null, leased_until = null, last_status = p_status,
      last_error = null, finished_at = clock_timestamp() where id = p_id;
    update fairlock.webhooks set failures = 0, dead = 0 where id = w.id and failures + dead > 0;
    return;
  elsif d.state <> 'pending' or d.attempts <> p_attempt then
    return;
  end if;
  update fairlock.webhook_deliveries set last_status = p_status, last_error = p_error, leased_until = null,
    state = case when v_is_dead then 'dead' else 'pending' end, due_at = clock_timestamp() + p_again_in,
    finished_at = case when v_is_dead then clock_timestamp() end
  where id = p_id;
  update fairlock.webhooks set failures = failures + 1, dead = dead + v_is_dead::integer
  where id = w.id returning * into w;
  if p_status = 410 or w.dead >= 5 then
    perform fairlock.disable_webhook(w, case when p_status = 410 then 'gone' else 'failing' end);
  elsif v_is_dead and w.dead = 1 then
    perform fairlock.notify(w.user_id, 'webhook.failing', fairlock.webhook_words(w));
  end if;
end $$;
grant execute on function fairlock.finish_webhook_delivery(uuid, integer, integer, text, interval) to fairlock_app;

-- Ends a webhook until its owner sets it going again; what waits for it can be sent again then.
create function fairlock.disable_webhook(w fairlock.webhooks, p_reason text) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('fairlock.operation', 'deliver_webhooks', true);
  update fairlock.webhooks set status = 'disabled', disabled_reason = p_reason, updated_at = clock_timestamp()
  where id = w.id and status <> 'disabled';
  if not found then
    return;
  end if;
  update fairlock.webhook_deliveries set state = 'dead', due_at = null, leased_until = null,
    last_error = coalesce(last_error, 'disabled'), finished_at = clock_timestamp()
  where webhook_id = w.id and state = 'pending';
  perform fairlock.notify(w.user_id, 'webhook.disabled', fairlock.webhook_words(w) || jsonb_build_object('reason', p_reason));
end $$;

-- Forgets deliveries after a month, and secrets that sign nothing any more.
create function fairlock.sweep_webhooks(p_most integer) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
begin
  delete from fairlock.webhook_secrets where expires_at < clock_timestamp();
  delete from fairlock.webhook_deliveries where ctid = any (array(
    select ctid from fairlock.webhook_deliveries where created_at < clock_timestamp() - interval '30 days'
    order by created_at limit p_most));
  get diagnostics v_count = row_count;
  return v_count;
end $$;

-- For the metrics: how many deliveries wait, are under way or dead, how old the oldest is that should have gone out,
-- and webhooks that are disabled.
create function fairlock.count_webhooks() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'pending', count(*), 'underWay', count(*) filter (where d.leased_until > clock_timestamp()),
    'dead', (select count(*) from fairlock.webhook_deliveries where state = 'dead'),
    'oldestPendingSeconds', coalesce(extract(epoch from clock_timestamp() - min(d.created_at))::integer, 0),
    'disabled', (select count(*) from fairlock.webhooks where status = 'disabled'),
    'pushes', (select count(*) from fairlock.push_messages))
  from fairlock.webhook_deliveries d join fairlock.webhooks w on w.id = d.webhook_id and w.status = 'live'
  where d.due_at is not null
$$;
grant execute on function fairlock.count_webhooks() to fairlock_app;
reset role;
