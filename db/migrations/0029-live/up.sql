-- mode: statements
-- squawk-ignore-file require-concurrent-index-creation
-- News as people follow it live, what could not be told, and announcements of the operator. The tables are new and
-- empty, so their indexes stop nobody.

-- What happened, once for each person whom it concerns, in the order in which it was told. The position is given by the
-- one dispatcher there is at a time (its advisory lock ends with its commit): who has seen one finds no smaller one later.
create table fairlock.live_events (
  position   bigint generated always as identity primary key,
  -- The same in webhooks, and of the notice that tells it.
  id         uuid not null,
  -- Empty: for everybody. Without a foreign key, like the outbox; a week later the row is gone.
  user_id    uuid,
  kind       text not null,
  trade_id   uuid,
  data       jsonb not null,
  created_at timestamptz not null
);
create index live_events_of_person on fairlock.live_events (user_id, position);

-- Up to which position events have been swept: who asks for what came before that has missed something.
create table fairlock.live_state (
  only_row boolean primary key default true check (only_row),
  swept_to bigint not null default 0 check (swept_to >= 0)
);
insert into fairlock.live_state default values;

-- News that could not be told, with the error: out of the way of the others until somebody has mended the cause.
create table fairlock.news_set_aside (
  id         bigint primary key,
  kind       text not null,
  people     uuid[] not null,
  trade_id   uuid,
  data       jsonb not null,
  created_at timestamptz not null,
  error      text not null check (length(error) <= 400),
  failed_at  timestamptz not null default clock_timestamp()
);

-- The outbox is filled and emptied all the time: its dead rows are cleared away before a look at its head gets slow.
alter table fairlock.outbox set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);

alter table fairlock.notices
  -- False: the person wants such news by mail or push only, and does not find it in the list.
  add column in_app boolean not null default true,
  add constraint notices_kind check (kind ~ '^[a-z_]+(\.[a-z_]+)+$' and length(kind) <= 60) not valid;
alter table fairlock.notices validate constraint notices_kind;
-- It knew no words with underscores before the dot: payment_method.verified.
alter table fairlock.notices drop constraint notices_kind_check;
create index concurrently notices_of_messages on fairlock.notices (user_id, (data ->> 'tradeId'), created_at desc)
  where kind = 'message.posted';
create index concurrently notices_unread on fairlock.notices (user_id, created_at) where read_at is null and in_app;

-- What the operator tells everybody, or all staff.
create table fairlock.announcements (
  id           uuid primary key,
  title        text not null check (length(btrim(title)) between 1 and 120),
  text         text not null check (length(btrim(text)) between 1 and 4000),
  severity     text not null check (severity in ('info', 'warning', 'incident')),
  audience     text not null check (audience in ('everyone', 'staff')),
  created_at   timestamptz not null default clock_timestamp(),
  -- Empty: from the command line.
  created_by   uuid references public.users (id),
  -- It is over by itself then.
  until        timestamptz check (until > created_at),
  withdrawn_at timestamptz,
  withdrawn_by uuid references public.users (id),
  -- Up to which person everybody has a notice of it, in the order of ids, and when that was done.
  noticed_to   uuid,
  noticed_at   timestamptz,
  check (withdrawn_by is null or withdrawn_at is not null)
);
create index announcements_order on fairlock.announcements (created_at desc, id desc);
create index announcements_created_by on fairlock.announcements (created_by);
create index announcements_withdrawn_by on fairlock.announcements (withdrawn_by);
create index announcements_to_notice on fairlock.announcements (created_at) where noticed_at is null;
