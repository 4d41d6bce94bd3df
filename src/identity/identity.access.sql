-- Access that ends by itself. Staff look at a person or a case under a grant: asked for with a reason, approved by
-- somebody else, for some hours. A grant alone shows nothing: fairlock.look() writes down who looks at whom and why,
-- and opens the grant for this transaction. The policies ask what is open, and whether it still lives, by the clock.
grant select, insert on fairlock.access_grants to fairlock_engine;
grant update (status, starts_at, ends_at, approver_id, decided_at, revoked_at, revoked_by, reviewed_at, reviewed_by,
  justified, review) on fairlock.access_grants to fairlock_engine;
grant select, insert, delete on fairlock.duty_hours to fairlock_engine;
grant select on fairlock.access_grants, fairlock.duty_hours to fairlock_app;

alter table fairlock.access_grants enable row level security, force row level security;
alter table fairlock.duty_hours enable row level security, force row level security;
create policy "the engine keeps grants" on fairlock.access_grants to fairlock_engine using (true);
create policy "the engine keeps duty hours" on fairlock.duty_hours to fairlock_engine using (true);

set local role fairlock_engine;

-- Whether a staff role is on duty now; without hours it always is. The hours are local: they follow summer time.
create function fairlock.is_on_duty(p_role text) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_hours record;
  v_local timestamp;
  v_always boolean := true;
begin
  for v_hours in select weekdays, from_minute, to_minute, time_zone from fairlock.duty_hours where role = p_role loop
    v_always := false;
    v_local := clock_timestamp() at time zone v_hours.time_zone;
    if extract(isodow from v_local)::smallint = any (v_hours.weekdays)
      and extract(hour from v_local) * 60 + extract(minute from v_local) >= v_hours.from_minute
      and extract(hour from v_local) * 60 + extract(minute from v_local) < v_hours.to_minute then
      return true;
    end if;
  end loop;
  return v_always;
end $$;

-- Whether the operator asks staff for a second factor, and the acting person has none.
create function fairlock.lacks_staff_factor() returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return (select staff_need_factor from fairlock.settings)
    and not exists (select from fairlock.credentials where user_id = fairlock.acting_user() and second_factor);
end $$;

-- What the acting person may do as staff at this moment: the roles they hold that are on duty. Nothing while they are
-- banned, without a second factor where the operator asks staff for one, and for an API key, which stands for a trader.
create function fairlock.roles_on_duty() returns setof text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return query select r.role from fairlock.staff_roles r
    where r.user_id = fairlock.acting_user() and fairlock.acting_key() is null
      and fairlock.is_on_duty(r.role) and not fairlock.is_banned(r.user_id) and not fairlock.lacks_staff_factor();
end $$;

create function fairlock.has_role(p_role text) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select from fairlock.roles_on_duty() held where held = p_role);
end $$;
grant execute on function fairlock.has_role(text) to fairlock_app;

-- What a role may be granted: arbitrators cases, everybody else everything.
create function fairlock.reaches(p_role text, p_scope text) returns boolean
language sql immutable
as $$ select p_role <> 'arbitrator' or p_scope = 'case' $$;

create function fairlock.may_have(p_scope text) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select from fairlock.roles_on_duty() held where fairlock.reaches(held, p_scope));
end $$;

-- The person or the case that this transaction looks at in a scope, if the grant still lives. For everybody else it is
-- one look at a setting, once per statement.
create function fairlock.granted(p_scope text) returns setof uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_grant uuid := nullif(current_setting('fairlock.grant_id', true), '');
begin
  if v_grant is null then
    return;
  end if;
  return query select coalesce(g.person_id, g.trade_id) from fairlock.access_grants g
    where g.id = v_grant and g.staff_id = fairlock.acting_user() and g.scope = p_scope and g.status = 'granted'
      and g.starts_at <= clock_timestamp() and clock_timestamp() < g.ends_at and fairlock.may_have(p_scope);
end $$;
grant execute on function fairlock.granted(text) to fairlock_app;

-- The same, asked again for each row that a policy is about to show for a grant's sake. It is volatile so that it reads
-- what has been committed meanwhile: a cursor that is open when a grant ends or is revoked gives no further row.
create function fairlock.still_granted(p_scope text, p_id uuid) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select from fairlock.granted(p_scope) id where id = p_id);
end $$;
grant execute on function fairlock.still_granted(text, uuid) to fairlock_app;

-- Begins a look at a person (or, in the scope 'case', a trade): writes it into the log with the grant and its reason,
-- and opens the grant for the rest of the transaction. Gives no row to somebody who has no live grant.
create function fairlock.look(p_scope text, p_id uuid, p_what text) returns table (subject uuid, grant_id uuid)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_grant fairlock.access_grants;
begin
  select * into v_grant from fairlock.access_grants g
  where g.staff_id = fairlock.acting_user() and g.scope = p_scope and coalesce(g.person_id, g.trade_id) = p_id
    and g.status = 'granted' and g.starts_at <= clock_timestamp() and clock_timestamp() < g.ends_at
  order by g.break_glass, g.ends_at desc limit 1;
  if not found or not fairlock.may_have(p_scope) then
    return;
  end if;
  perform fairlock.record_event(case p_scope when 'case' then 'case.viewed' else 'person.viewed' end,
    case p_scope when 'case' then 'crypto_trades' else 'users' end, p_id, v_grant.reason,
    jsonb_build_object('grant', v_grant.id, 'scope', p_scope, 'what', p_what, 'breakGlass', v_grant.break_glass));
  perform set_config('fairlock.grant_id', v_grant.id::text, true);
  return query select p_id, v_grant.id;
end $$;
grant execute on function fairlock.look(text, uuid, text) to fairlock_app;
reset role;

create policy "staff see what they asked for" on fairlock.access_grants for select to fairlock_app
  using (staff_id = (select fairlock.acting_user()));
create policy "those who approve see every request" on fairlock.access_grants for select to fairlock_app
  using ((select fairlock.has_role('admin')) or (select fairlock.has_role('compliance')));
create policy "staff see the hours of duty" on fairlock.duty_hours for select to fairlock_app
  using (exists (select from fairlock.staff_roles where user_id = (select fairlock.acting_user())));

-- PostgreSQL asks permissive policies in the reverse order of their names, and stops at the first that holds: these are
-- called so that a person's own rows are shown before anybody asks for a grant (docs/decisions/0015).
create policy "a grant shows staff a person" on public.users for select to fairlock_app
  using (id = any (array(select fairlock.granted('person'))) and fairlock.still_granted('person', id));
create policy "a grant shows staff a profile" on public.crypto_profiles for select to fairlock_app
  using (user_id = any (array(select fairlock.granted('person'))) and fairlock.still_granted('person', user_id));
create policy "a grant shows staff sessions" on fairlock.sessions for select to fairlock_app
  using (user_id = any (array(select fairlock.granted('person'))) and fairlock.still_granted('person', user_id));
