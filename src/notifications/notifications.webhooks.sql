-- Webhooks: what people subscribe to, which news goes to whom, and every delivery until its end. The lock of the
-- webhook's row comes before those of its deliveries, everywhere.
grant select, insert, delete on fairlock.webhooks, fairlock.webhook_secrets to fairlock_engine;
grant update (url, events, description, status, disabled_reason, previous_secret_until, failures, dead, updated_at)
  on fairlock.webhooks to fairlock_engine;
grant update (secret, expires_at) on fairlock.webhook_secrets to fairlock_engine;
grant select, insert, update, delete on fairlock.webhook_deliveries to fairlock_engine;
grant select (id, user_id, url, events, description, status, disabled_reason, previous_secret_until, created_at, updated_at)
  on fairlock.webhooks to fairlock_app;
grant select on fairlock.webhook_deliveries to fairlock_app;

do $$
declare
  t regclass;
begin
  foreach t in array array['fairlock.webhooks', 'fairlock.webhook_secrets', 'fairlock.webhook_deliveries']::regclass[] loop
    execute format('alter table %s enable row level security, force row level security', t);
    execute format('create policy "the engine acts for everybody" on %s to fairlock_engine using (true)', t);
  end loop;
end $$;
create policy "people see their webhooks, but not through a key" on fairlock.webhooks for select to fairlock_app
  using (user_id = (select fairlock.acting_user()) and (select fairlock.acting_key()) is null);
create policy "people see deliveries to their webhooks" on fairlock.webhook_deliveries for select to fairlock_app
  using (exists (select from fairlock.webhooks w where w.id = webhook_id
    and w.user_id = (select fairlock.acting_user()) and (select fairlock.acting_key()) is null));

set local role fairlock_engine;

-- A webhook as its owner sees it.
create function fairlock.webhook_json(
  p_id uuid, p_url text, p_events text[], p_description text, p_status text, p_disabled_reason text,
  p_previous_secret_until timestamptz, p_created_at timestamptz, p_updated_at timestamptz
) returns jsonb
language sql stable
as $$
  select jsonb_build_object('id', p_id, 'url', p_url, 'events', p_events, 'description', p_description, 'status', p_status,
    'disabledReason', p_disabled_reason, 'createdAt', fairlock.rfc3339(p_created_at),
    'updatedAt', fairlock.rfc3339(p_updated_at), 'previousSecretUntil',
    case when p_previous_secret_until > clock_timestamp() then fairlock.rfc3339(p_previous_secret_until) end)
$$;
grant execute on function fairlock.webhook_json(uuid, text, text[], text, text, text, timestamptz, timestamptz, timestamptz)
  to fairlock_app;

create function fairlock.webhook_delivery_json(d fairlock.webhook_deliveries) returns jsonb
language sql stable
as $$
  select jsonb_build_object('id', d.id, 'webhookId', d.webhook_id, 'eventId', d.event_id, 'type', d.kind, 'data', d.data,
    'happenedAt', fairlock.rfc3339(d.happened_at), 'state', d.state, 'attempts', d.attempts,
    'nextAttemptAt', fairlock.rfc3339(d.due_at), 'lastAttemptAt', fairlock.rfc3339(d.last_attempt_at),
    'lastStatus', d.last_status, 'lastError', d.last_error, 'createdAt', fairlock.rfc3339(d.created_at),
    'finishedAt', fairlock.rfc3339(d.finished_at))
$$;
grant execute on function fairlock.webhook_delivery_json(fairlock.webhook_deliveries) to fairlock_app;

-- One of the acting person's webhooks, locked for a change; none when it is not theirs.
create function fairlock.my_webhook(p_id uuid) returns fairlock.webhooks
language sql volatile
as $$ select * from fairlock.webhooks where id = p_id and user_id = fairlock.acting_user() for no key update $$;

create function fairlock.webhook_json(w fairlock.webhooks) returns jsonb
language sql stable
as $$
  select fairlock.webhook_json(w.id, w.url, w.events, w.description, w.status, w.disabled_reason, w.previous_secret_until,
    w.created_at, w.updated_at)
$$;

-- What a notice says of a webhook: not the whole URL, which may hold a token.
create function fairlock.webhook_words(w fairlock.webhooks) returns jsonb
language sql immutable
as $$ select jsonb_build_object('webhookId', w.id, 'host', substring(w.url from '^[a-z]+://([^/?#]+)')) $$;

-- Makes a webhook; the API has looked at its target, drawn its secret and sealed it. At most ten.
create function fairlock.create_webhook(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  w fairlock.webhooks;
begin
  -- Two requests at once count one after the other.
  perform from fairlock.credentials where user_id = me for no key update;
  if (select count(*) >= 10 from fairlock.webhooks where user_id = me) then
    return fairlock.refuse('too_many_webhooks');
  end if;
  insert into fairlock.webhooks (id, user_id, url, events, description)
  values ((p ->> 'id')::uuid, me, p ->> 'url', array(select distinct jsonb_array_elements_text(p -> 'events') order by 1),
    p ->> 'description')
  returning * into w;
  insert into fairlock.webhook_secrets (id, webhook_id, user_id, secret)
  values ((p ->> 'secretId')::uuid, w.id, me, p ->> 'sealed');
  perform fairlock.notify(me, 'webhook.added', fairlock.webhook_words(w));
  return fairlock.webhook_json(w);
end $$;

-- Changes what is named; {"paused": false} also sets a disabled one going again.
create function fairlock.change_webhook(p_id uuid, p_change jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  was fairlock.webhooks := fairlock.my_webhook(p_id);
  w fairlock.webhooks;
begin
  if was.id is null then
    return fairlock.refuse('not_found');
  end if;
  update fairlock.webhooks set
    url = coalesce(p_change ->> 'url', url),
    events = case when p_change ? 'events'
      then array(select distinct jsonb_array_elements_text(p_change -> 'events') order by 1) else events end,
    description = case when p_change ? 'description' then p_change ->> 'description' else description end,
    status = case (p_change ->> 'paused')::boolean when true then 'paused' when false then 'live' else status end,
    disabled_reason = case when p_change -> 'paused' is null then disabled_reason end,
    failures = case when (p_change ->> 'paused')::boolean is false then 0 else failures end,
    dead = case when (p_change ->> 'paused')::boolean is false then 0 else dead end,
    updated_at = clock_timestamp()
  where id = p_id returning * into w;
  if w.url <> was.url then
    perform fairlock.notify(w.user_id, 'webhook.changed', fairlock.webhook_words(w));
  end if;
  return fairlock.webhook_json(w);
end $$;

create function fairlock.delete_webhook(p_id uuid) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  delete from fairlock.webhooks where id = p_id and user_id = fairlock.acting_user();
  return case when found then '{}'::jsonb else fairlock.refuse('not_found') end;
end $$;

-- Gives a webhook a new secret; the one before signs beside it for a day, so that no message is lost meanwhile.
create function fairlock.rotate_webhook_secret(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  w fairlock.webhooks := fairlock.my_webhook((p ->> 'webhookId')::uuid);
begin
  if w.id is null then
    return fairlock.refuse('not_found');
  end if;
  delete from fairlock.webhook_secrets where webhook_id = w.id and expires_at is not null;
  update fairlock.webhook_secrets set expires_at = clock_timestamp() + interval '24 hours' where webhook_id = w.id;
  insert into fairlock.webhook_secrets (id, webhook_id, user_id, secret)
  values ((p ->> 'secretId')::uuid, w.id, w.user_id, p ->> 'sealed');
  update fairlock.webhooks set previous_secret_until = clock_timestamp() + interval '24 hours',
    updated_at = clock_timestamp() where id = w.id returning * into w;
  perform fairlock.notify(w.user_id, 'webhook.secret_rotated', fairlock.webhook_words(w));
  return jsonb_build_object('row', p ->> 'secretId', 'webhook', fairlock.webhook_json(w));
end $$;

-- A message that says nothing, to try a webhook out; ten a minute, for the endpoint may be somebody else's.
create function fairlock.test_webhook(p_id uuid) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  w fairlock.webhooks := fairlock.my_webhook(p_id);
  d fairlock.webhook_deliveries;
begin
  if w.id is null then
    return fairlock.refuse('not_found');
  elsif w.status <> 'live' then
    return fairlock.refuse('webhook_not_live');
  elsif (select count(*) >= 10 from fairlock.webhook_deliveries where webhook_id = w.id and kind = 'webhook.test'
      and created_at > clock_timestamp() - interval '1 minute') then
    return fairlock.refuse('too_many_requests', '{"retryAfter": 60}');
  end if;
  insert into fairlock.webhook_deliveries (id, webhook_id, event_id, kind, data, happened_at, due_at)
  values (fairlock.new_id(), w.id, 'test_' || fairlock.new_id(), 'webhook.test', jsonb_build_object('webhookId', w.id),
    clock_timestamp(), clock_timestamp())
  returning * into d;
  perform fairlock.record_event('webhook.tested', 'webhooks', w.id);
  return fairlock.webhook_delivery_json(d);
end $$;

-- Sends one delivery again, or with p_since every dead one that was made from then on (a thousand at a time): the same
-- messages with the same ids, and all their attempts anew.
create function fairlock.resend_deliveries(p_webhook uuid, p_delivery uuid, p_since timestamptz) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  w fairlock.webhooks := fairlock.my_webhook(p_webhook);
  v_ids uuid[];
begin
  v_ids := array(
    select id from fairlock.webhook_deliveries
    where webhook_id = w.id and case when p_delivery is null then state = 'dead' and created_at >= p_since
      else id = p_delivery end
    order by created_at limit 1000);
  if w.id is null or p_delivery is not null and v_ids = '{}' then
    return fairlock.refuse('not_found');
  elsif w.status <> 'live' then
    return fairlock.refuse('webhook_not_live');
  end if;
  update fairlock.webhook_deliveries set state = 'pending', tries = 0, finished_at = null, due_at = clock_timestamp()
  where id = any (v_ids) and (leased_until is null or leased_until < clock_timestamp());
  perform fairlock.record_event('webhook.sent_again', 'webhooks', w.id, null,
    jsonb_build_object('deliveries', cardinality(v_ids)));
  return case when p_delivery is null then jsonb_build_object('count', cardinality(v_ids))
    else (select fairlock.webhook_delivery_json(d) from fairlock.webhook_deliveries d where d.id = p_delivery) end;
end $$;

-- Whether a list of kinds, families ("trade.*") or "*" has this kind.
create function fairlock.has_kind(p_events text[], p_kind text) returns boolean
language sql immutable
as $$
  select bool_or(e = p_kind or right(e, 1) = '*' and starts_with(p_kind, left(e, -1))) from unnest(p_events) e
$$;

-- Makes one delivery for each webhook of these people that wants this news; in the transaction that takes the news out
-- of the outbox. The id has the time in it, so that after a restore to an earlier moment none comes up again.
create function fairlock.tell_webhooks(p_news fairlock.outbox) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
begin
  insert into fairlock.webhook_deliveries (id, webhook_id, event_id, kind, data, happened_at, due_at)
  select fairlock.new_id(), w.id, format('evt_%s_%s', (extract(epoch from p_news.created_at) * 1000000)::bigint, p_news.id),
    p_news.kind, case when p_news.trade_id is null then p_news.data
      else jsonb_build_object('tradeId', p_news.trade_id) || p_news.data end, p_news.created_at, clock_timestamp()
  from (
    -- The lock keeps a webhook from being deleted at this moment, which would fail the news of everybody.
    select w.id from fairlock.webhooks w join public.crypto_profiles p on p.user_id = w.user_id
    where w.user_id = any (p_news.people) and w.status = 'live' and fairlock.has_kind(w.events, p_news.kind)
      and fairlock.wants(p.notification_preferences, fairlock.news_group(p_news.kind), 'webhook')
    order by w.id for key share of w
  ) w
  on conflict (webhook_id, event_id) do nothing;
  get diagnostics v_count = row_count;
  return v_count;
end $$;
reset role;
