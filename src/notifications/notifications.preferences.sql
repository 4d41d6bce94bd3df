-- Who is told of what, and by which way: the table of kinds, and what people chose.
grant update (notification_preferences) on public.crypto_profiles to fairlock_engine;

set local role fairlock_engine;

-- The kinds of news that people get a notice of, and who gets it. A kind that is not here is a live event and no more.
--   all: everybody whom the news concerns · others: all but who did it · arbitrator: who is no side of the trade
--   seller, buyer: that side of the trade
--   other side: the sides but the one that did it; both when the clock did; nobody when an arbitrator did, whose ruling
--     is news of its own
-- Who did it stands in the news' data as actor or by (seller, buyer, arbitrator, clock, or somebody's id) or actorId.
create function fairlock.told_of() returns table (kind text, who text)
language sql immutable
as $$ values
  ('trade.taken', 'other side'),
  ('trade.funded', 'other side'),
  ('trade.paid', 'other side'),
  ('trade.completed', 'other side'),
  ('trade.cancelled', 'other side'),
  ('trade.expired', 'other side'),
  ('message.posted', 'others'),
  ('dispute.opened', 'others'),
  ('dispute.assigned', 'all'),
  ('dispute.answered', 'others'),
  ('dispute.question', 'others'),
  ('dispute.evidence_added', 'others'),
  ('dispute.ruled', 'others'),
  ('dispute.appealed', 'others'),
  ('dispute.settled', 'others'),
  ('dispute.closed', 'arbitrator'),
  ('dispute.question_answered', 'all'),
  ('dispute.consented', 'all'),
  ('dispute.consent_refused', 'all'),
  ('dispute.escalated', 'all'),
  ('rating.given', 'others'),
  ('rating.answered', 'others'),
  ('payment_method.bound', 'buyer'),
  ('cooldown.began', 'all'),
  ('fault.forgiven', 'all')
$$;

-- What somebody may be is told of, by the news' own data.
create function fairlock.is_told(p_who text, p_role text, p_person uuid, p_data jsonb) returns boolean
language sql immutable
as $$
  select case p_who
    when 'all' then true
    when 'seller' then p_role = 'seller'
    when 'buyer' then p_role = 'buyer'
    when 'arbitrator' then p_role is null
    else (p_who = 'others' or p_role is not null and coalesce(p_data ->> 'actor', p_data ->> 'by', '') <> 'arbitrator')
      and p_person::text <> coalesce(p_data ->> 'actorId', '')
      and coalesce(p_data ->> 'actor', p_data ->> 'by', '') not in (coalesce(p_role, 'arbitrator'), p_person::text)
  end
$$;

-- The group of a kind, as people choose by it. What is in no other group is security, which nobody can switch off.
create function fairlock.news_group(p_kind text) returns text
language sql immutable
as $$
  select case split_part(p_kind, '.', 1) when 'trade' then 'trades' when 'message' then 'messages'
    when 'dispute' then 'disputes' when 'rating' then 'ratings' when 'payment_method' then 'payments'
    when 'deposit' then 'payments' when 'withdrawal' then 'payments' when 'announcement' then 'announcements'
    else 'security' end
$$;

-- What holds where somebody chose nothing.
create function fairlock.usual_preferences() returns jsonb
language sql immutable
as $$
  select '{
    "trades":        {"inApp": true, "email": true,  "push": true,  "webhook": true},
    "messages":      {"inApp": true, "email": true,  "push": true,  "webhook": true},
    "disputes":      {"inApp": true, "email": true,  "push": true,  "webhook": true},
    "ratings":       {"inApp": true, "email": false, "push": false, "webhook": true},
    "payments":      {"inApp": true, "email": true,  "push": true,  "webhook": true},
    "announcements": {"inApp": true, "email": true,  "push": false, "webhook": true},
    "security":      {"inApp": true, "email": true,  "push": true,  "webhook": true}
  }'::jsonb
$$;

-- Whether somebody with these preferences (crypto_profiles.notification_preferences) wants news of a group by a way.
-- What another platform left in the column, or a group that is not ours, counts as nothing chosen.
create function fairlock.wants(p_preferences jsonb, p_group text, p_way text) returns boolean
language sql immutable
as $$
  select case
    when p_group <> 'security' and jsonb_typeof(p_preferences -> p_group -> p_way) = 'boolean'
      then (p_preferences -> p_group ->> p_way)::boolean
    else coalesce((fairlock.usual_preferences() -> p_group ->> p_way)::boolean, true)
  end
$$;

-- Everything that holds for somebody, group by group.
create function fairlock.preferences_json(p_preferences jsonb) returns jsonb
language sql immutable
as $$
  select jsonb_object_agg(g.name, (
    select jsonb_object_agg(w.name, fairlock.wants(p_preferences, g.name, w.name))
    from jsonb_object_keys(g.ways) w(name)))
  from jsonb_each(fairlock.usual_preferences()) g(name, ways)
$$;
grant execute on function fairlock.news_group(text), fairlock.wants(jsonb, text, text), fairlock.usual_preferences(),
  fairlock.preferences_json(jsonb) to fairlock_app;

-- The first thing in a change of preferences that is not group → way → yes or no, or that cannot be switched off.
create function fairlock.broken_preference(p jsonb) returns text
language sql immutable
as $$
  select case when jsonb_typeof(p) <> 'object' then '' else coalesce(
    (select min(g.name) from jsonb_each(p) g(name, ways)
     where not fairlock.usual_preferences() ? g.name or jsonb_typeof(g.ways) <> 'object'),
    (select min(g.name || '.' || w.name)
     from jsonb_each(p) g(name, ways),
       jsonb_each(case jsonb_typeof(g.ways) when 'object' then g.ways else '{}' end) w(name, is_on)
     where not fairlock.usual_preferences() -> g.name ? w.name or jsonb_typeof(w.is_on) <> 'boolean'
       or g.name = 'security' and w.is_on = 'false')) end
$$;

-- Takes a change of some ways of some groups; what is not named stays.
create function fairlock.change_notification_preferences(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_broken text := fairlock.broken_preference(p);
  v_before jsonb;
  v_after jsonb;
begin
  if v_broken is not null then
    return fairlock.refuse('invalid_preference', jsonb_build_object('field', v_broken));
  end if;
  select notification_preferences into v_before from public.crypto_profiles
  where user_id = fairlock.acting_user() for no key update;
  select coalesce(jsonb_object_agg(name, ways), '{}') into v_after from (
    select g.name, coalesce(jsonb_object_agg(w.name, coalesce(p -> g.name -> w.name, v_before -> g.name -> w.name))
      filter (where jsonb_typeof(coalesce(p -> g.name -> w.name, v_before -> g.name -> w.name)) = 'boolean'), '{}') as ways
    from jsonb_each(fairlock.usual_preferences()) g(name, ways), jsonb_object_keys(g.ways) w(name)
    where g.name <> 'security' group by g.name) chosen
  where ways <> '{}';
  update public.crypto_profiles set notification_preferences = v_after, updated_at = now()
  where user_id = fairlock.acting_user();
  return fairlock.preferences_json(v_after);
end $$;

-- The same law for whoever writes the column without the command. What was there before is left alone.
create function fairlock.guard_preferences() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if new.notification_preferences is not null and not fairlock.is_carrying()
    and fairlock.broken_preference(new.notification_preferences) is not null then
    raise exception using errcode = '23514', message = format('notification_preferences cannot say %s',
      fairlock.broken_preference(new.notification_preferences));
  end if;
  return new;
end $$;
grant execute on function fairlock.guard_preferences() to session_user;
reset role;

create trigger preferences_are_known before update of notification_preferences on public.crypto_profiles
  for each row when (new.notification_preferences is distinct from old.notification_preferences)
  execute function fairlock.guard_preferences();
