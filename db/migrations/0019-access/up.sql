-- Access that ends by itself: what staff may look at, why, who agreed, from when until when; and when each staff role
-- is on duty. Nothing ends a grant when its time is over: the policies read the clock.
create table fairlock.access_grants (
  id          uuid primary key,
  staff_id    uuid not null references public.users (id),
  scope       text not null check (scope in ('person', 'money', 'trades', 'payment_methods', 'case')),
  -- Whom or what it is about: exactly one. A case is one trade with its escrow and dispute.
  person_id   uuid references public.users (id),
  trade_id    uuid references public.crypto_trades (id),
  break_glass boolean not null default false,
  reason      text not null constraint access_grants_reason check (length(btrim(reason)) between 10 and 1000),
  status      text not null check (status in ('asked', 'granted', 'refused', 'revoked')),
  asked_at    timestamptz not null default clock_timestamp(),
  -- From when, and for how long at most; ends_at is known once it is granted and never moves.
  starts_at   timestamptz not null,
  minutes     integer not null,
  ends_at     timestamptz,
  -- Who approved or refused it, and when. Break-glass is granted by nobody.
  approver_id uuid references public.users (id),
  decided_at  timestamptz,
  -- Empty revoked_by: revoked on the command line.
  revoked_at  timestamptz,
  revoked_by  uuid references public.users (id),
  reviewed_at timestamptz,
  reviewed_by uuid references public.users (id),
  justified   boolean,
  review      text,
  constraint access_grants_subject check (
    (scope = 'case') = (trade_id is not null) and (scope = 'case') = (person_id is null)
  ),
  constraint access_grants_period check (
    minutes between 1 and 10080 and ends_at > starts_at and ends_at <= starts_at + make_interval(mins => minutes)
  ),
  -- Nobody approves what they asked for or what is about them, nobody reviews their own break-glass.
  constraint access_grants_two_people check (
    staff_id <> person_id and approver_id <> staff_id and approver_id <> person_id
    and reviewed_by <> staff_id and reviewed_by <> person_id
  ),
  constraint access_grants_decided check (
    (status <> 'asked' or decided_at is null) and (status not in ('granted', 'refused') or decided_at is not null)
    and (approver_id is not null) = (decided_at is not null and not break_glass)
    and (not break_glass or decided_at is not null and status <> 'refused')
  ),
  constraint access_grants_ends check (
    (ends_at is not null) = (decided_at is not null and status <> 'refused')
  ),
  constraint access_grants_revoked check (
    (status = 'revoked') = (revoked_at is not null) and (revoked_by is null or revoked_at is not null)
  ),
  constraint access_grants_reviewed check (
    num_nulls(reviewed_at, reviewed_by, justified, review) in (0, 4) and (reviewed_at is null or break_glass)
    and length(btrim(review)) between 1 and 1000
  )
);
comment on table fairlock.access_grants is
  'Staff look at people and cases under a grant. It is live while status is granted and starts_at <= now < ends_at.';
create index access_grants_staff on fairlock.access_grants (staff_id, asked_at desc, id desc);
create index access_grants_person on fairlock.access_grants (person_id);
create index access_grants_trade on fairlock.access_grants (trade_id);
create index access_grants_approver on fairlock.access_grants (approver_id);
create index access_grants_revoked_by on fairlock.access_grants (revoked_by);
create index access_grants_reviewed_by on fairlock.access_grants (reviewed_by);
create index access_grants_asked on fairlock.access_grants (asked_at desc, id desc) where status = 'asked';
create index access_grants_unreviewed on fairlock.access_grants (asked_at desc, id desc)
  where break_glass and reviewed_at is null;

-- When a staff role is on duty, in local minutes of the day on ISO weekdays (1 = Monday). A role without a row is on
-- duty always; a shift over midnight is two rows.
create table fairlock.duty_hours (
  id          uuid primary key,
  role        text not null check (role in ('arbitrator', 'support', 'compliance', 'admin')),
  weekdays    smallint[] not null check (
    cardinality(weekdays) between 1 and 7 and weekdays <@ '{1,2,3,4,5,6,7}'::smallint[]
  ),
  from_minute smallint not null,
  to_minute   smallint not null,
  time_zone   text not null check (length(time_zone) between 1 and 100),
  check (from_minute >= 0 and from_minute < to_minute and to_minute <= 1440)
);
create index duty_hours_role on fairlock.duty_hours (role);

alter table fairlock.settings
  add column grant_hours integer not null default 8 check (grant_hours between 1 and 168),
  add column break_glass_minutes integer not null default 30 check (break_glass_minutes between 1 and 240),
  add column break_glass_review_days integer not null default 3 check (break_glass_review_days between 0 and 90);
