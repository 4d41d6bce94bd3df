-- mode: statements
-- squawk-ignore-file require-concurrent-index-creation
-- Ratings, what is counted of people, their faults, and whom they trust or do not want to meet again. The new tables
-- are empty, so their indexes stop nobody.

-- Beside the specification's counters. The means are kept as sums, so that they are exact and changed by one statement.
alter table public.crypto_profiles
  -- Trades that ended without a sale and count against this person; with total_trades they make the completion rate.
  add column unfinished_trades integer not null default 0,
  -- People with whom a trade was completed.
  add column counterparties integer not null default 0,
  -- The amounts of completed trades by currency, as decimal text.
  add column volumes jsonb not null default '{}',
  -- How long the last payments as a buyer and the last releases as a seller took, the newest first.
  add column payment_seconds integer[] not null default '{}',
  add column release_seconds integer[] not null default '{}',
  -- average_rating is rating_sum / rating_count; weighted_rating is rater_means / rater_count, where each counterparty
  -- counts once, with the mean of what they gave.
  add column rating_count integer not null default 0,
  add column rating_sum numeric(20, 2) not null default 0,
  add column rater_count integer not null default 0,
  add column rater_means numeric(30, 8) not null default 0,
  add column weighted_rating numeric(3, 2);

-- The law of decision 13, with one line more: the average is that of the ratings (I13). Whoever came from an earlier
-- platform keeps the average they brought until they are rated here.
create or replace function fairlock.broken_law(r public.crypto_profiles) returns text
language sql immutable
as $$
  select case
    when not (r.average_rating between 1 and 5)
      then 'crypto_profiles_average_rating'
    when not (r.trading_volume >= 0 and r.trading_volume <> 'NaN'
      and r.current_daily_volume >= 0 and r.current_daily_volume <> 'NaN'
      and r.current_monthly_volume >= 0 and r.current_monthly_volume <> 'NaN'
      and r.total_trades >= 0
      and r.successful_escrows >= 0
      and r.disputed_trades >= 0
      and r.unfinished_trades >= 0
      and r.counterparties >= 0)
      then 'crypto_profiles_counters'
    when not ((r.kyc_status in ('basic', 'full', 'institution')) = (r.kyc_verified_at is not null))
      then 'crypto_profiles_kyc_verified'
    when not (r.daily_limit >= 0 and r.daily_limit <> 'NaN' and r.monthly_limit >= 0 and r.monthly_limit <> 'NaN')
      then 'crypto_profiles_limits'
    when case r.rating_count
        when 0 then r.rater_count <> 0 or r.rating_sum <> 0 or r.rater_means <> 0 or r.weighted_rating is not null
        else r.rater_count not between 1 and r.rating_count
          or r.average_rating is distinct from round(r.rating_sum / r.rating_count, 2)
          or r.weighted_rating is distinct from round(r.rater_means / nullif(r.rater_count, 0), 2)
      end
      then 'crypto_profiles_ratings'
    when r.two_factor_enabled and r.two_factor_secret is null
      then 'crypto_profiles_two_factor'
  end
$$;

-- Two people who completed a trade with each other, the smaller id first, and what each was given by the other.
create table fairlock.counterparties (
  low_id       uuid not null references public.users (id),
  high_id      uuid not null references public.users (id),
  low_ratings  integer not null default 0,
  low_sum      numeric(20, 2) not null default 0,
  high_ratings integer not null default 0,
  high_sum     numeric(20, 2) not null default 0,
  primary key (low_id, high_id),
  check (low_id < high_id),
  check (low_sum between low_ratings and 5 * low_ratings and high_sum between high_ratings and 5 * high_ratings)
);
create index counterparties_high on fairlock.counterparties (high_id);

-- A rating that was given, beside the specification's columns of its trade, which hold the number and the text.
create table fairlock.ratings (
  -- Random, and the time is a day: who reads somebody's ratings does not learn when they traded with whom.
  id              uuid primary key default gen_random_uuid(),
  trade_id        uuid not null references public.crypto_trades (id),
  rated_id        uuid not null references public.users (id),
  rater_id        uuid not null references public.users (id),
  given_on        date not null default (clock_timestamp() at time zone 'UTC')::date,
  answer          text,
  -- Texts that staff took away from everybody; the number goes on counting.
  feedback_hidden boolean not null default false,
  answer_hidden   boolean not null default false,
  unique (trade_id, rated_id),
  check (rated_id <> rater_id),
  constraint ratings_answer check (length(answer) between 1 and 500)
);
create index ratings_of_person on fairlock.ratings (rated_id, given_on desc, id desc);
create index ratings_by_person on fairlock.ratings (rater_id);

-- What somebody did not do though it was their turn, and disputes they lost.
create table fairlock.faults (
  id           uuid primary key,
  user_id      uuid not null references public.users (id),
  trade_id     uuid not null references public.crypto_trades (id),
  kind         text not null check (kind in ('not_funded', 'not_paid', 'cancelled', 'dispute_lost')),
  at           timestamptz not null default clock_timestamp(),
  -- By compliance, with a reason: a forgiven fault counts nowhere.
  forgiven_at  timestamptz,
  forgiven_by  uuid references public.users (id),
  forgiven_for text,
  unique (trade_id, user_id, kind),
  constraint faults_forgiven check (
    num_nulls(forgiven_at, forgiven_by, forgiven_for) in (0, 3) and length(btrim(forgiven_for)) between 1 and 1000
  )
);
create index faults_of_person on fairlock.faults (user_id, at desc, id desc);
create index faults_forgiven_by on fairlock.faults (forgiven_by) where forgiven_by is not null;

-- Whom somebody trusts or does not want to trade with. One of the two, so one row.
create table fairlock.marked_people (
  owner_id  uuid not null references public.users (id),
  person_id uuid not null references public.users (id),
  mark      text not null check (mark in ('blocked', 'trusted')),
  marked_at timestamptz not null default clock_timestamp(),
  primary key (owner_id, person_id),
  check (owner_id <> person_id)
);
create index marked_people_list on fairlock.marked_people (owner_id, mark, marked_at desc, person_id desc);
create index marked_people_person on fairlock.marked_people (person_id, mark);

-- Only people whom the maker trusts may take it.
alter table fairlock.offers add column trusted_only boolean not null default false;

alter table fairlock.settings
  add column rating_days integer not null default 14 check (rating_days between 1 and 365),
  add column cooldown_hours_after_two integer not null default 1 check (cooldown_hours_after_two between 0 and 720),
  add column cooldown_hours_after_three integer not null default 24 check (cooldown_hours_after_three between 0 and 720),
  add column cooldown_hours_after_five integer not null default 168 check (cooldown_hours_after_five between 0 and 720),
  add column free_cancellations_a_day integer not null default 3 check (free_cancellations_a_day between 0 and 1000);

-- When somebody was last here, over all their sessions.
create index concurrently sessions_last_seen on fairlock.sessions (user_id, last_seen_at);
