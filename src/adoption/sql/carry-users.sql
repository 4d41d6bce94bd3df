-- People. Each has a profile from the first moment, because limits allow nothing to who has none. Passwords are not
-- carried: which of two platforms' would count cannot be told, and a reset proves the address as well.

-- The e-mail address in a text; nothing when it is none.
create or replace function fairlock_adoption.address(p_text text) returns text
language sql immutable
as $$
  select case when a ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$' and length(a) <= 320 then a end from btrim(p_text, E' \t\r\n') a
$$;

create index if not exists set_aside_emails on fairlock_adoption.set_aside (lower(value)) where code = 'email_repeated';

-- Of several people with one address the oldest has it; but who has a password here has it already. Takes it from those
-- in the new table who lose it, and returns the people among p_ids who do not get theirs.
create or replace function fairlock_adoption.settle_emails(p_ids uuid[], p_emails text[], p_since timestamptz[]) returns uuid[]
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_losers uuid[];
  v_dethroned uuid[];
begin
  with candidates as (
    select w.id, lower(w.email) as email, w.since, n.id is not null and lower(n.email) = lower(w.email)
        and exists (select from fairlock.credentials c where c.user_id = w.id) as is_settled
    from unnest(p_ids, p_emails, p_since) w (id, email, since) left join fairlock_next.users n on n.id = w.id
    where w.email is not null
    union all
    select n.id, lower(n.email), n.created_at, exists (select from fairlock.credentials c where c.user_id = n.id)
        or not exists (select from fairlock_adoption.carried c where c.table_name = 'users' and c.target_id = n.id)
    from fairlock_next.users n
    where lower(n.email) = any (array(select lower(email) from unnest(p_emails) email)) and n.id <> all (p_ids)
  ), ranked as (
    select id, row_number() over (partition by email order by is_settled desc, since, id) as place from candidates
  )
  select array_agg(id) into v_losers from ranked where place > 1;
  v_dethroned := array(select unnest(v_losers) except select unnest(p_ids));
  if v_dethroned <> '{}' then
    perform fairlock_adoption.set_one_aside('users', c.key, 'email', 'email_repeated', n.email)
    from fairlock_next.users n join fairlock_adoption.carried c on c.table_name = 'users' and c.target_id = n.id
    where n.id = any (v_dethroned);
    update fairlock_next.users set email = null where id = any (v_dethroned);
  end if;
  return coalesce(v_losers, '{}');
end $$;

-- Who has gone from the old platform stays here, for the sake of the books and of the others, but without the address,
-- unless they have begun to sign in here. Returns the addresses that are free now.
create or replace function fairlock_adoption.let_people_go(p_keys text[]) returns text[]
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids uuid[] := array(select target_id from fairlock_adoption.carried where table_name = 'users' and key = any (p_keys));
  v_freed text[];
begin
  v_freed := array(select email from fairlock_next.users n where id = any (v_ids) and email is not null
    and not exists (select from fairlock.credentials c where c.user_id = n.id));
  update fairlock_next.users set email = null where id = any (v_ids) and email = any (v_freed);
  return v_freed;
end $$;

create or replace function fairlock_adoption.step_users(p_keys text[]) returns fairlock_adoption.outcome
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_rows fairlock_adoption.old_users[] := array(select o from fairlock_adoption.read_users(p_keys) o);
  v_gone text[] := array(select unnest(p_keys) except select key from unnest(v_rows));
  v_read integer := cardinality(v_rows);
  v_removed integer := 0;
  v_adopted timestamptz := (select adopted_at from fairlock_adoption.state);
  v_ids uuid[];
  v_emails text[];
  v_since timestamptz[];
  v_losers uuid[];
  v_freed text[] := '{}';
begin
  v_rows := array(select o from unnest(v_rows) o where not exists (select from fairlock_adoption.carried c
    where c.table_name = 'users' and c.key = o.key and c.hash = fairlock_adoption.row_hash(o)));
  if v_gone <> '{}' then
    v_freed := fairlock_adoption.let_people_go(v_gone);
    v_removed := fairlock_adoption.forget('users', v_gone);
  end if;
  if v_rows <> '{}' then
    select array_agg(fairlock_adoption.id_of('users', o.key)),
      array_agg(fairlock_adoption.address(o.email)),
      array_agg(coalesce(fairlock_adoption.possible(o.created_at), v_adopted))
    into v_ids, v_emails, v_since from unnest(v_rows) o
    -- Who was erased here stays so, whatever the old platform still says of them.
    where fairlock_adoption.id_of('users', o.key) not in (select user_id from fairlock.erasures);
    v_losers := fairlock_adoption.settle_emails(v_ids, v_emails, v_since);
    -- All that change are without one for a moment, so that two people can change places.
    with changing as (
      update fairlock_next.users n set email = null
      from unnest(v_ids, v_emails) w (id, email), fairlock_next.users was
      where n.id = w.id and was.id = n.id and n.email is not null
        and n.email is distinct from case when w.id <> all (v_losers) then w.email end
      returning was.email
    )
    select v_freed || coalesce(array_agg(email), '{}') into v_freed from changing;
    insert into fairlock_next.users as n (id, email, created_at)
    select w.id, case when w.id <> all (v_losers) then w.email end, w.since
    from unnest(v_ids, v_emails, v_since) w (id, email, since)
    on conflict (id) do update set email = excluded.email, created_at = excluded.created_at
      where (n.email, n.created_at) is distinct from (excluded.email, excluded.created_at);
    insert into fairlock_next.crypto_profiles (user_id, created_at, updated_at)
    select w.id, w.since, w.since from unnest(v_ids, v_since) w (id, since) on conflict (user_id) do nothing;
    perform fairlock_adoption.keep_aside('users', array(select key from unnest(v_rows)), array(
      select r from unnest(v_rows) o cross join lateral (values
        (fairlock_adoption.time_remnant(o.key, 'created_at', o.created_at, o.extra)),
        (case when btrim(o.email) <> '' and fairlock_adoption.address(o.email) is null
          then (o.key, 'email', 'email_malformed', o.email)::fairlock_adoption.remnant end),
        (case when fairlock_adoption.id_of('users', o.key) = any (v_losers) then
          (o.key, 'email', 'email_repeated', fairlock_adoption.address(o.email))::fairlock_adoption.remnant end)) v (r)
      where (r).key is not null));
    perform fairlock_adoption.note_carried('users', 'users', array(
      select (o.key, fairlock_adoption.row_hash(o), fairlock_adoption.id_of('users', o.key))::fairlock_adoption.carriage
      from unnest(v_rows) o));
  end if;
  perform fairlock_adoption.carry_again('users', array(
    select s.key from fairlock_adoption.set_aside s where s.table_name = 'users' and s.code = 'email_repeated'
      and lower(s.value) = any (array(select lower(email) from unnest(v_freed) email)) and s.key <> all (p_keys)));
  return (cardinality(v_rows), v_read - cardinality(v_rows), 0, v_removed)::fairlock_adoption.outcome;
end $$;

create or replace function fairlock_adoption.carry_users(p_keys text[]) returns fairlock_adoption.outcome
language sql
as $$ select fairlock_adoption.carry_in_parts('step_users', 'users', p_keys) $$;
