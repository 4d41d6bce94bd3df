-- Files that people send: evidence of disputes, attachments of messages, documents of KYC. They are kept in the
-- database, sealed, so that a restore to any moment has them (docs/decisions/0024).

-- What is known of a file in clear: nothing that its owner wrote. It comes with all of its parts, in one transaction.
create table fairlock.files (
  id              uuid primary key,
  owner_id        uuid not null references public.users (id),
  purpose         text not null check (purpose in ('evidence', 'message', 'kyc')),
  media_type      text not null check (length(media_type) <= 100),
  bytes           integer not null check (bytes > 0),
  -- Of the original, computed when it arrived.
  sha256          bytea not null check (octet_length(sha256) = 32),
  -- In pixels; pictures only, which have a thumbnail as well.
  width           integer check (width > 0),
  height          integer check (height > 0),
  thumbnail_bytes integer check (thumbnail_bytes > 0),
  -- The file's name, with all of the above once more: what is sealed cannot be changed by who can write here. Empty
  -- once its owner has been erased.
  about           text,
  created_at      timestamptz not null default clock_timestamp(),
  -- The dispute, message or request that it belongs to; until then its owner alone sees it, and after a day it goes.
  subject_id      uuid,
  attached_at     timestamptz,
  check ((subject_id is null) = (attached_at is null)),
  check (num_nulls(width, height, thumbnail_bytes) in (0, 3))
);
create index files_owner on fairlock.files (owner_id, created_at);
create index files_subject on fairlock.files (subject_id) where subject_id is not null;
create index files_unattached on fairlock.files (created_at) where subject_id is null;

-- The content in parts of 1 MiB, each sealed for its place; the thumbnail is one part of its own.
create table fairlock.file_parts (
  -- Made from the file's id, the kind and the number: a part that is put elsewhere cannot be opened there.
  id           uuid primary key,
  file_id      uuid not null references fairlock.files (id) on delete cascade,
  is_thumbnail boolean not null,
  number       smallint not null check (number >= 0 and (number = 0 or not is_thumbnail)),
  owner_id     uuid not null references public.users (id),
  content      text not null check (octet_length(content) <= 1400000),
  unique (file_id, is_thumbnail, number)
);
-- What is sealed cannot be compressed; uncompressed, its beginning is read without the rest.
alter table fairlock.file_parts alter column content set storage external;
create index file_parts_owner on fairlock.file_parts (owner_id);

-- Who looked at which file.
create table fairlock.file_views (
  id        uuid primary key,
  file_id   uuid not null references fairlock.files (id) on delete cascade,
  viewer_id uuid not null references public.users (id),
  what      text not null check (what in ('original', 'thumbnail')),
  viewed_at timestamptz not null default clock_timestamp()
);
create index file_views_file on fairlock.file_views (file_id, viewed_at desc, id desc);
create index file_views_viewer on fairlock.file_views (viewer_id);

-- A dispute's evidence: a file of one side or of the arbitrator, for good. The file says who and when.
create table fairlock.evidence (
  id         uuid primary key,
  dispute_id uuid not null references public.crypto_disputes (id),
  file_id    uuid not null unique references fairlock.files (id),
  added_by   uuid not null references public.users (id),
  -- What its person says of it, sealed with their data key, an arbitrator's with the platform's.
  note       text,
  owner_id   uuid references public.users (id),
  added_part text not null check (added_part in ('seller', 'buyer', 'arbitrator')),
  added_at   timestamptz not null default clock_timestamp(),
  constraint evidence_owner check (owner_id is null or owner_id = added_by),
  constraint evidence_part check ((added_part = 'arbitrator') = (owner_id is null))
);
create index evidence_dispute on fairlock.evidence (dispute_id, added_at, id);
create index evidence_added_by on fairlock.evidence (added_by);
create index evidence_owner on fairlock.evidence (owner_id);

alter table fairlock.settings
  add column file_megabytes integer not null default 20 check (file_megabytes between 1 and 100),
  add column evidence_per_dispute integer not null default 20 check (evidence_per_dispute between 1 and 200);
