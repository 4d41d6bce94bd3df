-- What is known of each price source: when it was asked, how that went, and what it said last. One row each, which the
-- workers share: a source is asked once, however many of them there are, and each goes on with what another has read.
create table fairlock.price_sources (
  source        text primary key,
  -- Whoever asks next waits until then.
  next_at       timestamptz not null,
  tried_at      timestamptz,
  -- The last answer that could be used.
  read_at       timestamptz,
  failing_since timestamptz,
  -- Of the last time, while it fails: a word of ours, never one of theirs.
  failure       text,
  breaker       text not null default 'closed',
  -- The newest price of each pair: {"BTC/EUR": ["61241.38", "2026-11-23T04:00:00.000Z"]}.
  ticks         jsonb not null default '{}',
  -- How many of its prices of coins lie too far from those of the others now.
  outliers      integer not null default 0,
  reads         bigint not null default 0,
  -- How often, by reason: {"timeout": 3}, and prices that were left out: {"null": 12}.
  failures      jsonb not null default '{}',
  dropped       jsonb not null default '{}',
  constraint price_sources_source check (source ~ '^[a-z][a-z0-9.-]{1,39}$'),
  constraint price_sources_breaker check (breaker in ('closed', 'open', 'half_open')),
  constraint price_sources_failing check ((failing_since is null) = (failure is null)),
  constraint price_sources_counts check (reads >= 0 and outliers >= 0 and jsonb_typeof(ticks) = 'object'
    and jsonb_typeof(failures) = 'object' and jsonb_typeof(dropped) = 'object')
);
