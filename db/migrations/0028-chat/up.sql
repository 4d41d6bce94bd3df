-- The chat of a trade: one channel, and its messages in the order of their numbers.
create table fairlock.chat_channels (
  -- crypto_trades.chat_channel_id of its trade.
  id          uuid primary key,
  trade_id    uuid not null unique references public.crypto_trades (id),
  seller_id   uuid not null references public.users (id),
  buyer_id    uuid not null references public.users (id),
  -- The number of the newest message; the next one gets the next, under the lock of this row.
  last_number integer not null default 0,
  -- Messages that people wrote, of which there is a highest number.
  posted      integer not null default 0 check (posted between 0 and 2000),
  -- Up to which number each side has read.
  seller_read integer not null default 0,
  buyer_read  integer not null default 0,
  -- The newest message that somebody else wrote: what is beyond the mark is unread.
  for_seller  integer not null default 0,
  for_buyer   integer not null default 0,
  check (posted <= last_number),
  check (seller_read between 0 and last_number and buyer_read between 0 and last_number),
  check (for_seller between 0 and last_number and for_buyer between 0 and last_number)
);
create index chat_channels_seller on fairlock.chat_channels (seller_id);
create index chat_channels_buyer on fairlock.chat_channels (buyer_id);
create index chat_channels_unread_seller on fairlock.chat_channels (seller_id, trade_id) where for_seller > seller_read;
create index chat_channels_unread_buyer on fairlock.chat_channels (buyer_id, trade_id) where for_buyer > buyer_read;

create table fairlock.messages (
  id          uuid primary key,
  trade_id    uuid not null references public.crypto_trades (id),
  number      integer not null check (number > 0),
  kind        text not null check (kind in ('text', 'system')),
  author_id   uuid references public.users (id),
  -- What the author was in this trade when they wrote.
  author_role text check (author_role in ('seller', 'buyer', 'arbitrator')),
  -- Sealed with the author's data key; empty where only files were sent, and after the author's erasure.
  text        text,
  erased      boolean not null default false,
  file_ids    uuid[] not null default '{}',
  -- [{code, from, to}]: what somebody should look at twice, by place. The words themselves are in the text alone.
  warnings    jsonb not null default '[]',
  -- Of a system message: what happened. Facts, no free text.
  code        text check (code ~ '^[a-z_]+(\.[a-z_]+)+$' and length(code) <= 60),
  data        jsonb,
  -- The news that this message tells of, so that it is told once.
  outbox_id   bigint,
  created_at  timestamptz not null default clock_timestamp(),
  unique (trade_id, number),
  constraint messages_author check (
    (kind = 'text') = (author_id is not null) and (author_id is null) = (author_role is null)
  ),
  constraint messages_text check (
    (kind = 'text' or text is null) and (kind = 'system' or text is not null or erased or cardinality(file_ids) > 0)
    and length(text) <= 30000
  ),
  constraint messages_files check (
    cardinality(file_ids) <= 5 and array_position(file_ids, null) is null
    and (kind = 'text' or cardinality(file_ids) = 0)
  ),
  constraint messages_warnings check (
    jsonb_typeof(warnings) = 'array' and jsonb_array_length(warnings) <= 20 and pg_column_size(warnings) <= 4000
  ),
  constraint messages_facts check (
    (kind = 'system') = (code is not null) and (kind = 'system') = (data is not null)
    and (kind = 'system') = (outbox_id is not null) and jsonb_typeof(data) = 'object' and pg_column_size(data) <= 2000
  )
);
create index messages_author on fairlock.messages (author_id);
create unique index messages_outbox on fairlock.messages (outbox_id, created_at) where outbox_id is not null;

alter table fairlock.settings
  add column chat_open_days_after_end integer not null default 14 check (chat_open_days_after_end between 0 and 365);
