-- Webhooks: where people's own programs are told what happened, the secrets that sign it, and every delivery; and web
-- push: browsers that want to be told, the key pair by which they know us, and the messages under way.
create table fairlock.webhooks (
  id                    uuid primary key,
  user_id               uuid not null references public.users (id),
  url                   text not null check (length(url) between 1 and 1000),
  -- Kinds of news, "trade.*" for a whole family, "*" for all.
  events                text[] not null check (cardinality(events) between 1 and 50),
  description           text check (length(description) <= 200),
  status                text not null default 'live' check (status in ('live', 'paused', 'disabled')),
  -- gone: it answered 410; failing: several deliveries in a row could not be made in all their attempts.
  disabled_reason       text check (disabled_reason in ('gone', 'failing')),
  previous_secret_until timestamptz,
  -- Attempts, and whole deliveries, that have failed since the last one that succeeded.
  failures              integer not null default 0 check (failures >= 0),
  dead                  integer not null default 0 check (dead >= 0),
  created_at            timestamptz not null default clock_timestamp(),
  updated_at            timestamptz not null default clock_timestamp(),
  check ((status = 'disabled') = (disabled_reason is not null))
);
create index webhooks_of_person on fairlock.webhooks (user_id, created_at);

-- What signs a webhook's messages, sealed. After a rotation the one before signs as well until it ends.
create table fairlock.webhook_secrets (
  id         uuid primary key,
  webhook_id uuid not null references fairlock.webhooks (id) on delete cascade,
  user_id    uuid not null references public.users (id),
  secret     text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz
);
create index webhook_secrets_of_webhook on fairlock.webhook_secrets (webhook_id, created_at);
create index webhook_secrets_of_person on fairlock.webhook_secrets (user_id);
create unique index webhook_secrets_one_current on fairlock.webhook_secrets (webhook_id) where expires_at is null;

-- One message to one webhook, and how its attempts went. The event's id is the message's, in every attempt.
create table fairlock.webhook_deliveries (
  id              uuid primary key,
  webhook_id      uuid not null references fairlock.webhooks (id) on delete cascade,
  event_id        text not null check (length(event_id) between 1 and 80),
  kind            text not null check (kind ~ '^[a-z_]+(\.[a-z_]+)+$' and length(kind) <= 60),
  data            jsonb not null check (jsonb_typeof(data) = 'object'),
  happened_at     timestamptz not null,
  state           text not null default 'pending' check (state in ('pending', 'delivered', 'dead')),
  attempts        integer not null default 0 check (attempts >= 0),
  -- Attempts since the delivery was made, or sent again: so many are left.
  tries           integer not null default 0 check (tries >= 0),
  due_at          timestamptz,
  -- While an attempt is under way.
  leased_until    timestamptz,
  last_attempt_at timestamptz,
  last_status     integer,
  -- A word of ours; nothing that the other side wrote is kept.
  last_error      text check (length(last_error) <= 40),
  created_at      timestamptz not null default clock_timestamp(),
  finished_at     timestamptz,
  unique (webhook_id, event_id),
  check ((state = 'pending') = (due_at is not null)),
  check ((state = 'pending') = (finished_at is null)),
  check (state = 'pending' or leased_until is null)
);
create index webhook_deliveries_due on fairlock.webhook_deliveries (webhook_id, due_at) where due_at is not null;
create index webhook_deliveries_leased on fairlock.webhook_deliveries (webhook_id) where leased_until is not null;
create index webhook_deliveries_dead on fairlock.webhook_deliveries (webhook_id, created_at) where state = 'dead';
create index webhook_deliveries_order on fairlock.webhook_deliveries (webhook_id, created_at desc, id desc);
create index webhook_deliveries_age on fairlock.webhook_deliveries (created_at);

-- The one key pair by which push services know this market (VAPID, RFC 8292). It is nobody's, so sealed with the
-- platform's data key; the empty owner_id says so to what guards sealed values.
create table fairlock.push_keys (
  id          uuid primary key,
  owner_id    uuid check (owner_id is null),
  public_key  bytea not null check (octet_length(public_key) = 65),
  private_key text not null,
  created_at  timestamptz not null default clock_timestamp()
);
create unique index push_keys_only_one on fairlock.push_keys ((true));

-- A browser that wants to be told, and its keys, sealed.
create table fairlock.push_subscriptions (
  id         uuid primary key,
  user_id    uuid not null references public.users (id),
  endpoint   text not null check (length(endpoint) between 1 and 1000),
  keys       text not null,
  expires_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  unique (user_id, endpoint)
);
create index push_subscriptions_expiry on fairlock.push_subscriptions (expires_at);

-- A notice on its way to a browser; the row goes when it has arrived, or never will.
create table fairlock.push_messages (
  id              uuid primary key,
  subscription_id uuid not null references fairlock.push_subscriptions (id) on delete cascade,
  notice_id       uuid not null references fairlock.notices (id) on delete cascade,
  attempts        integer not null default 0 check (attempts >= 0),
  due_at          timestamptz not null default clock_timestamp(),
  created_at      timestamptz not null default clock_timestamp(),
  unique (subscription_id, notice_id)
);
create index push_messages_due on fairlock.push_messages (due_at);
create index push_messages_notice on fairlock.push_messages (notice_id);
