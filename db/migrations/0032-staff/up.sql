-- What staff decide about people: requests for a KYC level, and bans with their history.

-- A person asks for a level; somebody of staff claims the request, looks at the documents, and decides. One is open at a
-- time.
create table fairlock.kyc_requests (
  id               uuid primary key,
  user_id          uuid not null references public.users (id),
  level            text not null check (level in ('basic', 'full', 'institution')),
  -- The person's own words, sealed.
  statement_sealed text,
  status           text not null default 'asked' check (status in ('asked', 'approved', 'refused', 'withdrawn')),
  asked_at         timestamptz not null default clock_timestamp(),
  -- Who works on it, and sees the documents; a claim ends by itself.
  claimed_by       uuid references public.users (id),
  claimed_at       timestamptz,
  decided_by       uuid references public.users (id),
  reason           text check (length(btrim(reason)) between 1 and 1000),
  ended_at         timestamptz,
  constraint kyc_requests_two_people check (claimed_by <> user_id and decided_by <> user_id),
  constraint kyc_requests_claimed check ((claimed_by is null) = (claimed_at is null)),
  constraint kyc_requests_decided check (
    (status in ('approved', 'refused')) = (decided_by is not null) and (decided_by is not null) = (reason is not null)
  ),
  -- Who decides has claimed it, and so has had the documents before them.
  constraint kyc_requests_by_claimer check (decided_by is null or decided_by = claimed_by),
  constraint kyc_requests_ended check ((status = 'asked') = (ended_at is null))
);
create unique index kyc_requests_one_open on fairlock.kyc_requests (user_id) where status = 'asked';
create index kyc_requests_person on fairlock.kyc_requests (user_id, asked_at desc, id desc);
create index kyc_requests_queue on fairlock.kyc_requests (status, asked_at, id);
create index kyc_requests_claimed_by on fairlock.kyc_requests (claimed_by);
create index kyc_requests_decided_by on fairlock.kyc_requests (decided_by);

-- Every ban there was. What holds at this moment is crypto_profiles.banned_until, which the rules read.
create table fairlock.bans (
  id          uuid primary key,
  user_id     uuid not null references public.users (id),
  reason      text not null check (length(btrim(reason)) between 1 and 1000),
  started_at  timestamptz not null default clock_timestamp(),
  until       timestamptz not null,
  -- Empty: on the command line.
  banned_by   uuid references public.users (id),
  lifted_at   timestamptz,
  lifted_by   uuid references public.users (id),
  lift_reason text check (length(btrim(lift_reason)) between 1 and 1000),
  constraint bans_period check (until > started_at and lifted_at >= started_at),
  constraint bans_two_people check (banned_by <> user_id and lifted_by <> user_id),
  constraint bans_lifted check (
    (lifted_at is null) = (lift_reason is null) and (lifted_by is null or lifted_at is not null)
  )
);
create index bans_person on fairlock.bans (user_id, started_at desc, id desc);
create index bans_order on fairlock.bans (started_at desc, id desc);
create index bans_banned_by on fairlock.bans (banned_by);
create index bans_lifted_by on fairlock.bans (lifted_by);

-- Until when an offer is off the market because its maker is banned; the clock brings it back.
alter table fairlock.offers add column hidden_until timestamptz;
