-- Live events as the API streams them: what a person missed, what came since, and which streams are over.
grant delete on fairlock.live_events to fairlock_engine;
grant select, update on fairlock.live_state to fairlock_engine;
grant select on fairlock.live_events to fairlock_app;

alter table fairlock.live_events enable row level security, force row level security;
create policy "the engine writes events for everybody" on fairlock.live_events to fairlock_engine using (true);
-- That there is a notice, an API key is not told: it cannot read them either, and what they say is of security.
create policy "people see their events" on fairlock.live_events for select to fairlock_app
  using (user_id = (select fairlock.acting_user()) and (kind <> 'notice.created' or (select fairlock.acting_key()) is null)
    or user_id is null and (select fairlock.acting_user()) is not null);
alter table fairlock.live_state enable row level security, force row level security;
create policy "the engine notes what was swept" on fairlock.live_state to fairlock_engine using (true);

set local role fairlock_engine;

-- An event as it is sent: what its kind has to say, and on top id, kind, time and trade.
create function fairlock.event_json(e fairlock.live_events) returns jsonb
language sql stable
as $$
  select e.data || jsonb_build_object('id', e.id, 'kind', e.kind, 'at', fairlock.rfc3339(e.created_at))
    || case when e.trade_id is null then '{}' else jsonb_build_object('tradeId', e.trade_id) end
$$;
grant execute on function fairlock.event_json(fairlock.live_events) to fairlock_app;

-- The newest position there is; what was swept counts, so that it never goes back.
create function fairlock.live_position() returns bigint
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select greatest((select max(position) from fairlock.live_events), (select swept_to from fairlock.live_state))
$$;
grant execute on function fairlock.live_position() to fairlock_app;

-- Where the acting person's stream begins: `position` is the newest; `missed` says that not everything after p_after is
-- there any more, or that p_after is a position that this database never gave.
create function fairlock.open_stream(p_after bigint) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_position bigint := fairlock.live_position();
begin
  if fairlock.acting_user() is null then
    raise exception using errcode = 'FL001', message = 'nobody is signed in';
  end if;
  return jsonb_build_object('userId', fairlock.acting_user(), 'position', v_position,
    'bannedUntil', (select fairlock.rfc3339(banned_until) from public.crypto_profiles
      where user_id = fairlock.acting_user()),
    'missed', coalesce(p_after > v_position or p_after < (select swept_to from fairlock.live_state), false));
end $$;
grant execute on function fairlock.open_stream(bigint) to fairlock_app;

-- For the process that feeds the streams of these people: the events after a position, and up to which it has looked.
-- Everything is read from one snapshot.
create function fairlock.live_since(p_after bigint, p_people uuid[], p_most integer) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
  with bound as (
    select max(position) as last, count(*) as looked_at from (
      select position from fairlock.live_events where position > p_after order by position limit p_most) e
  )
  select jsonb_build_object('to', coalesce((select last from bound), p_after),
    'isMore', (select looked_at = p_most from bound), 'events', coalesce(
    (select jsonb_agg(jsonb_build_array(e.position, e.user_id, e.kind, fairlock.event_json(e)::text) order by e.position)
     from fairlock.live_events e, bound
     where e.position > p_after and e.position <= bound.last and (e.user_id = any (p_people) or e.user_id is null)), '[]'))
$$;
grant execute on function fairlock.live_since(bigint, uuid[], integer) to fairlock_app;

-- Which of these streams are over: their session or API key has ended or got another secret, or a ban of their person
-- began, moved or ended since. Each stream is {"id", "credential", "hash", "isKey", "bannedUntil"}.
create function fairlock.ended_streams(p_streams jsonb) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('ended', coalesce(jsonb_agg(s.id), '[]'))
  from jsonb_to_recordset(p_streams) s(id text, credential uuid, hash text, "isKey" boolean, "bannedUntil" text)
  where not case when s."isKey" then exists (
      select from fairlock.api_keys k join public.crypto_profiles p on p.user_id = k.user_id
      where k.id = s.credential and k.token_hash = decode(s.hash, 'hex') and k.ended_at is null
        and (k.expires_at is null or k.expires_at > clock_timestamp())
        and fairlock.rfc3339(p.banned_until) is not distinct from s."bannedUntil")
    else exists (
      select from fairlock.sessions x join public.crypto_profiles p on p.user_id = x.user_id
      where x.id = s.credential and x.token_hash = decode(s.hash, 'hex') and x.ended_at is null
        and x.expires_at > clock_timestamp() and (x.idle_until > clock_timestamp() or x.idle_until is null)
        and fairlock.rfc3339(p.banned_until) is not distinct from s."bannedUntil") end
$$;
grant execute on function fairlock.ended_streams(jsonb) to fairlock_app;

-- Forgets the oldest events when they are older than a week: up to the last such among the next p_most.
create function fairlock.sweep_live(p_most integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  v_to bigint;
  v_count integer;
begin
  v_to := (select max(position) from (
    select position, created_at from fairlock.live_events order by position limit p_most) e
    where created_at < clock_timestamp() - interval '7 days');
  if v_to is null then
    return 0;
  end if;
  update fairlock.live_state set swept_to = v_to where swept_to < v_to;
  delete from fairlock.live_events where position <= v_to;
  get diagnostics v_count = row_count;
  return v_count;
end $$;
grant execute on function fairlock.sweep_live(integer) to fairlock_app;
reset role;
