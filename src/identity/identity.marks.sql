-- Whom somebody trusts, and with whom they do not want to trade. Nobody but the owner ever learns who is on a list:
-- refused together are both sides of a block, and neither is told whose it is.
grant select, insert, update, delete on fairlock.marked_people to fairlock_engine;
grant select on fairlock.marked_people to fairlock_app;

alter table fairlock.marked_people enable row level security, force row level security;
create policy "the engine keeps lists" on fairlock.marked_people to fairlock_engine using (true);
create policy "people see their lists" on fairlock.marked_people for select to fairlock_app
  using (owner_id = (select fairlock.acting_user()));

set local role fairlock_engine;

-- Puts a person on one of the acting person's two lists; from the other one they go.
create function fairlock.mark_person(p_person uuid, p_mark text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
begin
  if p_person = me then
    return fairlock.refuse('not_yourself');
  elsif not exists (select from public.crypto_profiles where user_id = p_person) then
    return fairlock.refuse('not_found');
  end if;
  -- Two at once cannot both be the last one that fits.
  perform pg_advisory_xact_lock(hashtextextended('lists of ' || me, 0));
  if exists (select from fairlock.marked_people where owner_id = me and person_id = p_person and mark = p_mark) then
    return '{}';
  elsif (select count(*) from fairlock.marked_people where owner_id = me and mark = p_mark) >= 1000 then
    return fairlock.refuse('list_full', '{"limit": 1000}');
  end if;
  insert into fairlock.marked_people as m (owner_id, person_id, mark) values (me, p_person, p_mark)
  on conflict (owner_id, person_id) do update set mark = excluded.mark, marked_at = excluded.marked_at;
  return '{}';
end $$;

create function fairlock.unmark_person(p_person uuid, p_mark text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  delete from fairlock.marked_people
  where owner_id = fairlock.acting_user() and person_id = p_person and mark = p_mark;
  return case when found then '{}'::jsonb else fairlock.refuse('not_found') end;
end $$;

-- Whether one of the two has blocked the other.
create function fairlock.are_apart(p_one uuid, p_other uuid) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select from fairlock.marked_people where owner_id = p_one and person_id = p_other and mark = 'blocked')
    or exists (select from fairlock.marked_people where owner_id = p_other and person_id = p_one and mark = 'blocked');
end $$;

-- Whose offers the market does not show to the acting person.
create function fairlock.apart() returns setof uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
begin
  return query select person_id from fairlock.marked_people where owner_id = me and mark = 'blocked'
    union select owner_id from fairlock.marked_people where person_id = me and mark = 'blocked';
end $$;
grant execute on function fairlock.apart() to fairlock_app;

create function fairlock.trusts(p_owner uuid, p_person uuid) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from fairlock.marked_people where owner_id = p_owner and person_id = p_person and mark = 'trusted')
$$;
reset role;
