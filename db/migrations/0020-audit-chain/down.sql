-- keep audit.events (tx, changes, api_key_id)
-- keep audit.blocks
-- keep audit.leaves
-- keep audit.signing_keys
-- keep audit.signatures
drop table if exists audit.signatures;
drop table if exists audit.signing_keys;
drop table if exists audit.leaves;
drop table if exists audit.blocks;
create table audit.events_plain (
  id         bigint generated always as identity,
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
insert into audit.events_plain (id, at, actor_id, session_id, request_id, action, subject, subject_id, reason, details)
overriding system value
select id, at, actor_id, session_id, request_id, action, subject, subject_id, reason, details
from audit.events order by id;
select setval(pg_get_serial_sequence('audit.events_plain', 'id'), last_value) from audit.event_ids where is_called;
drop table audit.events;
drop sequence audit.tx_base;
alter table audit.events_plain rename to events;
alter table audit.events add constraint events_pkey primary key (id);
alter sequence audit.events_plain_id_seq rename to events_id_seq;
comment on table audit.events is
  'One row per act. actor_id is empty for the clock (deadlines) and for people who are not signed in.';
