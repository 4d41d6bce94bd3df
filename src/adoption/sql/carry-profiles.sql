-- Trading profiles: one for each person, in place of the empty one that came with the person. Statistics are not taken over:
-- they are counted again from the trades.

create or replace function fairlock_adoption.is_zone(p_name text) returns boolean
language plpgsql stable
as $$
begin
  perform now() at time zone p_name;
  return true;
exception when data_exception then
  return false;
end $$;

-- The preferences without a time zone that does not exist, and without secrets.
create or replace function fairlock_adoption.preferences(p jsonb) returns jsonb
language sql stable
as $$
  select fairlock_adoption.without_secrets(case jsonb_typeof(p) when 'object' then p - array(
    select e.key from jsonb_each_text(p) e
    where fairlock_adoption.bare_name(e.key) in ('timezone', 'tz') and not fairlock_adoption.is_zone(e.value)) else p end)
$$;

-- The currencies of a list that the market has, each once.
create or replace function fairlock_adoption.currencies(p_text text) returns text[]
language sql stable
as $$
  select case when p_text is not null then array(
    select code from unnest(fairlock_adoption.text_list(p_text)) with ordinality l (word, at),
      fairlock_adoption.mapped('currency', l.word) code
    where code is not null group by code order by min(at)) end
$$;

create or replace function fairlock_adoption.pairs(p_text text) returns text[]
language sql stable
as $$
  select case when p_text is not null then array(
    select pair from unnest(fairlock_adoption.text_list(p_text)) with ordinality l (word, at),
      fairlock_adoption.pair(l.word) pair
    where pair is not null group by pair order by min(at)) end
$$;

-- An average of 0 is that of somebody whom nobody has rated.
create or replace function fairlock_adoption.rating(p_text text) returns numeric
language sql immutable
as $$ select case when round(m, 2) between 1 and 5 then round(m, 2) end from fairlock_adoption.money(p_text) m $$;

-- What of a profile has no place.
create or replace function fairlock_adoption.profile_remnants(o fairlock_adoption.old_crypto_profiles)
returns setof fairlock_adoption.remnant
language sql stable
as $$
  with documents as materialized (
    select fairlock_adoption.document(o.notification_preferences) as preferences,
      fairlock_adoption.document(o.security_settings) as settings
  ), facts as materialized (
    select d.*, fairlock_adoption.mapped('kyc_status', o.kyc_status) as kyc,
      fairlock_adoption.without_secrets(d.preferences) as safe_preferences,
      fairlock_adoption.without_secrets(d.settings) as safe_settings, fairlock_adoption.preferences(d.preferences) as kept,
      fairlock_adoption.possible(o.created_at) as since
    from documents d
  )
  select (v.r).* from facts f cross join lateral (values
    (fairlock_adoption.time_remnant(o.key, 'created_at', o.created_at, o.extra)),
    (case when fairlock_adoption.possible(o.updated_at) < f.since then
      (o.key, 'updated_at', 'updated_before_created', o.updated_at::text)::fairlock_adoption.remnant
      when fairlock_adoption.possible(o.updated_at) is null and (o.updated_at is not null or o.extra ? 'updated_at') then
      (o.key, 'updated_at', 'time_impossible', coalesce(o.updated_at::text, o.extra ->> 'updated_at'))::fairlock_adoption.remnant
      end),
    (case when o.kyc_status is not null and f.kyc is null then
      (o.key, 'kyc_status', 'kyc_unknown', o.kyc_status)::fairlock_adoption.remnant end),
    (case when coalesce(f.kyc, 'pending') in ('pending', 'rejected') then
        case when o.kyc_verified_at is not null then
          (o.key, 'kyc_verified_at', 'kyc_date_without_status', o.kyc_verified_at::text)::fairlock_adoption.remnant end
      when o.kyc_verified_at is not null or o.extra ? 'kyc_verified_at' then
        fairlock_adoption.time_remnant(o.key, 'kyc_verified_at', o.kyc_verified_at, o.extra) end),
    (case when btrim(o.average_rating) <> '' and fairlock_adoption.rating(o.average_rating) is null
        and fairlock_adoption.money(o.average_rating) is distinct from 0 then
      (o.key, 'average_rating', 'rating_out_of_range', o.average_rating)::fairlock_adoption.remnant end),
    (case when exists (select from unnest(fairlock_adoption.text_list(o.preferred_currencies)) word
        where fairlock_adoption.mapped('currency', word) is null) then
      (o.key, 'preferred_currencies', 'currency_unknown', o.preferred_currencies)::fairlock_adoption.remnant end),
    (case when exists (select from unnest(fairlock_adoption.text_list(o.trading_pairs)) word
        where fairlock_adoption.pair(word) is null) then
      (o.key, 'trading_pairs', 'pair_unknown', o.trading_pairs)::fairlock_adoption.remnant end),
    (case when f.preferences is null and btrim(o.notification_preferences) <> ''
        and fairlock_adoption.try_jsonb(o.notification_preferences) is null then
        (o.key, 'notification_preferences', 'json_invalid',
          fairlock_adoption.without_secrets_in_text(o.notification_preferences))::fairlock_adoption.remnant
      when f.safe_preferences <> f.preferences then
        (o.key, 'notification_preferences', 'secret_in_clear', null)::fairlock_adoption.remnant
      when f.kept <> f.preferences then
        (o.key, 'notification_preferences', 'time_zone_unknown',
          (f.preferences - array(select jsonb_object_keys(f.kept)))::text)
          ::fairlock_adoption.remnant end),
    (case when f.settings is null and btrim(o.security_settings) <> ''
        and fairlock_adoption.try_jsonb(o.security_settings) is null then
        (o.key, 'security_settings', 'json_invalid',
          fairlock_adoption.without_secrets_in_text(o.security_settings))::fairlock_adoption.remnant
      when f.safe_settings <> f.settings then
        (o.key, 'security_settings', 'secret_in_clear', null)::fairlock_adoption.remnant end)
  ) v (r) where (v.r).key is not null
$$;

-- The profiles that are carried: of several of one person the oldest. Refuses the others, those in the new table included.
create or replace function fairlock_adoption.settle_profiles(p_rows fairlock_adoption.old_crypto_profiles[], p_gone text[],
  out winners text[], out refused fairlock_adoption.refusal[])
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_keys text[] := array(select key from unnest(p_rows));
begin
  with mine as materialized (
    select o.key, u.target_id as user_id, fairlock_adoption.id_of('crypto_profiles', o.key) as id,
      coalesce(fairlock_adoption.possible(o.created_at), fairlock_adoption.possible(o.updated_at), s.adopted_at) as since
    from unnest(p_rows) o join fairlock_adoption.state s on s.one
    join fairlock_adoption.carried u on u.table_name = 'users' and u.key = o.user_id
  ), candidates as (
    select key, user_id, id, since from mine
    union all
    select c.key, p.user_id, p.id, p.created_at
    from fairlock_next.crypto_profiles p
    join fairlock_adoption.carried c on c.table_name = 'crypto_profiles' and c.target_id = p.id
    where p.user_id = any (array(select user_id from mine)) and c.key <> all (v_keys) and c.key <> all (p_gone)
  ), ranked as (
    select key, first_value(key) over (partition by user_id order by since, id) as winner from candidates
  )
  select array(select key from ranked where key = winner), array(
    select (r.key, jsonb_build_array(fairlock_adoption.reason('profile_repeated', 'user_id',
      format('the person has an older profile, %s', r.winner))), array['crypto_profiles:' || r.winner], null)
      ::fairlock_adoption.refusal from ranked r where r.key <> r.winner)
  into winners, refused;
  refused := array(
    select (r.key, r.reasons, r.waits_for, to_jsonb(o) - 'id')::fairlock_adoption.refusal
    from unnest(refused) r
    join fairlock_adoption.read_crypto_profiles(array(select key from unnest(refused))) o on o.key = r.key
    union all
    select (o.key, jsonb_build_array(fairlock_adoption.reason('user_missing', 'user_id',
        format('there is no person %s', coalesce(o.user_id, 'without an id')))),
      case when o.user_id is not null then array['users:' || o.user_id] end, to_jsonb(o) - 'id')::fairlock_adoption.refusal
    from unnest(p_rows) o where not exists (select from fairlock_adoption.carried u
      where u.table_name = 'users' and u.key = o.user_id));
end $$;

-- What Fairlock itself knows of a person stays: the ratings given here, and the news that were chosen here.
create or replace function fairlock_adoption.write_profiles(p_rows fairlock_adoption.old_crypto_profiles[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  -- The row of a profile that is somebody else's now stays theirs, under another id.
  update fairlock_next.crypto_profiles p set id = fairlock.new_id()
  from unnest(p_rows) o join fairlock_adoption.carried u on u.table_name = 'users' and u.key = o.user_id
  where p.id = fairlock_adoption.id_of('crypto_profiles', o.key) and p.user_id <> u.target_id;
  insert into fairlock_next.crypto_profiles as p (id, user_id, wallet_address, wallet_provider, kyc_status, kyc_verified_at,
    average_rating, is_verified_trader, preferred_currencies, trading_pairs, risk_tolerance, investment_strategy,
    notification_preferences, security_settings, created_at, updated_at)
  select fairlock_adoption.id_of('crypto_profiles', o.key), u.target_id, nullif(btrim(o.wallet_address), ''),
    o.wallet_provider, k.kyc,
    case when k.kyc not in ('pending', 'rejected') then coalesce(fairlock_adoption.possible(o.kyc_verified_at),
      fairlock_adoption.possible(o.updated_at), t.since) end,
    fairlock_adoption.rating(o.average_rating), coalesce(fairlock_adoption.try_boolean(o.is_verified_trader), false),
    fairlock_adoption.currencies(o.preferred_currencies), fairlock_adoption.pairs(o.trading_pairs), o.risk_tolerance,
    o.investment_strategy, fairlock_adoption.preferences(fairlock_adoption.document(o.notification_preferences)),
    fairlock_adoption.without_secrets(fairlock_adoption.document(o.security_settings)), t.since,
    greatest(t.since, fairlock_adoption.possible(o.updated_at))
  from unnest(p_rows) o join fairlock_adoption.state s on s.one
  join fairlock_adoption.carried u on u.table_name = 'users' and u.key = o.user_id
  cross join lateral (select coalesce(fairlock_adoption.mapped('kyc_status', o.kyc_status), 'pending') as kyc) k
  cross join lateral (select coalesce(fairlock_adoption.possible(o.created_at), fairlock_adoption.possible(o.updated_at),
    s.adopted_at) as since) t
  -- Who was erased here stays so, whatever the old platform still says of them.
  where u.target_id not in (select user_id from fairlock.erasures)
  order by u.target_id
  on conflict (user_id) do update set id = excluded.id, wallet_address = excluded.wallet_address,
    wallet_provider = excluded.wallet_provider, kyc_status = excluded.kyc_status, kyc_verified_at = excluded.kyc_verified_at,
    average_rating = case p.rating_count when 0 then excluded.average_rating else p.average_rating end,
    is_verified_trader = excluded.is_verified_trader, preferred_currencies = excluded.preferred_currencies,
    trading_pairs = excluded.trading_pairs, risk_tolerance = excluded.risk_tolerance,
    investment_strategy = excluded.investment_strategy, security_settings = excluded.security_settings,
    notification_preferences = case when jsonb_typeof(p.notification_preferences) = 'object'
        and jsonb_typeof(coalesce(excluded.notification_preferences, '{}')) = 'object' then
      nullif(coalesce(excluded.notification_preferences, '{}') || coalesce((select jsonb_object_agg(name, chosen)
        from jsonb_each(p.notification_preferences) e (name, chosen)
        where fairlock.usual_preferences() ? name and jsonb_typeof(chosen) = 'object'), '{}'), '{}')
      else excluded.notification_preferences end,
    created_at = excluded.created_at, updated_at = excluded.updated_at;
end $$;

create or replace function fairlock_adoption.step_crypto_profiles(p_keys text[]) returns fairlock_adoption.outcome
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_rows fairlock_adoption.old_crypto_profiles[] := array(select o from fairlock_adoption.read_crypto_profiles(p_keys) o);
  v_gone text[] := array(select unnest(p_keys) except select key from unnest(v_rows));
  v_unchanged integer := cardinality(v_rows);
  v_removed integer := 0;
  v_settled record;
begin
  v_rows := array(select o from unnest(v_rows) o where not exists (select from fairlock_adoption.carried c
    where c.table_name = 'crypto_profiles' and c.key = o.key and c.hash = fairlock_adoption.row_hash(o)));
  v_unchanged := v_unchanged - cardinality(v_rows);
  select * into v_settled from fairlock_adoption.settle_profiles(v_rows, v_gone);
  v_rows := array(select o from unnest(v_rows) o where o.key = any (v_settled.winners));
  perform fairlock_adoption.write_profiles(v_rows);
  perform fairlock_adoption.quarantine_all('crypto_profiles', v_settled.refused);
  perform fairlock_adoption.keep_aside('crypto_profiles', array(select key from unnest(v_rows)),
    array(select r from unnest(v_rows) o cross join lateral fairlock_adoption.profile_remnants(o) r));
  insert into fairlock_adoption.to_recount (user_id)
  select u.target_id from unnest(v_rows) o
  join fairlock_adoption.carried u on u.table_name = 'users' and u.key = o.user_id order by 1 on conflict do nothing;
  perform fairlock_adoption.note_carried('crypto_profiles', 'crypto_profiles', array(
    select (o.key, fairlock_adoption.row_hash(o), fairlock_adoption.id_of('crypto_profiles', o.key))::fairlock_adoption.carriage
    from unnest(v_rows) o));
  if v_gone <> '{}' then
    v_removed := fairlock_adoption.forget('crypto_profiles', v_gone);
  end if;
  return (cardinality(v_rows), v_unchanged, cardinality(v_settled.refused), v_removed)::fairlock_adoption.outcome;
end $$;

create or replace function fairlock_adoption.carry_crypto_profiles(p_keys text[]) returns fairlock_adoption.outcome
language sql
as $$ select fairlock_adoption.carry_in_parts('step_crypto_profiles', 'crypto_profiles', p_keys) $$;
