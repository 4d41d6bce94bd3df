-- Who did what, when and why. The log is written in the transaction of the act itself and only ever appended to.
create schema audit;

create table audit.events (
  id         bigint generated always as identity primary key,
  at         timestamptz not null default clock_timestamp(),
  actor_id   uuid,
  session_id uuid,
  request_id text,
  action     text not null,
  subject    text not null,
  subject_id uuid,
  reason     text,
  details    jsonb
);

comment on table audit.events is
  'One row per act. actor_id is empty for the clock (deadlines) and for people who are not signed in.';
