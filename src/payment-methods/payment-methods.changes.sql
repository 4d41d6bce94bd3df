-- Adding, replacing, naming and removing payment methods: commands of fairlock.command.
set local role fairlock_engine;

-- One person's changes wait for each other, so that there is one primary, exactly, and no more methods than allowed.
create function fairlock.lock_payment_methods(p_user uuid) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('payment methods of ' || p_user, 0));
end $$;

-- Makes the newest the primary one where there is none, and keeps crypto_profiles.preferred_payment_methods: the types
-- that the person takes, the primary one's first. After every change, under the lock.
create function fairlock.mend_payment_methods(p_user uuid) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_types text[];
begin
  update public.crypto_payment_methods set is_primary = true, updated_at = clock_timestamp()
  where id = (
    select id from public.crypto_payment_methods where user_id = p_user and deleted_at is null
    order by is_primary desc, created_at desc, id desc limit 1) and not is_primary;
  v_types := array(select type from public.crypto_payment_methods where user_id = p_user and deleted_at is null
    group by type order by bool_or(is_primary) desc, min(created_at), type);
  update public.crypto_profiles set preferred_payment_methods = nullif(v_types, '{}'), updated_at = now()
  where user_id = p_user and preferred_payment_methods is distinct from nullif(v_types, '{}');
end $$;

create function fairlock.make_primary(p_user uuid, p_method uuid) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update public.crypto_payment_methods set is_primary = false, updated_at = clock_timestamp()
  where user_id = p_user and is_primary and id <> p_method;
  update public.crypto_payment_methods set is_primary = true, updated_at = clock_timestamp()
  where id = p_method and not is_primary;
end $$;

-- Two people with one account: both rows are marked and compliance is told. Whoever adds the same account at the same
-- moment waits here, and finds this one.
create function fairlock.mark_duplicates(m public.crypto_payment_methods) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('account ' || encode(m.account_index, 'hex'), 0));
  if m.account_index is null or not exists (
    select from public.crypto_payment_methods where account_index = m.account_index and user_id <> m.user_id) then
    return;
  end if;
  update public.crypto_payment_methods set is_duplicate = true where account_index = m.account_index and not is_duplicate;
  perform fairlock.record_event('payment_method.duplicate', 'crypto_payment_methods', m.id, null,
    jsonb_build_object('user', m.user_id, 'type', m.type));
  perform fairlock.notify(r.user_id, 'payment_method.duplicate', jsonb_build_object('methodId', m.id, 'type', m.type))
    from (select distinct user_id from fairlock.staff_roles where role in ('compliance', 'admin')) r
    where r.user_id <> m.user_id;
end $$;

-- Writes the row of a new account, which the API has checked and sealed. The caller holds the person's lock.
create function fairlock.write_payment_method(p jsonb, p_type text, p_label text) returns public.crypto_payment_methods
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  m public.crypto_payment_methods;
begin
  insert into public.crypto_payment_methods (id, user_id, type, provider, label, account_details_encrypted,
    account_index, verification_status, created_at, updated_at)
  values ((p ->> 'newId')::uuid, fairlock.acting_user(), p_type, p ->> 'provider', p_label, p ->> 'sealed',
    decode(p ->> 'accountIndex', 'hex'), 'pending', clock_timestamp(), clock_timestamp())
  returning * into m;
  perform fairlock.mark_duplicates(m);
  return m;
end $$;

create function fairlock.add_payment_method(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  v_most integer := (select payment_methods_per_user from fairlock.settings);
  m public.crypto_payment_methods;
begin
  if fairlock.is_banned(me) then
    return fairlock.refuse('banned');
  end if;
  perform fairlock.lock_payment_methods(me);
  if (select count(*) >= v_most from public.crypto_payment_methods where user_id = me and deleted_at is null) then
    return fairlock.refuse('too_many_payment_methods', jsonb_build_object('limit', v_most));
  end if;
  m := fairlock.write_payment_method(p, p ->> 'type', p ->> 'label');
  if (p ->> 'isPrimary')::boolean then
    perform fairlock.make_primary(me, m.id);
  end if;
  perform fairlock.mend_payment_methods(me);
  perform fairlock.record_event('payment_method.added', 'crypto_payment_methods', m.id, null,
    jsonb_build_object('type', m.type));
  perform fairlock.notify(me, 'payment_method.added',
    jsonb_build_object('methodId', m.id, 'type', m.type, 'provider', m.provider));
  return (select fairlock.payment_method_json(f) from public.crypto_payment_methods f where id = m.id);
end $$;

-- Locks a living method of the acting person; a take that binds it at this moment is waited for.
create function fairlock.my_living_method(p_method uuid) returns public.crypto_payment_methods
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  m public.crypto_payment_methods;
begin
  perform fairlock.lock_payment_methods(fairlock.acting_user());
  select * into m from public.crypto_payment_methods
  where id = p_method and user_id = fairlock.acting_user() and deleted_at is null for update;
  return m;
end $$;

-- Other details, or another provider, are another account: a new row takes the old one's place, name and rank, and its
-- verification begins anew. Trades that live are still paid to the old one.
create function fairlock.replace_payment_method(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  v_old public.crypto_payment_methods;
  m public.crypto_payment_methods;
begin
  if fairlock.is_banned(me) then
    return fairlock.refuse('banned');
  end if;
  v_old := fairlock.my_living_method((p ->> 'methodId')::uuid);
  if v_old.id is null then
    return fairlock.refuse('not_found');
  end if;
  m := fairlock.write_payment_method(p, v_old.type, case when p ? 'label' then p ->> 'label' else v_old.label end);
  update public.crypto_payment_methods set is_primary = false, deleted_at = clock_timestamp(), superseded_by = m.id,
    updated_at = clock_timestamp() where id = v_old.id;
  if v_old.is_primary or (p ->> 'isPrimary')::boolean then
    perform fairlock.make_primary(me, m.id);
  end if;
  perform fairlock.mend_payment_methods(me);
  perform fairlock.record_event('payment_method.replaced', 'crypto_payment_methods', m.id, null,
    jsonb_build_object('type', m.type, 'instead', v_old.id));
  perform fairlock.notify(me, 'payment_method.replaced',
    jsonb_build_object('methodId', m.id, 'type', m.type, 'provider', m.provider));
  return (select fairlock.payment_method_json(f) from public.crypto_payment_methods f where id = m.id);
end $$;

-- Another name, or the first rank: in place.
create function fairlock.change_payment_method(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  m public.crypto_payment_methods := fairlock.my_living_method((p ->> 'methodId')::uuid);
begin
  if m.id is null then
    return fairlock.refuse('not_found');
  end if;
  if p ? 'label' then
    update public.crypto_payment_methods set label = p ->> 'label', updated_at = clock_timestamp() where id = m.id;
  end if;
  if (p ->> 'isPrimary')::boolean and not m.is_primary then
    perform fairlock.make_primary(me, m.id);
    perform fairlock.mend_payment_methods(me);
    perform fairlock.notify(me, 'payment_method.primary_changed',
      jsonb_build_object('methodId', m.id, 'type', m.type, 'provider', m.provider));
  end if;
  perform fairlock.record_event('payment_method.changed', 'crypto_payment_methods', m.id);
  return (select fairlock.payment_method_json(f) from public.crypto_payment_methods f where id = m.id);
end $$;

-- Off the list and out of new trades at once; the row goes when no live trade needs it any more.
create function fairlock.remove_payment_method(p_method uuid) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  m public.crypto_payment_methods := fairlock.my_living_method(p_method);
begin
  if m.id is null then
    return fairlock.refuse('not_found');
  end if;
  update public.crypto_payment_methods set is_primary = false, deleted_at = clock_timestamp(),
    updated_at = clock_timestamp() where id = m.id;
  perform fairlock.mend_payment_methods(me);
  perform fairlock.record_event('payment_method.removed', 'crypto_payment_methods', m.id);
  perform fairlock.notify(me, 'payment_method.removed',
    jsonb_build_object('methodId', m.id, 'type', m.type, 'provider', m.provider));
  return '{}';
end $$;

-- The end of removed and replaced methods, for the background work. When the last trade that was paid to one has ended,
-- its end is set so many days after that; at once where there was none. At most p_most rows of each.
create function fairlock.purge_payment_details(p_most integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
begin
  perform set_config('fairlock.operation', 'purge-payment-details', true);
  with free as (
    select id, user_id, deleted_at from public.crypto_payment_methods m
    where deleted_at is not null and purge_due_at is null and not exists (
      select from public.crypto_trades t where t.payment_method_id = m.id
        and t.status in ('pending', 'funded', 'paid', 'disputed'))
    order by deleted_at limit p_most for no key update skip locked
  )
  update public.crypto_payment_methods m set purge_due_at = coalesce((
    select max(coalesce(t.completed_at, t.cancelled_at)) + make_interval(days => (
      select payment_details_keep_days from fairlock.settings))
    from public.crypto_trades t where t.user_id = free.user_id and t.payment_method_id = free.id), free.deleted_at)
  from free where m.id = free.id;
  delete from public.crypto_payment_methods where id in (
    select id from public.crypto_payment_methods
    where deleted_at is not null and purge_due_at <= clock_timestamp()
    order by deleted_at limit p_most for update skip locked);
  get diagnostics v_count = row_count;
  return v_count;
end $$;
grant execute on function fairlock.purge_payment_details(integer) to fairlock_app;
reset role;
