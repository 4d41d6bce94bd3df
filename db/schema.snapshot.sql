create schema audit;
grant usage on schema audit to fairlock_engine;
create schema fairlock;
grant usage on schema fairlock to fairlock_app;
grant usage on schema fairlock to fairlock_engine;
grant usage on schema fairlock to fairlock_ledger;
create schema ledger;
grant usage on schema ledger to fairlock_app;
grant usage on schema ledger to fairlock_engine;
grant usage on schema ledger to fairlock_ledger;
create schema public;
grant usage on schema public to fairlock_app;
grant usage on schema public to fairlock_engine;
grant usage on schema public to fairlock_ledger;
grant usage on schema public to public;

create table audit.blocks (
  events integer not null,
  first_at timestamp with time zone not null,
  from_id bigint not null,
  from_tx bigint not null,
  hash bytea not null,
  last_at timestamp with time zone not null,
  note text,
  number bigint not null,
  previous bytea not null,
  root bytea not null,
  sealed_at timestamp with time zone not null,
  system_identifier bigint not null,
  to_id bigint not null,
  to_tx bigint not null,
  constraint blocks_check CHECK ((ROW(from_tx, from_id) < ROW(to_tx, to_id))),
  constraint blocks_events_check CHECK ((events > 0)),
  constraint blocks_hash_check CHECK ((octet_length(hash) = 32)),
  constraint blocks_number_check CHECK ((number > 0)),
  constraint blocks_previous_check CHECK ((octet_length(previous) = 32)),
  constraint blocks_root_check CHECK ((octet_length(root) = 32)),
  constraint blocks_pkey PRIMARY KEY (number)
);
alter table audit.blocks enable row level security;
alter table audit.blocks force row level security;
create policy "the engine seals" on audit.blocks for all to fairlock_engine using (true);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.blocks FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.blocks to fairlock_engine;

create table audit.events (
  action text not null,
  actor_id uuid,
  api_key_id uuid,
  at timestamp with time zone default clock_timestamp() not null,
  changes jsonb,
  details jsonb,
  id bigint default nextval('audit.event_ids'::regclass) not null,
  reason text,
  request_id text,
  session_id uuid,
  subject text not null,
  subject_id uuid,
  tx bigint default (((pg_current_xact_id())::text)::bigint + pg_sequence_last_value('audit.tx_base'::regclass)) not null,
  constraint events_pkey PRIMARY KEY (at, id)
);
alter table audit.events enable row level security;
alter table audit.events force row level security;
CREATE INDEX events_actor ON ONLY audit.events USING btree (actor_id, at) WHERE (actor_id IS NOT NULL);
CREATE INDEX events_subject ON ONLY audit.events USING btree (subject_id, at) WHERE (subject_id IS NOT NULL);
CREATE INDEX events_tx ON ONLY audit.events USING btree (tx, id);
create policy "the engine writes and reads the log" on audit.events for all to fairlock_engine using (true);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.events FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert on audit.events (action) to fairlock_engine;
grant insert on audit.events (actor_id) to fairlock_engine;
grant insert on audit.events (api_key_id) to fairlock_engine;
grant insert on audit.events (changes) to fairlock_engine;
grant insert on audit.events (details) to fairlock_engine;
grant insert on audit.events (reason) to fairlock_engine;
grant insert on audit.events (request_id) to fairlock_engine;
grant insert on audit.events (session_id) to fairlock_engine;
grant insert on audit.events (subject) to fairlock_engine;
grant insert on audit.events (subject_id) to fairlock_engine;
grant select on audit.events to fairlock_engine;

create table audit.leaves (
  block bigint not null,
  hashes bytea not null,
  ids bigint[] not null,
  times timestamp with time zone[] not null,
  constraint leaves_check CHECK (((octet_length(hashes) = (32 * cardinality(ids))) AND (cardinality(times) = cardinality(ids)))),
  constraint leaves_block_fkey FOREIGN KEY (block) REFERENCES audit.blocks(number),
  constraint leaves_pkey PRIMARY KEY (block)
);
alter table audit.leaves enable row level security;
alter table audit.leaves force row level security;
create policy "the engine keeps the leaves" on audit.leaves for all to fairlock_engine using (true);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.leaves FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.leaves to fairlock_engine;

create table audit.signatures (
  block bigint not null,
  key_id text not null,
  signature bytea not null,
  constraint signatures_signature_check CHECK ((octet_length(signature) = 64)),
  constraint signatures_block_fkey FOREIGN KEY (block) REFERENCES audit.blocks(number),
  constraint signatures_key_id_fkey FOREIGN KEY (key_id) REFERENCES audit.signing_keys(id),
  constraint signatures_pkey PRIMARY KEY (block)
);
alter table audit.signatures enable row level security;
alter table audit.signatures force row level security;
CREATE INDEX signatures_key ON audit.signatures USING btree (key_id);
create policy "the engine keeps the signatures" on audit.signatures for all to fairlock_engine using (true);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.signatures FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.signatures to fairlock_engine;

create table audit.signing_keys (
  created_at timestamp with time zone default clock_timestamp() not null,
  id text not null,
  public_key bytea not null,
  sealed_private_key text not null,
  constraint signing_keys_public_key_check CHECK ((octet_length(public_key) = 32)),
  constraint signing_keys_pkey PRIMARY KEY (id)
);
alter table audit.signing_keys enable row level security;
alter table audit.signing_keys force row level security;
create policy "the engine keeps the keys" on audit.signing_keys for all to fairlock_engine using (true);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.signing_keys FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.signing_keys to fairlock_engine;

create sequence audit.tx_base as bigint increment by 1 start with 0;
grant usage on audit.tx_base to fairlock_engine;

create table fairlock.access_grants (
  approver_id uuid,
  asked_at timestamp with time zone default clock_timestamp() not null,
  break_glass boolean default false not null,
  decided_at timestamp with time zone,
  ends_at timestamp with time zone,
  id uuid not null,
  justified boolean,
  minutes integer not null,
  person_id uuid,
  reason text not null,
  review text,
  reviewed_at timestamp with time zone,
  reviewed_by uuid,
  revoked_at timestamp with time zone,
  revoked_by uuid,
  scope text not null,
  staff_id uuid not null,
  starts_at timestamp with time zone not null,
  status text not null,
  trade_id uuid,
  constraint access_grants_decided CHECK ((((status <> 'asked'::text) OR (decided_at IS NULL)) AND ((status <> ALL (ARRAY['granted'::text, 'refused'::text])) OR (decided_at IS NOT NULL)) AND ((approver_id IS NOT NULL) = ((decided_at IS NOT NULL) AND (NOT break_glass))) AND ((NOT break_glass) OR ((decided_at IS NOT NULL) AND (status <> 'refused'::text))))),
  constraint access_grants_ends CHECK (((ends_at IS NOT NULL) = ((decided_at IS NOT NULL) AND (status <> 'refused'::text)))),
  constraint access_grants_period CHECK ((((minutes >= 1) AND (minutes <= 10080)) AND (ends_at > starts_at) AND (ends_at <= (starts_at + make_interval(mins => minutes))))),
  constraint access_grants_reason CHECK (((length(btrim(reason)) >= 10) AND (length(btrim(reason)) <= 1000))),
  constraint access_grants_reviewed CHECK (((num_nulls(reviewed_at, reviewed_by, justified, review) = ANY (ARRAY[0, 4])) AND ((reviewed_at IS NULL) OR break_glass) AND ((length(btrim(review)) >= 1) AND (length(btrim(review)) <= 1000)))),
  constraint access_grants_revoked CHECK ((((status = 'revoked'::text) = (revoked_at IS NOT NULL)) AND ((revoked_by IS NULL) OR (revoked_at IS NOT NULL)))),
  constraint access_grants_scope_check CHECK ((scope = ANY (ARRAY['person'::text, 'money'::text, 'trades'::text, 'payment_methods'::text, 'case'::text]))),
  constraint access_grants_status_check CHECK ((status = ANY (ARRAY['asked'::text, 'granted'::text, 'refused'::text, 'revoked'::text]))),
  constraint access_grants_subject CHECK ((((scope = 'case'::text) = (trade_id IS NOT NULL)) AND ((scope = 'case'::text) = (person_id IS NULL)))),
  constraint access_grants_two_people CHECK (((staff_id <> person_id) AND (approver_id <> staff_id) AND (approver_id <> person_id) AND (reviewed_by <> staff_id) AND (reviewed_by <> person_id))),
  constraint access_grants_approver_id_fkey FOREIGN KEY (approver_id) REFERENCES public.users(id),
  constraint access_grants_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.users(id),
  constraint access_grants_reviewed_by_fkey FOREIGN KEY (reviewed_by) REFERENCES public.users(id),
  constraint access_grants_revoked_by_fkey FOREIGN KEY (revoked_by) REFERENCES public.users(id),
  constraint access_grants_staff_id_fkey FOREIGN KEY (staff_id) REFERENCES public.users(id),
  constraint access_grants_trade_id_fkey FOREIGN KEY (trade_id) REFERENCES public.crypto_trades(id),
  constraint access_grants_pkey PRIMARY KEY (id)
);
alter table fairlock.access_grants enable row level security;
alter table fairlock.access_grants force row level security;
CREATE INDEX access_grants_approver ON fairlock.access_grants USING btree (approver_id);
CREATE INDEX access_grants_asked ON fairlock.access_grants USING btree (asked_at DESC, id DESC) WHERE (status = 'asked'::text);
CREATE INDEX access_grants_person ON fairlock.access_grants USING btree (person_id);
CREATE INDEX access_grants_reviewed_by ON fairlock.access_grants USING btree (reviewed_by);
CREATE INDEX access_grants_revoked_by ON fairlock.access_grants USING btree (revoked_by);
CREATE INDEX access_grants_staff ON fairlock.access_grants USING btree (staff_id, asked_at DESC, id DESC);
CREATE INDEX access_grants_trade ON fairlock.access_grants USING btree (trade_id);
CREATE INDEX access_grants_unreviewed ON fairlock.access_grants USING btree (asked_at DESC, id DESC) WHERE (break_glass AND (reviewed_at IS NULL));
create policy "staff see what they asked for" on fairlock.access_grants for select to fairlock_app using ((staff_id = ( SELECT fairlock.acting_user() AS acting_user)));
create policy "the engine keeps grants" on fairlock.access_grants for all to fairlock_engine using (true);
create policy "those who approve see every request" on fairlock.access_grants for select to fairlock_app using ((( SELECT fairlock.has_role('admin'::text) AS has_role) OR ( SELECT fairlock.has_role('compliance'::text) AS has_role)));
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON fairlock.access_grants FOR EACH ROW EXECUTE FUNCTION fairlock.guard_grant();
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON fairlock.access_grants FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF staff_id, scope, person_id, trade_id, break_glass, reason, status, asked_at, starts_at, minutes, ends_at, approver_id, decided_at, revoked_at, revoked_by, reviewed_at, reviewed_by, justified, review ON fairlock.access_grants FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{staff_id,scope,person_id,trade_id,break_glass,status,asked_at,starts_at,minutes,ends_at,approver_id,decided_at,revoked_at,revoked_by,reviewed_at,reviewed_by,justified}', '{id}');
grant insert, select on fairlock.access_grants to fairlock_engine;
grant select on fairlock.access_grants to fairlock_app;
grant update on fairlock.access_grants (approver_id) to fairlock_engine;
grant update on fairlock.access_grants (decided_at) to fairlock_engine;
grant update on fairlock.access_grants (ends_at) to fairlock_engine;
grant update on fairlock.access_grants (justified) to fairlock_engine;
grant update on fairlock.access_grants (review) to fairlock_engine;
grant update on fairlock.access_grants (reviewed_at) to fairlock_engine;
grant update on fairlock.access_grants (reviewed_by) to fairlock_engine;
grant update on fairlock.access_grants (revoked_at) to fairlock_engine;
grant update on fairlock.access_grants (revoked_by) to fairlock_engine;
grant update on fairlock.access_grants (starts_at) to fairlock_engine;
grant update on fairlock.access_grants (status) to fairlock_engine;

create table fairlock.adopted_secrets (
  id uuid not null,
  path text[] not null,
  row_key text not null,
  sealed_at timestamp with time zone default clock_timestamp() not null,
  secret text not null,
  table_name text not null,
  user_id uuid,
  constraint adopted_secrets_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint adopted_secrets_pkey PRIMARY KEY (id),
  constraint adopted_secrets_table_name_row_key_path_key UNIQUE (table_name, row_key, path)
);
alter table fairlock.adopted_secrets enable row level security;
alter table fairlock.adopted_secrets force row level security;
CREATE INDEX adopted_secrets_user ON fairlock.adopted_secrets USING btree (user_id);
create policy "the engine keeps adopted secrets" on fairlock.adopted_secrets for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF user_id, table_name, row_key, path, secret, sealed_at ON fairlock.adopted_secrets FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{user_id,table_name,row_key,path,sealed_at}', '{id}');
CREATE TRIGGER sealed_secret BEFORE INSERT OR UPDATE OF secret, user_id ON fairlock.adopted_secrets FOR EACH ROW WHEN ((new.secret IS NOT NULL)) EXECUTE FUNCTION fairlock.guard_sealed('secret', 'user_id');
grant delete, insert, select on fairlock.adopted_secrets to fairlock_engine;
grant update on fairlock.adopted_secrets (sealed_at) to fairlock_engine;
grant update on fairlock.adopted_secrets (secret) to fairlock_engine;
grant update on fairlock.adopted_secrets (user_id) to fairlock_engine;

create table fairlock.announcements (
  audience text not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  created_by uuid,
  id uuid not null,
  noticed_at timestamp with time zone,
  noticed_to uuid,
  severity text not null,
  text text not null,
  title text not null,
  until timestamp with time zone,
  withdrawn_at timestamp with time zone,
  withdrawn_by uuid,
  constraint announcements_audience_check CHECK ((audience = ANY (ARRAY['everyone'::text, 'staff'::text]))),
  constraint announcements_check CHECK ((until > created_at)),
  constraint announcements_check1 CHECK (((withdrawn_by IS NULL) OR (withdrawn_at IS NOT NULL))),
  constraint announcements_severity_check CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'incident'::text]))),
  constraint announcements_text_check CHECK (((length(btrim(text)) >= 1) AND (length(btrim(text)) <= 4000))),
  constraint announcements_title_check CHECK (((length(btrim(title)) >= 1) AND (length(btrim(title)) <= 120))),
  constraint announcements_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id),
  constraint announcements_withdrawn_by_fkey FOREIGN KEY (withdrawn_by) REFERENCES public.users(id),
  constraint announcements_pkey PRIMARY KEY (id)
);
alter table fairlock.announcements enable row level security;
alter table fairlock.announcements force row level security;
CREATE INDEX announcements_created_by ON fairlock.announcements USING btree (created_by);
CREATE INDEX announcements_order ON fairlock.announcements USING btree (created_at DESC, id DESC);
CREATE INDEX announcements_to_notice ON fairlock.announcements USING btree (created_at) WHERE (noticed_at IS NULL);
CREATE INDEX announcements_withdrawn_by ON fairlock.announcements USING btree (withdrawn_by);
create policy "administrators see all announcements" on fairlock.announcements for select to fairlock_app using (( SELECT fairlock.has_role('admin'::text) AS has_role));
create policy "everybody sees what is announced to them" on fairlock.announcements for select to fairlock_app using (((withdrawn_at IS NULL) AND ((until IS NULL) OR (until > clock_timestamp())) AND ((audience = 'everyone'::text) OR (EXISTS ( SELECT
   FROM fairlock.staff_roles
  WHERE (staff_roles.user_id = ( SELECT fairlock.acting_user() AS acting_user)))))));
create policy "the engine announces" on fairlock.announcements for all to fairlock_engine using (true);
grant insert, select on fairlock.announcements to fairlock_engine;
grant select on fairlock.announcements to fairlock_app;
grant update on fairlock.announcements (noticed_at) to fairlock_engine;
grant update on fairlock.announcements (noticed_to) to fairlock_engine;
grant update on fairlock.announcements (withdrawn_at) to fairlock_engine;
grant update on fairlock.announcements (withdrawn_by) to fairlock_engine;

create table fairlock.api_keys (
  addresses cidr[],
  created_at timestamp with time zone default now() not null,
  ended_at timestamp with time zone,
  expires_at timestamp with time zone,
  id uuid not null,
  last_used_at timestamp with time zone,
  name text not null,
  requests_per_minute integer,
  scopes text[] not null,
  token_hash bytea not null,
  user_id uuid not null,
  constraint api_keys_addresses_check CHECK (((cardinality(addresses) >= 1) AND (cardinality(addresses) <= 50))),
  constraint api_keys_check CHECK ((expires_at > created_at)),
  constraint api_keys_check1 CHECK ((NOT (('withdraw'::text = ANY (scopes)) AND (addresses IS NULL)))),
  constraint api_keys_name_check CHECK (((length(name) >= 1) AND (length(name) <= 80))),
  constraint api_keys_requests_per_minute_check CHECK (((requests_per_minute >= 1) AND (requests_per_minute <= 6000))),
  constraint api_keys_scopes_check CHECK (((scopes <@ ARRAY['read'::text, 'trade'::text, 'withdraw'::text]) AND ('read'::text = ANY (scopes)))),
  constraint api_keys_token_hash_check CHECK ((octet_length(token_hash) = 32)),
  constraint api_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint api_keys_pkey PRIMARY KEY (id)
);
alter table fairlock.api_keys enable row level security;
alter table fairlock.api_keys force row level security;
CREATE INDEX api_keys_over ON fairlock.api_keys USING btree (COALESCE(ended_at, expires_at));
CREATE INDEX api_keys_user ON fairlock.api_keys USING btree (user_id, created_at DESC);
create policy "people see their API keys, but not through one" on fairlock.api_keys for select to fairlock_app using (((user_id = ( SELECT fairlock.acting_user() AS acting_user)) AND (( SELECT fairlock.acting_key() AS acting_key) IS NULL)));
create policy "the engine acts for everybody" on fairlock.api_keys for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF user_id, name, token_hash, scopes, addresses, requests_per_minute, created_at, expires_at, ended_at ON fairlock.api_keys FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{user_id,scopes,requests_per_minute,created_at,expires_at,ended_at}', '{id,last_used_at}');
grant delete, insert, select on fairlock.api_keys to fairlock_engine;
grant select on fairlock.api_keys (addresses) to fairlock_app;
grant select on fairlock.api_keys (created_at) to fairlock_app;
grant select on fairlock.api_keys (ended_at) to fairlock_app;
grant update on fairlock.api_keys (ended_at) to fairlock_engine;
grant select on fairlock.api_keys (expires_at) to fairlock_app;
grant select on fairlock.api_keys (id) to fairlock_app;
grant select on fairlock.api_keys (last_used_at) to fairlock_app;
grant update on fairlock.api_keys (last_used_at) to fairlock_engine;
grant select on fairlock.api_keys (name) to fairlock_app;
grant select on fairlock.api_keys (requests_per_minute) to fairlock_app;
grant select on fairlock.api_keys (scopes) to fairlock_app;
grant select on fairlock.api_keys (user_id) to fairlock_app;

create table fairlock.bans (
  banned_by uuid,
  id uuid not null,
  lift_reason text,
  lifted_at timestamp with time zone,
  lifted_by uuid,
  reason text not null,
  started_at timestamp with time zone default clock_timestamp() not null,
  until timestamp with time zone not null,
  user_id uuid not null,
  constraint bans_lift_reason_check CHECK (((length(btrim(lift_reason)) >= 1) AND (length(btrim(lift_reason)) <= 1000))),
  constraint bans_lifted CHECK ((((lifted_at IS NULL) = (lift_reason IS NULL)) AND ((lifted_by IS NULL) OR (lifted_at IS NOT NULL)))),
  constraint bans_period CHECK (((until > started_at) AND (lifted_at >= started_at))),
  constraint bans_reason_check CHECK (((length(btrim(reason)) >= 1) AND (length(btrim(reason)) <= 1000))),
  constraint bans_two_people CHECK (((banned_by <> user_id) AND (lifted_by <> user_id))),
  constraint bans_banned_by_fkey FOREIGN KEY (banned_by) REFERENCES public.users(id),
  constraint bans_lifted_by_fkey FOREIGN KEY (lifted_by) REFERENCES public.users(id),
  constraint bans_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint bans_pkey PRIMARY KEY (id)
);
alter table fairlock.bans enable row level security;
alter table fairlock.bans force row level security;
CREATE INDEX bans_banned_by ON fairlock.bans USING btree (banned_by);
CREATE INDEX bans_lifted_by ON fairlock.bans USING btree (lifted_by);
CREATE INDEX bans_order ON fairlock.bans USING btree (started_at DESC, id DESC);
CREATE INDEX bans_person ON fairlock.bans USING btree (user_id, started_at DESC, id DESC);
create policy "the engine keeps bans" on fairlock.bans for all to fairlock_engine using (true);
create policy "those who ban see every ban" on fairlock.bans for select to fairlock_app using ((( SELECT fairlock.has_role('admin'::text) AS has_role) OR ( SELECT fairlock.has_role('compliance'::text) AS has_role)));
CREATE TRIGGER guard BEFORE UPDATE ON fairlock.bans FOR EACH ROW EXECUTE FUNCTION fairlock.guard_ban();
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON fairlock.bans FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF user_id, reason, started_at, until, banned_by, lifted_at, lifted_by, lift_reason ON fairlock.bans FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{user_id,started_at,until,banned_by,lifted_at,lifted_by}', '{id}');
grant insert, select on fairlock.bans to fairlock_engine;
grant select on fairlock.bans to fairlock_app;
grant update on fairlock.bans (lift_reason) to fairlock_engine;
grant update on fairlock.bans (lifted_at) to fairlock_engine;
grant update on fairlock.bans (lifted_by) to fairlock_engine;

create table fairlock.blind_index_keys (
  created_at timestamp with time zone default now() not null,
  id uuid not null,
  name text not null,
  sealed_for uuid,
  sealed_key text not null,
  constraint blind_index_keys_name_check CHECK ((name ~ '^[a-z_]{1,60}$'::text)),
  constraint blind_index_keys_sealed_for_check CHECK ((sealed_for IS NULL)),
  constraint blind_index_keys_pkey PRIMARY KEY (id),
  constraint blind_index_keys_name_key UNIQUE (name)
);
alter table fairlock.blind_index_keys enable row level security;
alter table fairlock.blind_index_keys force row level security;
create policy "the engine keeps the keys of blind indexes" on fairlock.blind_index_keys for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF name, sealed_key, created_at ON fairlock.blind_index_keys FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{name,created_at}', '{id,sealed_for}');
CREATE TRIGGER sealed_sealed_key BEFORE INSERT OR UPDATE OF sealed_key, sealed_for ON fairlock.blind_index_keys FOR EACH ROW WHEN ((new.sealed_key IS NOT NULL)) EXECUTE FUNCTION fairlock.guard_sealed('sealed_key', 'sealed_for');
grant insert, select on fairlock.blind_index_keys to fairlock_engine;
grant update on fairlock.blind_index_keys (sealed_key) to fairlock_engine;

create table fairlock.chat_channels (
  buyer_id uuid not null,
  buyer_read integer default 0 not null,
  for_buyer integer default 0 not null,
  for_seller integer default 0 not null,
  id uuid not null,
  last_number integer default 0 not null,
  posted integer default 0 not null,
  seller_id uuid not null,
  seller_read integer default 0 not null,
  trade_id uuid not null,
  constraint chat_channels_check CHECK ((posted <= last_number)),
  constraint chat_channels_check1 CHECK ((((seller_read >= 0) AND (seller_read <= last_number)) AND ((buyer_read >= 0) AND (buyer_read <= last_number)))),
  constraint chat_channels_check2 CHECK ((((for_seller >= 0) AND (for_seller <= last_number)) AND ((for_buyer >= 0) AND (for_buyer <= last_number)))),
  constraint chat_channels_posted_check CHECK (((posted >= 0) AND (posted <= 2000))),
  constraint chat_channels_buyer_id_fkey FOREIGN KEY (buyer_id) REFERENCES public.users(id),
  constraint chat_channels_seller_id_fkey FOREIGN KEY (seller_id) REFERENCES public.users(id),
  constraint chat_channels_trade_id_fkey FOREIGN KEY (trade_id) REFERENCES public.crypto_trades(id),
  constraint chat_channels_pkey PRIMARY KEY (id),
  constraint chat_channels_trade_id_key UNIQUE (trade_id)
);
alter table fairlock.chat_channels enable row level security;
alter table fairlock.chat_channels force row level security;
CREATE INDEX chat_channels_buyer ON fairlock.chat_channels USING btree (buyer_id);
CREATE INDEX chat_channels_seller ON fairlock.chat_channels USING btree (seller_id);
CREATE INDEX chat_channels_unread_buyer ON fairlock.chat_channels USING btree (buyer_id, trade_id) WHERE (for_buyer > buyer_read);
CREATE INDEX chat_channels_unread_seller ON fairlock.chat_channels USING btree (seller_id, trade_id) WHERE (for_seller > seller_read);
create policy "the engine keeps chats" on fairlock.chat_channels for all to fairlock_engine using (true);
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON fairlock.chat_channels FOR EACH ROW EXECUTE FUNCTION fairlock.guard_chat();
grant insert, select on fairlock.chat_channels to fairlock_engine;
grant update on fairlock.chat_channels (buyer_read) to fairlock_engine;
grant update on fairlock.chat_channels (for_buyer) to fairlock_engine;
grant update on fairlock.chat_channels (for_seller) to fairlock_engine;
grant update on fairlock.chat_channels (last_number) to fairlock_engine;
grant update on fairlock.chat_channels (posted) to fairlock_engine;
grant update on fairlock.chat_channels (seller_read) to fairlock_engine;

create table fairlock.counterparties (
  high_id uuid not null,
  high_ratings integer default 0 not null,
  high_sum numeric(20,2) default 0 not null,
  low_id uuid not null,
  low_ratings integer default 0 not null,
  low_sum numeric(20,2) default 0 not null,
  constraint counterparties_check CHECK ((low_id < high_id)),
  constraint counterparties_check1 CHECK ((((low_sum >= (low_ratings)::numeric) AND (low_sum <= ((5 * low_ratings))::numeric)) AND ((high_sum >= (high_ratings)::numeric) AND (high_sum <= ((5 * high_ratings))::numeric)))),
  constraint counterparties_high_id_fkey FOREIGN KEY (high_id) REFERENCES public.users(id),
  constraint counterparties_low_id_fkey FOREIGN KEY (low_id) REFERENCES public.users(id),
  constraint counterparties_pkey PRIMARY KEY (low_id, high_id)
);
alter table fairlock.counterparties enable row level security;
alter table fairlock.counterparties force row level security;
CREATE INDEX counterparties_high ON fairlock.counterparties USING btree (high_id);
create policy "the engine counts" on fairlock.counterparties for all to fairlock_engine using (true);
grant insert, select, update on fairlock.counterparties to fairlock_engine;

create table fairlock.credentials (
  changed_at timestamp with time zone default now() not null,
  factor_blocked_until timestamp with time zone,
  factor_failures integer default 0 not null,
  password_hash text not null,
  second_factor boolean default false not null,
  totp_session uuid,
  totp_step bigint,
  user_id uuid not null,
  withdrawals_paused_until timestamp with time zone,
  constraint credentials_password_hash_check CHECK ((password_hash ~~ '$argon2id$%'::text)),
  constraint credentials_totp CHECK ((((totp_step IS NULL) = (totp_session IS NULL)) AND (factor_failures >= 0))),
  constraint credentials_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint credentials_pkey PRIMARY KEY (user_id)
);
alter table fairlock.credentials enable row level security;
alter table fairlock.credentials force row level security;
create policy "the engine acts for everybody" on fairlock.credentials for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF user_id, password_hash, changed_at, second_factor, withdrawals_paused_until ON fairlock.credentials FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('user_id', '{user_id,changed_at,withdrawals_paused_until,second_factor}', '{totp_step,totp_session,factor_failures,factor_blocked_until}');
CREATE TRIGGER second_factor BEFORE INSERT ON fairlock.credentials FOR EACH ROW EXECUTE FUNCTION fairlock.note_second_factor();
grant delete, insert, select on fairlock.credentials to fairlock_engine;
grant update on fairlock.credentials (changed_at) to fairlock_engine;
grant update on fairlock.credentials (factor_blocked_until) to fairlock_engine;
grant update on fairlock.credentials (factor_failures) to fairlock_engine;
grant update on fairlock.credentials (password_hash) to fairlock_engine;
grant update on fairlock.credentials (second_factor) to fairlock_engine;
grant update on fairlock.credentials (totp_session) to fairlock_engine;
grant update on fairlock.credentials (totp_step) to fairlock_engine;
grant update on fairlock.credentials (withdrawals_paused_until) to fairlock_engine;

create table fairlock.currencies (
  code text not null,
  decimals smallint not null,
  kind text not null,
  name text not null,
  constraint currencies_code_check CHECK ((code ~ '^[A-Z0-9]{2,10}$'::text)),
  constraint currencies_decimals_check CHECK (((decimals >= 0) AND (decimals <= 8))),
  constraint currencies_kind_check CHECK ((kind = ANY (ARRAY['crypto'::text, 'fiat'::text]))),
  constraint currencies_pkey PRIMARY KEY (code)
);
alter table fairlock.currencies enable row level security;
alter table fairlock.currencies force row level security;
create policy "everybody knows the currencies" on fairlock.currencies for select to fairlock_app, fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF code, kind, name, decimals ON fairlock.currencies FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('code', '{*}', '{}');
grant select on fairlock.currencies to fairlock_app;
grant select on fairlock.currencies to fairlock_engine;

create table fairlock.daily_mark (
  entry_id bigint default 0 not null,
  one boolean default true not null,
  constraint daily_mark_one_check CHECK (one),
  constraint daily_mark_pkey PRIMARY KEY (one)
);
alter table fairlock.daily_mark enable row level security;
alter table fairlock.daily_mark force row level security;
create policy "the engine adds up days" on fairlock.daily_mark for all to fairlock_engine using (true);
grant insert, select, update on fairlock.daily_mark to fairlock_engine;

create table fairlock.daily_trades (
  amount numeric(38,8) not null,
  day date not null,
  fees numeric(38,8) not null,
  pair text not null,
  reference_value numeric(38,8) not null,
  total_value numeric(38,8) not null,
  trades bigint not null,
  valued_trades bigint not null,
  constraint daily_trades_counts CHECK (((trades > 0) AND (amount >= (0)::numeric) AND (fees >= (0)::numeric) AND ((valued_trades >= 0) AND (valued_trades <= trades)))),
  constraint daily_trades_pkey PRIMARY KEY (day, pair)
);
alter table fairlock.daily_trades enable row level security;
alter table fairlock.daily_trades force row level security;
create policy "the engine adds up days" on fairlock.daily_trades for all to fairlock_engine using (true);
grant insert, select, update on fairlock.daily_trades to fairlock_engine;

create table fairlock.data_keys (
  created_at timestamp with time zone default now() not null,
  destroyed_at timestamp with time zone,
  id uuid not null,
  key_encryption_key text not null,
  owner_id uuid,
  retired_at timestamp with time zone,
  state text default 'active'::text not null,
  wrapped bytea,
  constraint data_keys_check CHECK (((state = 'active'::text) = (retired_at IS NULL))),
  constraint data_keys_check1 CHECK (((state = 'destroyed'::text) = (destroyed_at IS NOT NULL))),
  constraint data_keys_check2 CHECK (((state = 'destroyed'::text) = (wrapped IS NULL))),
  constraint data_keys_state_check CHECK ((state = ANY (ARRAY['active'::text, 'decrypt_only'::text, 'destroyed'::text]))),
  constraint data_keys_wrapped_check CHECK (((octet_length(wrapped) >= 40) AND (octet_length(wrapped) <= 4000))),
  constraint data_keys_key_encryption_key_fkey FOREIGN KEY (key_encryption_key) REFERENCES fairlock.key_encryption_keys(id),
  constraint data_keys_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.users(id),
  constraint data_keys_pkey PRIMARY KEY (id)
);
alter table fairlock.data_keys enable row level security;
alter table fairlock.data_keys force row level security;
CREATE INDEX data_keys_owner ON fairlock.data_keys USING btree (owner_id);
CREATE INDEX data_keys_to_replace ON fairlock.data_keys USING btree (id) WHERE (state = 'decrypt_only'::text);
CREATE INDEX data_keys_wrapped_by ON fairlock.data_keys USING btree (key_encryption_key, id) WHERE (state <> 'destroyed'::text);
CREATE UNIQUE INDEX data_keys_one_active ON fairlock.data_keys USING btree (COALESCE(owner_id, '00000000-0000-0000-0000-000000000000'::uuid)) WHERE (state = 'active'::text);
create policy "the engine keeps keys" on fairlock.data_keys for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF owner_id, state, created_at, retired_at, destroyed_at ON fairlock.data_keys FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{owner_id,state,created_at,retired_at,destroyed_at}', '{id,wrapped,key_encryption_key}');
grant insert, select, update on fairlock.data_keys to fairlock_engine;

create table fairlock.dispute_assignments (
  arbitrator_id uuid not null,
  assigned_at timestamp with time zone default clock_timestamp() not null,
  assigned_by uuid,
  dispute_id uuid not null,
  ended_as text,
  ended_at timestamp with time zone,
  ended_by uuid,
  id uuid not null,
  part text not null,
  constraint dispute_assignments_ended CHECK ((((ended_at IS NULL) = (ended_as IS NULL)) AND ((ended_at IS NOT NULL) OR (ended_by IS NULL)))),
  constraint dispute_assignments_ended_as_check CHECK ((ended_as = ANY (ARRAY['done'::text, 'refused'::text, 'recused'::text, 'reassigned'::text, 'lost_role'::text, 'over'::text]))),
  constraint dispute_assignments_part_check CHECK ((part = ANY (ARRAY['first'::text, 'second'::text, 'appeal'::text]))),
  constraint dispute_assignments_arbitrator_id_fkey FOREIGN KEY (arbitrator_id) REFERENCES public.users(id),
  constraint dispute_assignments_assigned_by_fkey FOREIGN KEY (assigned_by) REFERENCES public.users(id),
  constraint dispute_assignments_dispute_id_fkey FOREIGN KEY (dispute_id) REFERENCES public.crypto_disputes(id),
  constraint dispute_assignments_ended_by_fkey FOREIGN KEY (ended_by) REFERENCES public.users(id),
  constraint dispute_assignments_pkey PRIMARY KEY (id)
);
alter table fairlock.dispute_assignments enable row level security;
alter table fairlock.dispute_assignments force row level security;
CREATE INDEX dispute_assignments_arbitrator ON fairlock.dispute_assignments USING btree (arbitrator_id, assigned_at);
CREATE INDEX dispute_assignments_assigned_by ON fairlock.dispute_assignments USING btree (assigned_by);
CREATE INDEX dispute_assignments_dispute ON fairlock.dispute_assignments USING btree (dispute_id);
CREATE INDEX dispute_assignments_ended_by ON fairlock.dispute_assignments USING btree (ended_by);
CREATE INDEX dispute_assignments_live ON fairlock.dispute_assignments USING btree (arbitrator_id) WHERE (ended_at IS NULL);
CREATE UNIQUE INDEX dispute_assignments_one_live ON fairlock.dispute_assignments USING btree (dispute_id, part) WHERE (ended_at IS NULL);
create policy "the engine keeps disputes" on fairlock.dispute_assignments for all to fairlock_engine using (true);
CREATE TRIGGER guard AFTER INSERT OR UPDATE ON fairlock.dispute_assignments FOR EACH ROW EXECUTE FUNCTION fairlock.guard_assignment();
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON fairlock.dispute_assignments FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF id, dispute_id, arbitrator_id, part, assigned_at, assigned_by, ended_at, ended_by, ended_as ON fairlock.dispute_assignments FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('dispute_id', '{*}', '{}');
grant insert, select on fairlock.dispute_assignments to fairlock_engine;
grant update on fairlock.dispute_assignments (ended_as) to fairlock_engine;
grant update on fairlock.dispute_assignments (ended_at) to fairlock_engine;
grant update on fairlock.dispute_assignments (ended_by) to fairlock_engine;

create table fairlock.dispute_entries (
  asked_id uuid,
  at timestamp with time zone default clock_timestamp() not null,
  author_id uuid not null,
  author_part text not null,
  body text not null,
  dispute_id uuid not null,
  due_at timestamp with time zone,
  id uuid not null,
  is_late boolean default false not null,
  kind text not null,
  owner_id uuid,
  question_id uuid,
  ruling_id uuid,
  constraint dispute_entries_author_part_check CHECK ((author_part = ANY (ARRAY['seller'::text, 'buyer'::text, 'arbitrator'::text, 'admin'::text]))),
  constraint dispute_entries_kind_check CHECK ((kind = ANY (ARRAY['answer'::text, 'question'::text, 'reply'::text, 'note'::text, 'ruling'::text, 'consent'::text, 'refusal'::text, 'appeal'::text, 'recusal'::text, 'reassignment'::text]))),
  constraint dispute_entries_owner CHECK ((((author_part = ANY (ARRAY['seller'::text, 'buyer'::text])) = (owner_id IS NOT NULL)) AND ((owner_id IS NULL) OR (owner_id = author_id)))),
  constraint dispute_entries_question CHECK ((((kind = 'question'::text) = (asked_id IS NOT NULL)) AND ((asked_id IS NULL) = (due_at IS NULL)))),
  constraint dispute_entries_reply CHECK (((kind = 'reply'::text) = (question_id IS NOT NULL))),
  constraint dispute_entries_asked_id_fkey FOREIGN KEY (asked_id) REFERENCES public.users(id),
  constraint dispute_entries_author_id_fkey FOREIGN KEY (author_id) REFERENCES public.users(id),
  constraint dispute_entries_dispute_id_fkey FOREIGN KEY (dispute_id) REFERENCES public.crypto_disputes(id),
  constraint dispute_entries_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.users(id),
  constraint dispute_entries_question_id_fkey FOREIGN KEY (question_id) REFERENCES fairlock.dispute_entries(id),
  constraint dispute_entries_ruling_id_fkey FOREIGN KEY (ruling_id) REFERENCES fairlock.dispute_rulings(id),
  constraint dispute_entries_pkey PRIMARY KEY (id)
);
alter table fairlock.dispute_entries enable row level security;
alter table fairlock.dispute_entries force row level security;
CREATE INDEX dispute_entries_asked ON fairlock.dispute_entries USING btree (asked_id);
CREATE INDEX dispute_entries_author ON fairlock.dispute_entries USING btree (author_id);
CREATE INDEX dispute_entries_dispute ON fairlock.dispute_entries USING btree (dispute_id, at, id);
CREATE INDEX dispute_entries_owner ON fairlock.dispute_entries USING btree (owner_id);
CREATE INDEX dispute_entries_ruling ON fairlock.dispute_entries USING btree (ruling_id);
CREATE UNIQUE INDEX dispute_entries_one_reply ON fairlock.dispute_entries USING btree (question_id) WHERE (question_id IS NOT NULL);
create policy "the engine keeps disputes" on fairlock.dispute_entries for all to fairlock_engine using (true);
CREATE TRIGGER guard AFTER UPDATE ON fairlock.dispute_entries FOR EACH ROW EXECUTE FUNCTION fairlock.guard_entry();
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON fairlock.dispute_entries FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER sealed_body BEFORE INSERT OR UPDATE OF body, owner_id ON fairlock.dispute_entries FOR EACH ROW WHEN ((new.body IS NOT NULL)) EXECUTE FUNCTION fairlock.guard_sealed('body', 'owner_id');
grant insert, select on fairlock.dispute_entries to fairlock_engine;
grant update on fairlock.dispute_entries (body) to fairlock_engine;

create table fairlock.dispute_rulings (
  appeal_until timestamp with time zone,
  arbitrator_id uuid not null,
  buyer_amount numeric(20,8),
  consented_at timestamp with time zone,
  consented_by uuid,
  dispute_id uuid not null,
  fault_of text not null,
  id uuid not null,
  is_final boolean not null,
  outcome text not null,
  ruled_at timestamp with time zone default clock_timestamp() not null,
  state text not null,
  constraint dispute_rulings_appeal CHECK (((state <> ALL (ARRAY['appeal'::text, 'appealed'::text])) OR (appeal_until IS NOT NULL))),
  constraint dispute_rulings_consent CHECK ((((consented_by IS NULL) = (consented_at IS NULL)) AND (consented_by <> arbitrator_id))),
  constraint dispute_rulings_fault_of_check CHECK ((fault_of = ANY (ARRAY['seller'::text, 'buyer'::text, 'nobody'::text]))),
  constraint dispute_rulings_outcome_check CHECK ((outcome = ANY (ARRAY['release'::text, 'refund'::text, 'split'::text]))),
  constraint dispute_rulings_split CHECK ((((outcome = 'split'::text) = (buyer_amount IS NOT NULL)) AND (buyer_amount > (0)::numeric))),
  constraint dispute_rulings_state_check CHECK ((state = ANY (ARRAY['consent'::text, 'appeal'::text, 'refused'::text, 'appealed'::text, 'settled'::text, 'overtaken'::text]))),
  constraint dispute_rulings_arbitrator_id_fkey FOREIGN KEY (arbitrator_id) REFERENCES public.users(id),
  constraint dispute_rulings_consented_by_fkey FOREIGN KEY (consented_by) REFERENCES public.users(id),
  constraint dispute_rulings_dispute_id_fkey FOREIGN KEY (dispute_id) REFERENCES public.crypto_disputes(id),
  constraint dispute_rulings_pkey PRIMARY KEY (id)
);
alter table fairlock.dispute_rulings enable row level security;
alter table fairlock.dispute_rulings force row level security;
CREATE INDEX dispute_rulings_arbitrator ON fairlock.dispute_rulings USING btree (arbitrator_id);
CREATE INDEX dispute_rulings_consented_by ON fairlock.dispute_rulings USING btree (consented_by);
CREATE INDEX dispute_rulings_dispute ON fairlock.dispute_rulings USING btree (dispute_id, ruled_at);
CREATE INDEX dispute_rulings_due ON fairlock.dispute_rulings USING btree (appeal_until) WHERE (state = 'appeal'::text);
CREATE UNIQUE INDEX dispute_rulings_one_settled ON fairlock.dispute_rulings USING btree (dispute_id) WHERE (state = 'settled'::text);
CREATE UNIQUE INDEX dispute_rulings_one_waiting ON fairlock.dispute_rulings USING btree (dispute_id) WHERE (state = ANY (ARRAY['consent'::text, 'appeal'::text]));
create policy "the engine keeps disputes" on fairlock.dispute_rulings for all to fairlock_engine using (true);
CREATE TRIGGER guard AFTER UPDATE ON fairlock.dispute_rulings FOR EACH ROW EXECUTE FUNCTION fairlock.guard_ruling();
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON fairlock.dispute_rulings FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF id, dispute_id, arbitrator_id, outcome, buyer_amount, fault_of, is_final, ruled_at, state, consented_by, consented_at, appeal_until ON fairlock.dispute_rulings FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('dispute_id', '{*}', '{}');
grant insert, select on fairlock.dispute_rulings to fairlock_engine;
grant update on fairlock.dispute_rulings (appeal_until) to fairlock_engine;
grant update on fairlock.dispute_rulings (consented_at) to fairlock_engine;
grant update on fairlock.dispute_rulings (consented_by) to fairlock_engine;
grant update on fairlock.dispute_rulings (state) to fairlock_engine;

create table fairlock.duty_hours (
  from_minute smallint not null,
  id uuid not null,
  role text not null,
  time_zone text not null,
  to_minute smallint not null,
  weekdays smallint[] not null,
  constraint duty_hours_check CHECK (((from_minute >= 0) AND (from_minute < to_minute) AND (to_minute <= 1440))),
  constraint duty_hours_role_check CHECK ((role = ANY (ARRAY['arbitrator'::text, 'support'::text, 'compliance'::text, 'admin'::text]))),
  constraint duty_hours_time_zone_check CHECK (((length(time_zone) >= 1) AND (length(time_zone) <= 100))),
  constraint duty_hours_weekdays_check CHECK ((((cardinality(weekdays) >= 1) AND (cardinality(weekdays) <= 7)) AND (weekdays <@ '{1,2,3,4,5,6,7}'::smallint[]))),
  constraint duty_hours_pkey PRIMARY KEY (id)
);
alter table fairlock.duty_hours enable row level security;
alter table fairlock.duty_hours force row level security;
CREATE INDEX duty_hours_role ON fairlock.duty_hours USING btree (role);
create policy "staff see the hours of duty" on fairlock.duty_hours for select to fairlock_app using ((EXISTS ( SELECT
   FROM fairlock.staff_roles
  WHERE (staff_roles.user_id = ( SELECT fairlock.acting_user() AS acting_user)))));
create policy "the engine keeps duty hours" on fairlock.duty_hours for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF role, weekdays, from_minute, to_minute, time_zone ON fairlock.duty_hours FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{*}', '{id}');
grant delete, insert, select on fairlock.duty_hours to fairlock_engine;
grant select on fairlock.duty_hours to fairlock_app;

create table fairlock.email_changes (
  cancellation_hashes bytea[] default '{}'::bytea[] not null,
  confirmation_hashes bytea[] default '{}'::bytea[] not null,
  confirmed_at timestamp with time zone,
  created_at timestamp with time zone default clock_timestamp() not null,
  ended_at timestamp with time zone,
  expires_at timestamp with time zone not null,
  id uuid not null,
  new_email text not null,
  old_email text not null,
  outcome text,
  session_id uuid,
  takes_effect_at timestamp with time zone,
  user_id uuid not null,
  constraint email_changes_check CHECK (((confirmed_at IS NULL) = (takes_effect_at IS NULL))),
  constraint email_changes_check1 CHECK (((ended_at IS NULL) = (outcome IS NULL))),
  constraint email_changes_check2 CHECK ((expires_at > created_at)),
  constraint email_changes_new_email_check CHECK ((length(new_email) <= 320)),
  constraint email_changes_old_email_check CHECK ((length(old_email) <= 320)),
  constraint email_changes_outcome_check CHECK ((outcome = ANY (ARRAY['done'::text, 'cancelled'::text, 'replaced'::text, 'taken'::text]))),
  constraint email_changes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint email_changes_pkey PRIMARY KEY (id)
);
alter table fairlock.email_changes enable row level security;
alter table fairlock.email_changes force row level security;
CREATE INDEX email_changes_due ON fairlock.email_changes USING btree (takes_effect_at) WHERE ((ended_at IS NULL) AND (confirmed_at IS NOT NULL));
CREATE INDEX email_changes_of_person ON fairlock.email_changes USING btree (user_id, created_at DESC);
CREATE INDEX email_changes_old ON fairlock.email_changes USING btree (lower(old_email)) WHERE ((ended_at IS NULL) AND (confirmed_at IS NOT NULL));
CREATE UNIQUE INDEX email_changes_one_open ON fairlock.email_changes USING btree (user_id) WHERE (ended_at IS NULL);
CREATE UNIQUE INDEX email_changes_one_waiting ON fairlock.email_changes USING btree (lower(new_email)) WHERE ((ended_at IS NULL) AND (confirmed_at IS NOT NULL));
create policy "the engine acts for everybody" on fairlock.email_changes for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF user_id, old_email, new_email, session_id, confirmation_hashes, cancellation_hashes, created_at, expires_at, confirmed_at, takes_effect_at, ended_at, outcome ON fairlock.email_changes FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{user_id,session_id,created_at,expires_at,confirmed_at,takes_effect_at,ended_at,outcome}', '{id}');
grant delete, insert, select on fairlock.email_changes to fairlock_engine;
grant update on fairlock.email_changes (cancellation_hashes) to fairlock_engine;
grant update on fairlock.email_changes (confirmation_hashes) to fairlock_engine;
grant update on fairlock.email_changes (confirmed_at) to fairlock_engine;
grant update on fairlock.email_changes (ended_at) to fairlock_engine;
grant update on fairlock.email_changes (outcome) to fairlock_engine;
grant update on fairlock.email_changes (takes_effect_at) to fairlock_engine;

create table fairlock.erasures (
  erased_at timestamp with time zone default now() not null,
  reason text not null,
  user_id uuid not null,
  constraint erasures_reason_check CHECK (((length(btrim(reason)) >= 3) AND (length(btrim(reason)) <= 1000))),
  constraint erasures_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint erasures_pkey PRIMARY KEY (user_id)
);
alter table fairlock.erasures enable row level security;
alter table fairlock.erasures force row level security;
create policy "the engine keeps erasures" on fairlock.erasures for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF user_id, erased_at, reason ON fairlock.erasures FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('user_id', '{*}', '{}');
grant insert, select on fairlock.erasures to fairlock_engine;

create table fairlock.evidence (
  added_at timestamp with time zone default clock_timestamp() not null,
  added_by uuid not null,
  added_part text not null,
  dispute_id uuid not null,
  file_id uuid not null,
  id uuid not null,
  note text,
  owner_id uuid,
  constraint evidence_added_part_check CHECK ((added_part = ANY (ARRAY['seller'::text, 'buyer'::text, 'arbitrator'::text]))),
  constraint evidence_owner CHECK (((owner_id IS NULL) OR (owner_id = added_by))),
  constraint evidence_part CHECK (((added_part = 'arbitrator'::text) = (owner_id IS NULL))),
  constraint evidence_added_by_fkey FOREIGN KEY (added_by) REFERENCES public.users(id),
  constraint evidence_dispute_id_fkey FOREIGN KEY (dispute_id) REFERENCES public.crypto_disputes(id),
  constraint evidence_file_id_fkey FOREIGN KEY (file_id) REFERENCES fairlock.files(id),
  constraint evidence_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.users(id),
  constraint evidence_pkey PRIMARY KEY (id),
  constraint evidence_file_id_key UNIQUE (file_id)
);
alter table fairlock.evidence enable row level security;
alter table fairlock.evidence force row level security;
CREATE INDEX evidence_added_by ON fairlock.evidence USING btree (added_by);
CREATE INDEX evidence_dispute ON fairlock.evidence USING btree (dispute_id, added_at, id);
CREATE INDEX evidence_owner ON fairlock.evidence USING btree (owner_id);
create policy "the engine keeps evidence" on fairlock.evidence for all to fairlock_engine using (true);
CREATE TRIGGER never_changed BEFORE UPDATE OF id, dispute_id, file_id, added_by, owner_id, added_part, added_at ON fairlock.evidence FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON fairlock.evidence FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER sealed_note BEFORE INSERT OR UPDATE OF note, owner_id ON fairlock.evidence FOR EACH ROW WHEN ((new.note IS NOT NULL)) EXECUTE FUNCTION fairlock.guard_sealed('note', 'owner_id');
grant insert, select on fairlock.evidence to fairlock_engine;
grant update on fairlock.evidence (note) to fairlock_engine;

create table fairlock.faults (
  at timestamp with time zone default clock_timestamp() not null,
  forgiven_at timestamp with time zone,
  forgiven_by uuid,
  forgiven_for text,
  id uuid not null,
  kind text not null,
  trade_id uuid not null,
  user_id uuid not null,
  constraint faults_forgiven CHECK (((num_nulls(forgiven_at, forgiven_by, forgiven_for) = ANY (ARRAY[0, 3])) AND ((length(btrim(forgiven_for)) >= 1) AND (length(btrim(forgiven_for)) <= 1000)))),
  constraint faults_kind_check CHECK ((kind = ANY (ARRAY['not_funded'::text, 'not_paid'::text, 'cancelled'::text, 'dispute_lost'::text]))),
  constraint faults_forgiven_by_fkey FOREIGN KEY (forgiven_by) REFERENCES public.users(id),
  constraint faults_trade_id_fkey FOREIGN KEY (trade_id) REFERENCES public.crypto_trades(id),
  constraint faults_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint faults_pkey PRIMARY KEY (id),
  constraint faults_trade_id_user_id_kind_key UNIQUE (trade_id, user_id, kind)
);
alter table fairlock.faults enable row level security;
alter table fairlock.faults force row level security;
CREATE INDEX faults_forgiven_by ON fairlock.faults USING btree (forgiven_by) WHERE (forgiven_by IS NOT NULL);
CREATE INDEX faults_of_person ON fairlock.faults USING btree (user_id, at DESC, id DESC);
create policy "a grant shows staff faults" on fairlock.faults for select to fairlock_app using (((user_id = ANY (ARRAY( SELECT fairlock.granted('person'::text) AS granted))) AND fairlock.still_granted('person'::text, user_id)));
create policy "people see their faults" on fairlock.faults for select to fairlock_app using ((user_id = ( SELECT fairlock.acting_user() AS acting_user)));
create policy "the engine notes faults" on fairlock.faults for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF user_id, trade_id, kind, at, forgiven_at, forgiven_by, forgiven_for ON fairlock.faults FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{user_id,trade_id,kind,at,forgiven_at,forgiven_by}', '{id}');
grant insert, select on fairlock.faults to fairlock_engine;
grant select on fairlock.faults to fairlock_app;
grant update on fairlock.faults (forgiven_at) to fairlock_engine;
grant update on fairlock.faults (forgiven_by) to fairlock_engine;
grant update on fairlock.faults (forgiven_for) to fairlock_engine;

create table fairlock.file_parts (
  content text not null,
  file_id uuid not null,
  id uuid not null,
  is_thumbnail boolean not null,
  number smallint not null,
  owner_id uuid not null,
  constraint file_parts_check CHECK (((number >= 0) AND ((number = 0) OR (NOT is_thumbnail)))),
  constraint file_parts_content_check CHECK ((octet_length(content) <= 1400000)),
  constraint file_parts_file_id_fkey FOREIGN KEY (file_id) REFERENCES fairlock.files(id) ON DELETE CASCADE,
  constraint file_parts_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.users(id),
  constraint file_parts_pkey PRIMARY KEY (id),
  constraint file_parts_file_id_is_thumbnail_number_key UNIQUE (file_id, is_thumbnail, number)
);
alter table fairlock.file_parts enable row level security;
alter table fairlock.file_parts force row level security;
CREATE INDEX file_parts_owner ON fairlock.file_parts USING btree (owner_id);
create policy "the engine keeps files" on fairlock.file_parts for all to fairlock_engine using (true);
CREATE TRIGGER guarded BEFORE DELETE OR UPDATE OF id, file_id, is_thumbnail, number, owner_id ON fairlock.file_parts FOR EACH ROW EXECUTE FUNCTION fairlock.guard_file_part();
CREATE TRIGGER sealed_content BEFORE INSERT OR UPDATE OF content, owner_id ON fairlock.file_parts FOR EACH ROW WHEN ((new.content IS NOT NULL)) EXECUTE FUNCTION fairlock.guard_sealed('content', 'owner_id');
grant delete, insert, select on fairlock.file_parts to fairlock_engine;
grant update on fairlock.file_parts (content) to fairlock_engine;

create table fairlock.file_views (
  file_id uuid not null,
  id uuid not null,
  viewed_at timestamp with time zone default clock_timestamp() not null,
  viewer_id uuid not null,
  what text not null,
  constraint file_views_what_check CHECK ((what = ANY (ARRAY['original'::text, 'thumbnail'::text]))),
  constraint file_views_file_id_fkey FOREIGN KEY (file_id) REFERENCES fairlock.files(id) ON DELETE CASCADE,
  constraint file_views_viewer_id_fkey FOREIGN KEY (viewer_id) REFERENCES public.users(id),
  constraint file_views_pkey PRIMARY KEY (id)
);
alter table fairlock.file_views enable row level security;
alter table fairlock.file_views force row level security;
CREATE INDEX file_views_file ON fairlock.file_views USING btree (file_id, viewed_at DESC, id DESC);
CREATE INDEX file_views_viewer ON fairlock.file_views USING btree (viewer_id);
create policy "the engine keeps files" on fairlock.file_views for all to fairlock_engine using (true);
grant insert, select on fairlock.file_views to fairlock_engine;

create table fairlock.files (
  about text,
  attached_at timestamp with time zone,
  bytes integer not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  height integer,
  id uuid not null,
  media_type text not null,
  owner_id uuid not null,
  purpose text not null,
  sha256 bytea not null,
  subject_id uuid,
  thumbnail_bytes integer,
  width integer,
  constraint files_bytes_check CHECK ((bytes > 0)),
  constraint files_check CHECK (((subject_id IS NULL) = (attached_at IS NULL))),
  constraint files_check1 CHECK ((num_nulls(width, height, thumbnail_bytes) = ANY (ARRAY[0, 3]))),
  constraint files_height_check CHECK ((height > 0)),
  constraint files_media_type_check CHECK ((length(media_type) <= 100)),
  constraint files_purpose_check CHECK ((purpose = ANY (ARRAY['evidence'::text, 'message'::text, 'kyc'::text]))),
  constraint files_sha256_check CHECK ((octet_length(sha256) = 32)),
  constraint files_thumbnail_bytes_check CHECK ((thumbnail_bytes > 0)),
  constraint files_width_check CHECK ((width > 0)),
  constraint files_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.users(id),
  constraint files_pkey PRIMARY KEY (id)
);
alter table fairlock.files enable row level security;
alter table fairlock.files force row level security;
CREATE INDEX files_owner ON fairlock.files USING btree (owner_id, created_at);
CREATE INDEX files_subject ON fairlock.files USING btree (subject_id) WHERE (subject_id IS NOT NULL);
CREATE INDEX files_unattached ON fairlock.files USING btree (created_at) WHERE (subject_id IS NULL);
create policy "the engine keeps files" on fairlock.files for all to fairlock_engine using (true);
CREATE CONSTRAINT TRIGGER whole AFTER INSERT ON fairlock.files DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fairlock.guard_whole_file();
CREATE TRIGGER guarded BEFORE DELETE OR UPDATE ON fairlock.files FOR EACH ROW EXECUTE FUNCTION fairlock.guard_file();
CREATE TRIGGER sealed_about BEFORE INSERT OR UPDATE OF about, owner_id ON fairlock.files FOR EACH ROW WHEN ((new.about IS NOT NULL)) EXECUTE FUNCTION fairlock.guard_sealed('about', 'owner_id');
grant delete, insert, select on fairlock.files to fairlock_engine;
grant update on fairlock.files (about) to fairlock_engine;
grant update on fairlock.files (attached_at) to fairlock_engine;
grant update on fairlock.files (subject_id) to fairlock_engine;

create table fairlock.idempotency_keys (
  answer jsonb not null,
  created_at timestamp with time zone default now() not null,
  fingerprint bytea not null,
  key text not null,
  operation text not null,
  user_id uuid not null,
  constraint idempotency_keys_key_check CHECK (((length(key) >= 1) AND (length(key) <= 200))),
  constraint idempotency_keys_pkey PRIMARY KEY (user_id, key)
);
alter table fairlock.idempotency_keys enable row level security;
alter table fairlock.idempotency_keys force row level security;
CREATE INDEX idempotency_keys_age ON fairlock.idempotency_keys USING btree (created_at);
create policy "the engine keeps answers" on fairlock.idempotency_keys for all to fairlock_engine using (true);
grant delete, insert, select on fairlock.idempotency_keys to fairlock_engine;
grant update on fairlock.idempotency_keys (answer) to fairlock_engine;

create table fairlock.key_encryption_keys (
  activated_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  destroyed_at timestamp with time zone,
  id text not null,
  keyring text not null,
  retired_at timestamp with time zone,
  state text not null,
  constraint key_encryption_keys_check CHECK (((state = 'pending'::text) = (activated_at IS NULL))),
  constraint key_encryption_keys_check1 CHECK (((state = ANY (ARRAY['decrypt_only'::text, 'destroyed'::text])) = (retired_at IS NOT NULL))),
  constraint key_encryption_keys_check2 CHECK (((state = 'destroyed'::text) = (destroyed_at IS NOT NULL))),
  constraint key_encryption_keys_id_check CHECK (((length(id) >= 1) AND (length(id) <= 300))),
  constraint key_encryption_keys_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'active'::text, 'decrypt_only'::text, 'destroyed'::text]))),
  constraint key_encryption_keys_pkey PRIMARY KEY (id)
);
alter table fairlock.key_encryption_keys enable row level security;
alter table fairlock.key_encryption_keys force row level security;
CREATE UNIQUE INDEX key_encryption_keys_one_active ON fairlock.key_encryption_keys USING btree (state) WHERE (state = 'active'::text);
create policy "the engine keeps keys" on fairlock.key_encryption_keys for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF id, keyring, state, created_at, activated_at, retired_at, destroyed_at ON fairlock.key_encryption_keys FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{*}', '{}');
grant insert, select, update on fairlock.key_encryption_keys to fairlock_engine;

create table fairlock.kyc_levels (
  changed_at timestamp with time zone default clock_timestamp() not null,
  daily_limit numeric(20,8) not null,
  level text not null,
  monthly_limit numeric(20,8) not null,
  place smallint not null,
  constraint kyc_levels_level CHECK ((level = ANY (ARRAY['none'::text, 'basic'::text, 'full'::text, 'institution'::text]))),
  constraint kyc_levels_limits CHECK (((daily_limit >= (0)::numeric) AND (daily_limit < 'Infinity'::numeric) AND (monthly_limit >= (0)::numeric) AND (monthly_limit < 'Infinity'::numeric))),
  constraint kyc_levels_pkey PRIMARY KEY (level),
  constraint kyc_levels_place_key UNIQUE (place)
);
alter table fairlock.kyc_levels enable row level security;
alter table fairlock.kyc_levels force row level security;
create policy "everybody knows what a level may trade" on fairlock.kyc_levels for select to fairlock_app using (true);
create policy "the engine keeps the levels" on fairlock.kyc_levels for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF place, daily_limit, monthly_limit, changed_at ON fairlock.kyc_levels FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('level', '{*}', '{level}');
grant insert, select, update on fairlock.kyc_levels to fairlock_engine;
grant select on fairlock.kyc_levels to fairlock_app;

create table fairlock.kyc_requests (
  asked_at timestamp with time zone default clock_timestamp() not null,
  claimed_at timestamp with time zone,
  claimed_by uuid,
  decided_by uuid,
  ended_at timestamp with time zone,
  id uuid not null,
  level text not null,
  reason text,
  statement_sealed text,
  status text default 'asked'::text not null,
  user_id uuid not null,
  constraint kyc_requests_by_claimer CHECK (((decided_by IS NULL) OR (decided_by = claimed_by))),
  constraint kyc_requests_claimed CHECK (((claimed_by IS NULL) = (claimed_at IS NULL))),
  constraint kyc_requests_decided CHECK ((((status = ANY (ARRAY['approved'::text, 'refused'::text])) = (decided_by IS NOT NULL)) AND ((decided_by IS NOT NULL) = (reason IS NOT NULL)))),
  constraint kyc_requests_ended CHECK (((status = 'asked'::text) = (ended_at IS NULL))),
  constraint kyc_requests_level_check CHECK ((level = ANY (ARRAY['basic'::text, 'full'::text, 'institution'::text]))),
  constraint kyc_requests_reason_check CHECK (((length(btrim(reason)) >= 1) AND (length(btrim(reason)) <= 1000))),
  constraint kyc_requests_status_check CHECK ((status = ANY (ARRAY['asked'::text, 'approved'::text, 'refused'::text, 'withdrawn'::text]))),
  constraint kyc_requests_two_people CHECK (((claimed_by <> user_id) AND (decided_by <> user_id))),
  constraint kyc_requests_claimed_by_fkey FOREIGN KEY (claimed_by) REFERENCES public.users(id),
  constraint kyc_requests_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES public.users(id),
  constraint kyc_requests_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint kyc_requests_pkey PRIMARY KEY (id)
);
alter table fairlock.kyc_requests enable row level security;
alter table fairlock.kyc_requests force row level security;
CREATE INDEX kyc_requests_claimed_by ON fairlock.kyc_requests USING btree (claimed_by);
CREATE INDEX kyc_requests_decided_by ON fairlock.kyc_requests USING btree (decided_by);
CREATE INDEX kyc_requests_person ON fairlock.kyc_requests USING btree (user_id, asked_at DESC, id DESC);
CREATE INDEX kyc_requests_queue ON fairlock.kyc_requests USING btree (status, asked_at, id);
CREATE UNIQUE INDEX kyc_requests_one_open ON fairlock.kyc_requests USING btree (user_id) WHERE (status = 'asked'::text);
create policy "people see their requests, but not through an API key" on fairlock.kyc_requests for select to fairlock_app using (((user_id = ( SELECT fairlock.acting_user() AS acting_user)) AND (( SELECT fairlock.acting_key() AS acting_key) IS NULL)));
create policy "the engine keeps requests" on fairlock.kyc_requests for all to fairlock_engine using (true);
CREATE TRIGGER guard BEFORE UPDATE ON fairlock.kyc_requests FOR EACH ROW EXECUTE FUNCTION fairlock.guard_kyc_request();
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON fairlock.kyc_requests FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF user_id, level, statement_sealed, status, asked_at, claimed_by, claimed_at, decided_by, reason, ended_at ON fairlock.kyc_requests FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{user_id,level,status,asked_at,claimed_by,claimed_at,decided_by,ended_at}', '{id}');
CREATE TRIGGER sealed_statement_sealed BEFORE INSERT OR UPDATE OF statement_sealed, user_id ON fairlock.kyc_requests FOR EACH ROW WHEN ((new.statement_sealed IS NOT NULL)) EXECUTE FUNCTION fairlock.guard_sealed('statement_sealed', 'user_id');
grant insert, select on fairlock.kyc_requests to fairlock_engine;
grant select on fairlock.kyc_requests (asked_at) to fairlock_app;
grant select on fairlock.kyc_requests (claimed_at) to fairlock_app;
grant update on fairlock.kyc_requests (claimed_at) to fairlock_engine;
grant select on fairlock.kyc_requests (ended_at) to fairlock_app;
grant update on fairlock.kyc_requests (ended_at) to fairlock_engine;
grant select on fairlock.kyc_requests (id) to fairlock_app;
grant select on fairlock.kyc_requests (level) to fairlock_app;
grant select on fairlock.kyc_requests (reason) to fairlock_app;
grant update on fairlock.kyc_requests (reason) to fairlock_engine;
grant select on fairlock.kyc_requests (status) to fairlock_app;
grant update on fairlock.kyc_requests (status) to fairlock_engine;
grant select on fairlock.kyc_requests (user_id) to fairlock_app;
grant update on fairlock.kyc_requests (claimed_by) to fairlock_engine;
grant update on fairlock.kyc_requests (decided_by) to fairlock_engine;
grant update on fairlock.kyc_requests (statement_sealed) to fairlock_engine;

create table fairlock.liability_leaves (
  available numeric(38,8) not null,
  held numeric(38,8) not null,
  nonce bytea,
  "position" integer not null,
  snapshot integer not null,
  tree smallint not null,
  user_id uuid,
  constraint liability_leaves_available_check CHECK ((available >= (0)::numeric)),
  constraint liability_leaves_erased CHECK (((user_id IS NULL) = (nonce IS NULL))),
  constraint liability_leaves_held_check CHECK ((held >= (0)::numeric)),
  constraint liability_leaves_nonce_check CHECK ((octet_length(nonce) = 32)),
  constraint liability_leaves_pkey PRIMARY KEY (snapshot, tree, "position")
);
alter table fairlock.liability_leaves enable row level security;
alter table fairlock.liability_leaves force row level security;
CREATE UNIQUE INDEX liability_leaves_person ON fairlock.liability_leaves USING btree (user_id, snapshot, tree) WHERE (user_id IS NOT NULL);
create policy "people see their leaves" on fairlock.liability_leaves for select to fairlock_app using ((user_id = ( SELECT fairlock.acting_user() AS acting_user)));
create policy "the engine keeps trees" on fairlock.liability_leaves for all to fairlock_engine using (true);
grant delete, insert, select on fairlock.liability_leaves to fairlock_engine;
grant select on fairlock.liability_leaves to fairlock_app;
grant update on fairlock.liability_leaves (nonce) to fairlock_engine;
grant update on fairlock.liability_leaves (user_id) to fairlock_engine;

create table fairlock.liability_nodes (
  chunk integer not null,
  level smallint not null,
  nodes bytea not null,
  snapshot integer not null,
  tree smallint not null,
  constraint liability_nodes_nodes_check CHECK ((((octet_length(nodes) >= 48) AND (octet_length(nodes) <= 1536)) AND ((octet_length(nodes) % 48) = 0))),
  constraint liability_nodes_pkey PRIMARY KEY (snapshot, tree, level, chunk)
);
alter table fairlock.liability_nodes enable row level security;
alter table fairlock.liability_nodes force row level security;
create policy "the engine keeps trees" on fairlock.liability_nodes for all to fairlock_engine using (true);
grant delete, insert, select on fairlock.liability_nodes to fairlock_engine;

create table fairlock.liability_snapshots (
  as_of timestamp with time zone not null,
  entry_id bigint not null,
  head bytea not null,
  id uuid not null,
  key_id text not null,
  number integer not null,
  previous bytea not null,
  public_key bytea not null,
  retired_at timestamp with time zone,
  signature bytea not null,
  unseen bigint[] not null,
  constraint liability_snapshots_head_check CHECK ((octet_length(head) = 32)),
  constraint liability_snapshots_number_check CHECK ((number > 0)),
  constraint liability_snapshots_previous_check CHECK ((octet_length(previous) = 32)),
  constraint liability_snapshots_public_key_check CHECK ((octet_length(public_key) = 32)),
  constraint liability_snapshots_signature_check CHECK ((octet_length(signature) = 64)),
  constraint liability_snapshots_key_id_fkey FOREIGN KEY (key_id) REFERENCES audit.signing_keys(id),
  constraint liability_snapshots_pkey PRIMARY KEY (number),
  constraint liability_snapshots_id_key UNIQUE (id)
);
alter table fairlock.liability_snapshots enable row level security;
alter table fairlock.liability_snapshots force row level security;
CREATE INDEX liability_snapshots_key ON fairlock.liability_snapshots USING btree (key_id);
create policy "everybody reads the heads" on fairlock.liability_snapshots for select to fairlock_app using (true);
create policy "the engine keeps trees" on fairlock.liability_snapshots for all to fairlock_engine using (true);
grant insert, select on fairlock.liability_snapshots to fairlock_engine;
grant select on fairlock.liability_snapshots (as_of) to fairlock_app;
grant select on fairlock.liability_snapshots (head) to fairlock_app;
grant select on fairlock.liability_snapshots (id) to fairlock_app;
grant select on fairlock.liability_snapshots (key_id) to fairlock_app;
grant select on fairlock.liability_snapshots (number) to fairlock_app;
grant select on fairlock.liability_snapshots (previous) to fairlock_app;
grant select on fairlock.liability_snapshots (public_key) to fairlock_app;
grant select on fairlock.liability_snapshots (retired_at) to fairlock_app;
grant update on fairlock.liability_snapshots (retired_at) to fairlock_engine;
grant select on fairlock.liability_snapshots (signature) to fairlock_app;

create table fairlock.liability_trees (
  currency text not null,
  leaves integer not null,
  root bytea not null,
  snapshot integer not null,
  total numeric(38,8) not null,
  tree smallint not null,
  constraint liability_trees_leaves_check CHECK (((leaves > 0) AND ((leaves & (leaves - 1)) = 0))),
  constraint liability_trees_root_check CHECK ((octet_length(root) = 32)),
  constraint liability_trees_total_check CHECK ((total >= (0)::numeric)),
  constraint liability_trees_currency_fkey FOREIGN KEY (currency) REFERENCES fairlock.currencies(code),
  constraint liability_trees_snapshot_fkey FOREIGN KEY (snapshot) REFERENCES fairlock.liability_snapshots(number),
  constraint liability_trees_pkey PRIMARY KEY (snapshot, tree),
  constraint liability_trees_snapshot_currency_key UNIQUE (snapshot, currency)
);
alter table fairlock.liability_trees enable row level security;
alter table fairlock.liability_trees force row level security;
CREATE INDEX liability_trees_currency ON fairlock.liability_trees USING btree (currency, snapshot);
create policy "everybody reads the roots" on fairlock.liability_trees for select to fairlock_app using (true);
create policy "the engine keeps trees" on fairlock.liability_trees for all to fairlock_engine using (true);
grant insert, select on fairlock.liability_trees to fairlock_engine;
grant select on fairlock.liability_trees to fairlock_app;

create table fairlock.live_events (
  created_at timestamp with time zone not null,
  data jsonb not null,
  id uuid not null,
  kind text not null,
  "position" bigint generated always as identity not null,
  trade_id uuid,
  user_id uuid,
  constraint live_events_pkey PRIMARY KEY ("position")
);
alter table fairlock.live_events enable row level security;
alter table fairlock.live_events force row level security;
CREATE INDEX live_events_of_person ON fairlock.live_events USING btree (user_id, "position");
create policy "people see their events" on fairlock.live_events for select to fairlock_app using ((((user_id = ( SELECT fairlock.acting_user() AS acting_user)) AND ((kind <> 'notice.created'::text) OR (( SELECT fairlock.acting_key() AS acting_key) IS NULL))) OR ((user_id IS NULL) AND (( SELECT fairlock.acting_user() AS acting_user) IS NOT NULL))));
create policy "the engine writes events for everybody" on fairlock.live_events for all to fairlock_engine using (true);
grant delete, insert, select on fairlock.live_events to fairlock_engine;
grant select on fairlock.live_events to fairlock_app;

create table fairlock.live_state (
  only_row boolean default true not null,
  swept_to bigint default 0 not null,
  constraint live_state_only_row_check CHECK (only_row),
  constraint live_state_swept_to_check CHECK ((swept_to >= 0)),
  constraint live_state_pkey PRIMARY KEY (only_row)
);
alter table fairlock.live_state enable row level security;
alter table fairlock.live_state force row level security;
create policy "the engine notes what was swept" on fairlock.live_state for all to fairlock_engine using (true);
grant select, update on fairlock.live_state to fairlock_engine;

create view fairlock.makers (user_id uuid, body jsonb);
alter table fairlock.makers owner to fairlock_engine;
grant delete, insert, references, select, trigger, truncate, update on fairlock.makers to fairlock_engine;
grant select on fairlock.makers to fairlock_app;

create table fairlock.marked_people (
  mark text not null,
  marked_at timestamp with time zone default clock_timestamp() not null,
  owner_id uuid not null,
  person_id uuid not null,
  constraint marked_people_check CHECK ((owner_id <> person_id)),
  constraint marked_people_mark_check CHECK ((mark = ANY (ARRAY['blocked'::text, 'trusted'::text]))),
  constraint marked_people_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.users(id),
  constraint marked_people_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.users(id),
  constraint marked_people_pkey PRIMARY KEY (owner_id, person_id)
);
alter table fairlock.marked_people enable row level security;
alter table fairlock.marked_people force row level security;
CREATE INDEX marked_people_list ON fairlock.marked_people USING btree (owner_id, mark, marked_at DESC, person_id DESC);
CREATE INDEX marked_people_person ON fairlock.marked_people USING btree (person_id, mark);
create policy "people see their lists" on fairlock.marked_people for select to fairlock_app using ((owner_id = ( SELECT fairlock.acting_user() AS acting_user)));
create policy "the engine keeps lists" on fairlock.marked_people for all to fairlock_engine using (true);
grant delete, insert, select, update on fairlock.marked_people to fairlock_engine;
grant select on fairlock.marked_people to fairlock_app;

create table fairlock.market_quotes (
  as_of timestamp with time zone not null,
  base_currency text not null,
  is_sample boolean not null,
  pair text not null,
  price numeric not null,
  published_at timestamp with time zone default clock_timestamp() not null,
  quote_currency text not null,
  rate_as_of timestamp with time zone,
  source_count smallint not null,
  sources jsonb not null,
  spread_percent numeric(9,4) not null,
  via text not null,
  constraint market_quotes_pair CHECK (((pair = ((base_currency || '/'::text) || quote_currency)) AND (base_currency <> quote_currency))),
  constraint market_quotes_price CHECK (((price > (0)::numeric) AND (price < 'Infinity'::numeric))),
  constraint market_quotes_sources CHECK (((jsonb_typeof(sources) = 'array'::text) AND (source_count > 0) AND (spread_percent >= (0)::numeric))),
  constraint market_quotes_via CHECK ((via = ANY (ARRAY['direct'::text, 'cross'::text]))),
  constraint market_quotes_base_currency_fkey FOREIGN KEY (base_currency) REFERENCES fairlock.currencies(code),
  constraint market_quotes_quote_currency_fkey FOREIGN KEY (quote_currency) REFERENCES fairlock.currencies(code),
  constraint market_quotes_pkey PRIMARY KEY (pair)
);
alter table fairlock.market_quotes enable row level security;
alter table fairlock.market_quotes force row level security;
CREATE INDEX market_quotes_base ON fairlock.market_quotes USING btree (base_currency);
CREATE INDEX market_quotes_quote ON fairlock.market_quotes USING btree (quote_currency);
create policy "everybody reads quotes" on fairlock.market_quotes for select to fairlock_app using (true);
create policy "the engine keeps quotes" on fairlock.market_quotes for all to fairlock_engine using (true);
CREATE TRIGGER listings_follow_the_market AFTER INSERT OR UPDATE OF price ON fairlock.market_quotes FOR EACH ROW EXECUTE FUNCTION fairlock.follow_market();
grant delete, insert, select, update on fairlock.market_quotes to fairlock_engine;
grant select on fairlock.market_quotes to fairlock_app;

create table fairlock.messages (
  author_id uuid,
  author_role text,
  code text,
  created_at timestamp with time zone default clock_timestamp() not null,
  data jsonb,
  erased boolean default false not null,
  file_ids uuid[] default '{}'::uuid[] not null,
  id uuid not null,
  kind text not null,
  number integer not null,
  outbox_id bigint,
  text text,
  trade_id uuid not null,
  warnings jsonb default '[]'::jsonb not null,
  constraint messages_author CHECK ((((kind = 'text'::text) = (author_id IS NOT NULL)) AND ((author_id IS NULL) = (author_role IS NULL)))),
  constraint messages_author_role_check CHECK ((author_role = ANY (ARRAY['seller'::text, 'buyer'::text, 'arbitrator'::text]))),
  constraint messages_code_check CHECK (((code ~ '^[a-z_]+(\.[a-z_]+)+$'::text) AND (length(code) <= 60))),
  constraint messages_facts CHECK ((((kind = 'system'::text) = (code IS NOT NULL)) AND ((kind = 'system'::text) = (data IS NOT NULL)) AND ((kind = 'system'::text) = (outbox_id IS NOT NULL)) AND (jsonb_typeof(data) = 'object'::text) AND (pg_column_size(data) <= 2000))),
  constraint messages_files CHECK (((cardinality(file_ids) <= 5) AND (array_position(file_ids, NULL::uuid) IS NULL) AND ((kind = 'text'::text) OR (cardinality(file_ids) = 0)))),
  constraint messages_kind_check CHECK ((kind = ANY (ARRAY['text'::text, 'system'::text]))),
  constraint messages_number_check CHECK ((number > 0)),
  constraint messages_text CHECK ((((kind = 'text'::text) OR (text IS NULL)) AND ((kind = 'system'::text) OR (text IS NOT NULL) OR erased OR (cardinality(file_ids) > 0)) AND (length(text) <= 30000))),
  constraint messages_warnings CHECK (((jsonb_typeof(warnings) = 'array'::text) AND (jsonb_array_length(warnings) <= 20) AND (pg_column_size(warnings) <= 4000))),
  constraint messages_author_id_fkey FOREIGN KEY (author_id) REFERENCES public.users(id),
  constraint messages_trade_id_fkey FOREIGN KEY (trade_id) REFERENCES public.crypto_trades(id),
  constraint messages_pkey PRIMARY KEY (id),
  constraint messages_trade_id_number_key UNIQUE (trade_id, number)
);
alter table fairlock.messages enable row level security;
alter table fairlock.messages force row level security;
CREATE INDEX messages_author ON fairlock.messages USING btree (author_id);
CREATE UNIQUE INDEX messages_outbox ON fairlock.messages USING btree (outbox_id, created_at) WHERE (outbox_id IS NOT NULL);
create policy "the engine keeps messages" on fairlock.messages for all to fairlock_engine using (true);
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON fairlock.messages FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER sealed_text BEFORE INSERT OR UPDATE OF text, author_id ON fairlock.messages FOR EACH ROW WHEN ((new.text IS NOT NULL)) EXECUTE FUNCTION fairlock.guard_sealed('text', 'author_id');
grant insert, select on fairlock.messages to fairlock_engine;
grant update on fairlock.messages (erased) to fairlock_engine;
grant update on fairlock.messages (text) to fairlock_engine;
grant update on fairlock.messages (warnings) to fairlock_engine;

create table fairlock.news_set_aside (
  created_at timestamp with time zone not null,
  data jsonb not null,
  error text not null,
  failed_at timestamp with time zone default clock_timestamp() not null,
  id bigint not null,
  kind text not null,
  people uuid[] not null,
  trade_id uuid,
  constraint news_set_aside_error_check CHECK ((length(error) <= 400)),
  constraint news_set_aside_pkey PRIMARY KEY (id)
);
alter table fairlock.news_set_aside enable row level security;
alter table fairlock.news_set_aside force row level security;
create policy "the engine sets news aside and takes it up again" on fairlock.news_set_aside for all to fairlock_engine using (true);
grant delete, insert, select on fairlock.news_set_aside to fairlock_engine;

create table fairlock.notices (
  created_at timestamp with time zone default clock_timestamp() not null,
  data jsonb not null,
  id uuid not null,
  in_app boolean default true not null,
  kind text not null,
  mail_attempts integer default 0 not null,
  mail_due_at timestamp with time zone,
  mail_error text,
  mail_sent_at timestamp with time zone,
  mail_to text,
  read_at timestamp with time zone,
  user_id uuid not null,
  constraint notices_check CHECK (((mail_to IS NOT NULL) OR ((mail_due_at IS NULL) AND (mail_sent_at IS NULL)))),
  constraint notices_data_check CHECK (((jsonb_typeof(data) = 'object'::text) AND (pg_column_size(data) <= 4000))),
  constraint notices_kind CHECK (((kind ~ '^[a-z_]+(\.[a-z_]+)+$'::text) AND (length(kind) <= 60))),
  constraint notices_mail_error_check CHECK ((length(mail_error) <= 400)),
  constraint notices_mail_to_check CHECK ((length(mail_to) <= 320)),
  constraint notices_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint notices_pkey PRIMARY KEY (id)
);
alter table fairlock.notices enable row level security;
alter table fairlock.notices force row level security;
CREATE INDEX notices_mail_due ON fairlock.notices USING btree (mail_due_at) WHERE (mail_due_at IS NOT NULL);
CREATE INDEX notices_of_messages ON fairlock.notices USING btree (user_id, ((data ->> 'tradeId'::text)), created_at DESC) WHERE (kind = 'message.posted'::text);
CREATE INDEX notices_of_person ON fairlock.notices USING btree (user_id, created_at DESC, id DESC);
CREATE INDEX notices_unread ON fairlock.notices USING btree (user_id, created_at) WHERE ((read_at IS NULL) AND in_app);
create policy "people see their notices" on fairlock.notices for select to fairlock_app using ((user_id = ( SELECT fairlock.acting_user() AS acting_user)));
create policy "the engine acts for everybody" on fairlock.notices for all to fairlock_engine using (true);
grant delete, insert, select on fairlock.notices to fairlock_engine;
grant select on fairlock.notices (created_at) to fairlock_app;
grant select on fairlock.notices (data) to fairlock_app;
grant update on fairlock.notices (data) to fairlock_engine;
grant select on fairlock.notices (id) to fairlock_app;
grant select on fairlock.notices (in_app) to fairlock_app;
grant select on fairlock.notices (kind) to fairlock_app;
grant select on fairlock.notices (read_at) to fairlock_app;
grant update on fairlock.notices (read_at) to fairlock_engine;
grant select on fairlock.notices (user_id) to fairlock_app;
grant update on fairlock.notices (mail_attempts) to fairlock_engine;
grant update on fairlock.notices (mail_due_at) to fairlock_engine;
grant update on fairlock.notices (mail_error) to fairlock_engine;
grant update on fairlock.notices (mail_sent_at) to fairlock_engine;

create table fairlock.offer_listings (
  anchor text not null,
  anchor_from numeric,
  anchor_to numeric,
  offer_id uuid not null,
  pair text not null,
  payment_method_type text not null,
  rank numeric(20,8) not null,
  side text not null,
  constraint offer_listings_offer_id_fkey FOREIGN KEY (offer_id) REFERENCES fairlock.offers(id) ON DELETE CASCADE,
  constraint offer_listings_pkey PRIMARY KEY (offer_id, payment_method_type)
);
alter table fairlock.offer_listings enable row level security;
alter table fairlock.offer_listings force row level security;
CREATE INDEX offer_listings_from ON fairlock.offer_listings USING btree (pair, anchor_from, side, payment_method_type) WHERE (anchor_from IS NOT NULL);
CREATE INDEX offer_listings_market ON fairlock.offer_listings USING btree (pair, side, payment_method_type, anchor, rank, offer_id);
CREATE INDEX offer_listings_to ON fairlock.offer_listings USING btree (pair, anchor_to, side, payment_method_type) WHERE (anchor_to IS NOT NULL);
create policy "listings are public" on fairlock.offer_listings for select to fairlock_app using (true);
create policy "the engine keeps listings" on fairlock.offer_listings for all to fairlock_engine using (true);
grant delete, insert, select on fairlock.offer_listings to fairlock_engine;
grant select on fairlock.offer_listings to fairlock_app;
grant update on fairlock.offer_listings (anchor) to fairlock_engine;
grant update on fairlock.offer_listings (anchor_from) to fairlock_engine;
grant update on fairlock.offer_listings (anchor_to) to fairlock_engine;
grant update on fairlock.offer_listings (rank) to fairlock_engine;

create table fairlock.offers (
  base_currency text not null,
  ceiling_price numeric(20,8),
  closed_at timestamp with time zone,
  countries text[],
  created_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone,
  first_trade_limit numeric(20,8),
  floor_price numeric(20,8),
  hidden_until timestamp with time zone,
  id uuid not null,
  listed boolean generated always as (((status = 'open'::text) AND ((total_amount - taken_amount) >= min_amount))) stored not null,
  maker_id uuid not null,
  margin_percent numeric(5,2),
  max_amount numeric(20,8) not null,
  min_amount numeric(20,8) not null,
  min_completed_trades integer,
  min_kyc_level text,
  pair text generated always as (((base_currency || '/'::text) || quote_currency)) stored not null,
  payment_method_types text[] not null,
  payment_window_minutes integer not null,
  price numeric(20,8),
  pricing text default 'fixed'::text not null,
  quote_currency text not null,
  side text not null,
  status text default 'open'::text not null,
  taken_amount numeric(20,8) default 0 not null,
  terms text,
  total_amount numeric(20,8) not null,
  trusted_only boolean default false not null,
  updated_at timestamp with time zone default now() not null,
  verified_traders_only boolean default false not null,
  version integer default 1 not null,
  working_days smallint[],
  working_from_minute smallint,
  working_to_minute smallint,
  working_zone text,
  constraint offers_taken CHECK (((taken_amount >= (0)::numeric) AND (taken_amount <= total_amount))),
  constraint offers_base_currency_fkey FOREIGN KEY (base_currency) REFERENCES fairlock.currencies(code),
  constraint offers_maker_id_fkey FOREIGN KEY (maker_id) REFERENCES public.users(id),
  constraint offers_quote_currency_fkey FOREIGN KEY (quote_currency) REFERENCES fairlock.currencies(code),
  constraint offers_pkey PRIMARY KEY (id)
);
alter table fairlock.offers enable row level security;
alter table fairlock.offers force row level security;
CREATE INDEX offers_expiry ON fairlock.offers USING btree (expires_at) WHERE ((status <> 'closed'::text) AND (expires_at IS NOT NULL));
CREATE INDEX offers_maker ON fairlock.offers USING btree (maker_id, created_at DESC, id DESC);
create policy "the engine keeps offers" on fairlock.offers for all to fairlock_engine using (true);
create policy "the market is public, the rest the maker's" on fairlock.offers for select to fairlock_app using (((listed AND ((hidden_until IS NULL) OR (hidden_until <= now()))) OR (maker_id = ( SELECT fairlock.acting_user() AS acting_user))));
CREATE TRIGGER guard BEFORE UPDATE ON fairlock.offers FOR EACH ROW EXECUTE FUNCTION fairlock.guard_offer();
CREATE TRIGGER laws BEFORE INSERT OR UPDATE ON fairlock.offers FOR EACH ROW EXECUTE FUNCTION fairlock.keep_laws();
CREATE TRIGGER listings AFTER INSERT ON fairlock.offers FOR EACH ROW EXECUTE FUNCTION fairlock.keep_listings();
CREATE TRIGGER listings_follow AFTER UPDATE ON fairlock.offers FOR EACH ROW WHEN (((new.listed <> old.listed) OR (new.payment_method_types <> old.payment_method_types) OR (((((new.pricing IS DISTINCT FROM old.pricing) OR (new.price IS DISTINCT FROM old.price)) OR (new.margin_percent IS DISTINCT FROM old.margin_percent)) OR (new.floor_price IS DISTINCT FROM old.floor_price)) OR (new.ceiling_price IS DISTINCT FROM old.ceiling_price)))) EXECUTE FUNCTION fairlock.keep_listings();
CREATE TRIGGER no_offer_while_banned BEFORE INSERT ON fairlock.offers FOR EACH ROW EXECUTE FUNCTION fairlock.refuse_banned_maker();
CREATE TRIGGER no_reopening_while_banned BEFORE UPDATE OF status ON fairlock.offers FOR EACH ROW WHEN (((new.status = 'open'::text) AND (old.status <> 'open'::text))) EXECUTE FUNCTION fairlock.refuse_banned_maker();
grant insert, select on fairlock.offers to fairlock_engine;
grant select on fairlock.offers to fairlock_app;
grant update on fairlock.offers (ceiling_price) to fairlock_engine;
grant update on fairlock.offers (closed_at) to fairlock_engine;
grant update on fairlock.offers (countries) to fairlock_engine;
grant update on fairlock.offers (expires_at) to fairlock_engine;
grant update on fairlock.offers (first_trade_limit) to fairlock_engine;
grant update on fairlock.offers (floor_price) to fairlock_engine;
grant update on fairlock.offers (hidden_until) to fairlock_engine;
grant update on fairlock.offers (margin_percent) to fairlock_engine;
grant update on fairlock.offers (max_amount) to fairlock_engine;
grant update on fairlock.offers (min_amount) to fairlock_engine;
grant update on fairlock.offers (min_completed_trades) to fairlock_engine;
grant update on fairlock.offers (min_kyc_level) to fairlock_engine;
grant update on fairlock.offers (payment_method_types) to fairlock_engine;
grant update on fairlock.offers (payment_window_minutes) to fairlock_engine;
grant update on fairlock.offers (price) to fairlock_engine;
grant update on fairlock.offers (pricing) to fairlock_engine;
grant update on fairlock.offers (status) to fairlock_engine;
grant update on fairlock.offers (taken_amount) to fairlock_engine;
grant update on fairlock.offers (terms) to fairlock_engine;
grant update on fairlock.offers (total_amount) to fairlock_engine;
grant update on fairlock.offers (trusted_only) to fairlock_engine;
grant update on fairlock.offers (updated_at) to fairlock_engine;
grant update on fairlock.offers (verified_traders_only) to fairlock_engine;
grant update on fairlock.offers (version) to fairlock_engine;
grant update on fairlock.offers (working_days) to fairlock_engine;
grant update on fairlock.offers (working_from_minute) to fairlock_engine;
grant update on fairlock.offers (working_to_minute) to fairlock_engine;
grant update on fairlock.offers (working_zone) to fairlock_engine;

create table fairlock.outbox (
  created_at timestamp with time zone default clock_timestamp() not null,
  data jsonb not null,
  id bigint generated always as identity not null,
  kind text not null,
  people uuid[] not null,
  trade_id uuid,
  constraint outbox_data_check CHECK (((jsonb_typeof(data) = 'object'::text) AND (pg_column_size(data) <= 4000))),
  constraint outbox_kind_check CHECK (((kind ~ '^[a-z_]+(\.[a-z_]+)+$'::text) AND (length(kind) <= 60))),
  constraint outbox_people_check CHECK ((cardinality(people) <= 1000)),
  constraint outbox_pkey PRIMARY KEY (id)
);
alter table fairlock.outbox enable row level security;
alter table fairlock.outbox force row level security;
create policy "the engine writes and takes news" on fairlock.outbox for all to fairlock_engine using (true);
grant delete, insert, select on fairlock.outbox to fairlock_engine;

create table fairlock.outside_wallets (
  address text,
  chain_type text,
  created_at timestamp with time zone default clock_timestamp() not null,
  currency text not null,
  id uuid not null,
  is_primary boolean default false not null,
  last_known_balance numeric(20,8),
  last_synced_at timestamp with time zone,
  provider text,
  user_id uuid not null,
  constraint outside_wallets_balance CHECK (((last_known_balance >= (0)::numeric) AND (last_known_balance <> 'NaN'::numeric))),
  constraint outside_wallets_currency CHECK ((currency <> ''::text)),
  constraint outside_wallets_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint outside_wallets_pkey PRIMARY KEY (id)
);
alter table fairlock.outside_wallets enable row level security;
alter table fairlock.outside_wallets force row level security;
CREATE INDEX outside_wallets_page ON fairlock.outside_wallets USING btree (user_id, created_at DESC, id DESC);
create policy "people see their outside wallets" on fairlock.outside_wallets for select to fairlock_app using ((user_id = ( SELECT fairlock.acting_user() AS acting_user)));
create policy "the engine keeps outside wallets" on fairlock.outside_wallets for all to fairlock_engine using (true);
grant delete, insert, select, update on fairlock.outside_wallets to fairlock_engine;
grant select on fairlock.outside_wallets to fairlock_app;

create table fairlock.passkey_challenges (
  challenge bytea not null,
  expires_at timestamp with time zone not null,
  purpose text not null,
  session_id uuid,
  user_id uuid,
  constraint passkey_challenges_challenge_check CHECK ((octet_length(challenge) = 32)),
  constraint passkey_challenges_check CHECK ((((purpose = 'sign_in'::text) = (user_id IS NULL)) AND ((user_id IS NULL) = (session_id IS NULL)))),
  constraint passkey_challenges_purpose_check CHECK ((purpose = ANY (ARRAY['registration'::text, 'sign_in'::text, 'step_up'::text]))),
  constraint passkey_challenges_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint passkey_challenges_pkey PRIMARY KEY (challenge)
);
alter table fairlock.passkey_challenges enable row level security;
alter table fairlock.passkey_challenges force row level security;
CREATE INDEX passkey_challenges_over ON fairlock.passkey_challenges USING btree (expires_at);
CREATE INDEX passkey_challenges_user ON fairlock.passkey_challenges USING btree (user_id, session_id);
create policy "the engine acts for everybody" on fairlock.passkey_challenges for all to fairlock_engine using (true);
grant delete, insert, select on fairlock.passkey_challenges to fairlock_engine;

create table fairlock.passkeys (
  backed_up boolean not null,
  cloned_at timestamp with time zone,
  counter bigint not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  credential_id bytea not null,
  id uuid not null,
  last_used_at timestamp with time zone,
  name text not null,
  public_key bytea not null,
  rp_id text not null,
  transports text[] not null,
  user_id uuid not null,
  constraint passkeys_counter_check CHECK (((counter >= 0) AND (counter <= '4294967295'::bigint))),
  constraint passkeys_credential_id_check CHECK (((octet_length(credential_id) >= 1) AND (octet_length(credential_id) <= 1023))),
  constraint passkeys_name_check CHECK (((length(name) >= 1) AND (length(name) <= 80))),
  constraint passkeys_public_key_check CHECK (((octet_length(public_key) >= 1) AND (octet_length(public_key) <= 4000))),
  constraint passkeys_rp_id_check CHECK (((length(rp_id) >= 1) AND (length(rp_id) <= 253))),
  constraint passkeys_transports_check CHECK ((cardinality(transports) <= 10)),
  constraint passkeys_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint passkeys_pkey PRIMARY KEY (id)
);
alter table fairlock.passkeys enable row level security;
alter table fairlock.passkeys force row level security;
CREATE INDEX passkeys_user ON fairlock.passkeys USING btree (user_id, created_at);
CREATE UNIQUE INDEX passkeys_credential ON fairlock.passkeys USING btree (credential_id);
create policy "people see their passkeys, but not through an API key" on fairlock.passkeys for select to fairlock_app using (((user_id = ( SELECT fairlock.acting_user() AS acting_user)) AND (( SELECT fairlock.acting_key() AS acting_key) IS NULL)));
create policy "the engine acts for everybody" on fairlock.passkeys for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF user_id, credential_id, public_key, transports, name, backed_up, rp_id, created_at, cloned_at ON fairlock.passkeys FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{user_id,backed_up,rp_id,created_at,cloned_at}', '{id,counter,last_used_at}');
CREATE TRIGGER second_factor AFTER INSERT OR DELETE OR UPDATE OF user_id ON fairlock.passkeys FOR EACH ROW EXECUTE FUNCTION fairlock.note_second_factor();
grant delete, insert, select on fairlock.passkeys to fairlock_engine;
grant select on fairlock.passkeys (backed_up) to fairlock_app;
grant update on fairlock.passkeys (backed_up) to fairlock_engine;
grant select on fairlock.passkeys (cloned_at) to fairlock_app;
grant update on fairlock.passkeys (cloned_at) to fairlock_engine;
grant select on fairlock.passkeys (created_at) to fairlock_app;
grant select on fairlock.passkeys (id) to fairlock_app;
grant select on fairlock.passkeys (last_used_at) to fairlock_app;
grant update on fairlock.passkeys (last_used_at) to fairlock_engine;
grant select on fairlock.passkeys (name) to fairlock_app;
grant update on fairlock.passkeys (name) to fairlock_engine;
grant select on fairlock.passkeys (transports) to fairlock_app;
grant select on fairlock.passkeys (user_id) to fairlock_app;
grant update on fairlock.passkeys (counter) to fairlock_engine;

create table fairlock.password_reset_wishes (
  asked_at timestamp with time zone default clock_timestamp() not null,
  email text not null,
  id uuid not null,
  constraint password_reset_wishes_email_check CHECK ((length(email) <= 320)),
  constraint password_reset_wishes_pkey PRIMARY KEY (id)
);
alter table fairlock.password_reset_wishes enable row level security;
alter table fairlock.password_reset_wishes force row level security;
CREATE INDEX password_reset_wishes_order ON fairlock.password_reset_wishes USING btree (asked_at);
create policy "the engine acts for everybody" on fairlock.password_reset_wishes for all to fairlock_engine using (true);
grant delete, insert, select on fairlock.password_reset_wishes to fairlock_engine;
grant update on fairlock.password_reset_wishes (asked_at) to fairlock_engine;

create table fairlock.password_resets (
  created_at timestamp with time zone default clock_timestamp() not null,
  ended_at timestamp with time zone,
  expires_at timestamp with time zone not null,
  id uuid not null,
  outcome text,
  token_hashes bytea[] default '{}'::bytea[] not null,
  used_from inet,
  user_id uuid not null,
  constraint password_resets_check CHECK (((ended_at IS NULL) = (outcome IS NULL))),
  constraint password_resets_check1 CHECK ((expires_at > created_at)),
  constraint password_resets_outcome_check CHECK ((outcome = ANY (ARRAY['used'::text, 'replaced'::text]))),
  constraint password_resets_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint password_resets_pkey PRIMARY KEY (id)
);
alter table fairlock.password_resets enable row level security;
alter table fairlock.password_resets force row level security;
CREATE INDEX password_resets_of_person ON fairlock.password_resets USING btree (user_id, created_at DESC);
CREATE UNIQUE INDEX password_resets_one_open ON fairlock.password_resets USING btree (user_id) WHERE (ended_at IS NULL);
create policy "the engine acts for everybody" on fairlock.password_resets for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF user_id, token_hashes, created_at, expires_at, ended_at, outcome, used_from ON fairlock.password_resets FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{user_id,created_at,expires_at,ended_at,outcome}', '{id}');
grant delete, insert, select on fairlock.password_resets to fairlock_engine;
grant update on fairlock.password_resets (ended_at) to fairlock_engine;
grant update on fairlock.password_resets (outcome) to fairlock_engine;
grant update on fairlock.password_resets (token_hashes) to fairlock_engine;
grant update on fairlock.password_resets (used_from) to fairlock_engine;

create table fairlock.payment_method_types (
  countries text[],
  currencies text[],
  kind text not null,
  name text not null,
  reversible boolean not null,
  risk text not null,
  slug text not null,
  usual_minutes integer not null,
  constraint payment_method_types_countries_check CHECK ((cardinality(countries) > 0)),
  constraint payment_method_types_currencies_check CHECK ((cardinality(currencies) > 0)),
  constraint payment_method_types_kind_check CHECK ((kind = ANY (ARRAY['bank'::text, 'wallet'::text, 'mobile_money'::text, 'card'::text, 'cash'::text, 'voucher'::text, 'remittance'::text]))),
  constraint payment_method_types_name_check CHECK (((length(name) >= 1) AND (length(name) <= 60))),
  constraint payment_method_types_risk_check CHECK ((risk = ANY (ARRAY['low'::text, 'medium'::text, 'high'::text]))),
  constraint payment_method_types_slug_check CHECK (((slug ~ '^[a-z0-9]+(_[a-z0-9]+)*$'::text) AND (length(slug) <= 40))),
  constraint payment_method_types_usual_minutes_check CHECK (((usual_minutes >= 1) AND (usual_minutes <= 20160))),
  constraint payment_method_types_pkey PRIMARY KEY (slug)
);
alter table fairlock.payment_method_types enable row level security;
alter table fairlock.payment_method_types force row level security;
create policy "the catalogue is public" on fairlock.payment_method_types for select to fairlock_app using (true);
create policy "the engine keeps the catalogue" on fairlock.payment_method_types for all to fairlock_engine using (true);
grant delete, insert, select on fairlock.payment_method_types to fairlock_engine;
grant select on fairlock.payment_method_types to fairlock_app;

create table fairlock.price_board (
  at timestamp with time zone not null,
  change_1h numeric,
  change_24h numeric,
  change_30d numeric,
  change_7d numeric,
  circulating_supply numeric,
  currency text not null,
  dominance numeric,
  facts_at timestamp with time zone,
  facts_source text,
  high_24h numeric,
  is_sample boolean not null,
  low_24h numeric,
  macd numeric,
  macd_signal numeric,
  market_cap numeric,
  market_cap_rank integer,
  max_supply numeric,
  not_fitting text[] default '{}'::text[] not null,
  price_btc numeric,
  price_eth numeric,
  price_usd numeric not null,
  rsi_14 numeric,
  sentiment numeric,
  source_high_24h numeric,
  source_low_24h numeric,
  total_supply numeric,
  volume_24h numeric,
  constraint price_board_price_usd_check CHECK (((price_usd > (0)::numeric) AND (price_usd < 'Infinity'::numeric))),
  constraint price_board_currency_fkey FOREIGN KEY (currency) REFERENCES fairlock.currencies(code),
  constraint price_board_pkey PRIMARY KEY (currency)
);
alter table fairlock.price_board enable row level security;
alter table fairlock.price_board force row level security;
create policy "everybody reads the board" on fairlock.price_board for select to fairlock_app using (true);
create policy "the engine keeps the board" on fairlock.price_board for all to fairlock_engine using (true);
grant insert, select, update on fairlock.price_board to fairlock_engine;
grant select on fairlock.price_board to fairlock_app;

create table fairlock.price_days (
  at timestamp with time zone not null,
  close numeric not null,
  currency text not null,
  first_at timestamp with time zone not null,
  high numeric not null,
  is_sample boolean not null,
  last_at timestamp with time zone not null,
  low numeric not null,
  open numeric not null,
  samples integer not null,
  constraint price_history_bar CHECK (((low > (0)::numeric) AND (high < 'Infinity'::numeric) AND ((open >= low) AND (open <= high)) AND ((close >= low) AND (close <= high)) AND (samples > 0) AND (at <= first_at) AND (first_at <= last_at))),
  constraint price_days_pkey PRIMARY KEY (currency, is_sample, at)
);
alter table fairlock.price_days enable row level security;
alter table fairlock.price_days force row level security;
create policy "everybody reads days" on fairlock.price_days for select to fairlock_app using (true);
create policy "the engine keeps days" on fairlock.price_days for all to fairlock_engine using (true);
grant insert, select, update on fairlock.price_days to fairlock_engine;
grant select on fairlock.price_days to fairlock_app;

create table fairlock.price_history (
  at timestamp with time zone not null,
  close numeric not null,
  currency text not null,
  first_at timestamp with time zone not null,
  high numeric not null,
  is_sample boolean not null,
  last_at timestamp with time zone not null,
  low numeric not null,
  open numeric not null,
  samples integer not null,
  constraint price_history_bar CHECK (((low > (0)::numeric) AND (high < 'Infinity'::numeric) AND ((open >= low) AND (open <= high)) AND ((close >= low) AND (close <= high)) AND (samples > 0) AND (at <= first_at) AND (first_at <= last_at))),
  constraint price_history_pkey PRIMARY KEY (currency, is_sample, at)
);
alter table fairlock.price_history enable row level security;
alter table fairlock.price_history force row level security;
create policy "everybody reads minutes" on fairlock.price_history for select to fairlock_app using (true);
create policy "the engine keeps minutes" on fairlock.price_history for all to fairlock_engine using (true);
grant insert, select, update on fairlock.price_history to fairlock_engine;
grant select on fairlock.price_history to fairlock_app;

create table fairlock.price_hours (
  at timestamp with time zone not null,
  close numeric not null,
  currency text not null,
  first_at timestamp with time zone not null,
  high numeric not null,
  is_sample boolean not null,
  last_at timestamp with time zone not null,
  low numeric not null,
  open numeric not null,
  samples integer not null,
  constraint price_history_bar CHECK (((low > (0)::numeric) AND (high < 'Infinity'::numeric) AND ((open >= low) AND (open <= high)) AND ((close >= low) AND (close <= high)) AND (samples > 0) AND (at <= first_at) AND (first_at <= last_at))),
  constraint price_hours_pkey PRIMARY KEY (currency, is_sample, at)
);
alter table fairlock.price_hours enable row level security;
alter table fairlock.price_hours force row level security;
create policy "everybody reads hours" on fairlock.price_hours for select to fairlock_app using (true);
create policy "the engine keeps hours" on fairlock.price_hours for all to fairlock_engine using (true);
grant insert, select, update on fairlock.price_hours to fairlock_engine;
grant select on fairlock.price_hours to fairlock_app;

create table fairlock.price_locks (
  amount numeric(20,8),
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  id uuid not null,
  offer_id uuid not null,
  offer_version integer not null,
  price numeric(20,8) not null,
  provenance jsonb not null,
  user_id uuid not null,
  constraint price_locks_price CHECK (((price > (0)::numeric) AND (price <> 'NaN'::numeric) AND ((amount IS NULL) OR (amount > (0)::numeric)))),
  constraint price_locks_times CHECK ((expires_at > created_at)),
  constraint price_locks_offer_id_fkey FOREIGN KEY (offer_id) REFERENCES fairlock.offers(id) ON DELETE CASCADE,
  constraint price_locks_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint price_locks_pkey PRIMARY KEY (id),
  constraint price_locks_user_id_offer_id_key UNIQUE (user_id, offer_id)
);
alter table fairlock.price_locks enable row level security;
alter table fairlock.price_locks force row level security;
CREATE INDEX price_locks_expiry ON fairlock.price_locks USING btree (expires_at);
CREATE INDEX price_locks_offer ON fairlock.price_locks USING btree (offer_id);
create policy "the engine keeps price locks" on fairlock.price_locks for all to fairlock_engine using (true);
grant delete, insert, select, update on fairlock.price_locks to fairlock_engine;

create table fairlock.price_sources (
  breaker text default 'closed'::text not null,
  dropped jsonb default '{}'::jsonb not null,
  failing_since timestamp with time zone,
  failure text,
  failures jsonb default '{}'::jsonb not null,
  next_at timestamp with time zone not null,
  outliers integer default 0 not null,
  read_at timestamp with time zone,
  reads bigint default 0 not null,
  source text not null,
  ticks jsonb default '{}'::jsonb not null,
  tried_at timestamp with time zone,
  constraint price_sources_breaker CHECK ((breaker = ANY (ARRAY['closed'::text, 'open'::text, 'half_open'::text]))),
  constraint price_sources_counts CHECK (((reads >= 0) AND (outliers >= 0) AND (jsonb_typeof(ticks) = 'object'::text) AND (jsonb_typeof(failures) = 'object'::text) AND (jsonb_typeof(dropped) = 'object'::text))),
  constraint price_sources_failing CHECK (((failing_since IS NULL) = (failure IS NULL))),
  constraint price_sources_source CHECK ((source ~ '^[a-z][a-z0-9.-]{1,39}$'::text)),
  constraint price_sources_pkey PRIMARY KEY (source)
);
alter table fairlock.price_sources enable row level security;
alter table fairlock.price_sources force row level security;
create policy "the engine keeps what sources say" on fairlock.price_sources for all to fairlock_engine using (true);
grant delete, insert, select, update on fairlock.price_sources to fairlock_engine;

create view fairlock.public_ratings (id uuid, rated_id uuid, given_on date, role text, rating numeric(3,2), feedback text, answer text, feedback_hidden boolean, answer_hidden boolean);
alter table fairlock.public_ratings owner to fairlock_engine;
grant delete, insert, references, select, trigger, truncate, update on fairlock.public_ratings to fairlock_engine;
grant select on fairlock.public_ratings to fairlock_app;

create table fairlock.push_keys (
  created_at timestamp with time zone default clock_timestamp() not null,
  id uuid not null,
  owner_id uuid,
  private_key text not null,
  public_key bytea not null,
  constraint push_keys_owner_id_check CHECK ((owner_id IS NULL)),
  constraint push_keys_public_key_check CHECK ((octet_length(public_key) = 65)),
  constraint push_keys_pkey PRIMARY KEY (id)
);
alter table fairlock.push_keys enable row level security;
alter table fairlock.push_keys force row level security;
CREATE UNIQUE INDEX push_keys_only_one ON fairlock.push_keys USING btree ((true));
create policy "the engine acts for everybody" on fairlock.push_keys for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF owner_id, public_key, private_key, created_at ON fairlock.push_keys FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{created_at}', '{id}');
CREATE TRIGGER sealed_private_key BEFORE INSERT OR UPDATE OF private_key, owner_id ON fairlock.push_keys FOR EACH ROW WHEN ((new.private_key IS NOT NULL)) EXECUTE FUNCTION fairlock.guard_sealed('private_key', 'owner_id');
grant insert, select on fairlock.push_keys to fairlock_engine;
grant update on fairlock.push_keys (private_key) to fairlock_engine;

create table fairlock.push_messages (
  attempts integer default 0 not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  due_at timestamp with time zone default clock_timestamp() not null,
  id uuid not null,
  notice_id uuid not null,
  subscription_id uuid not null,
  constraint push_messages_attempts_check CHECK ((attempts >= 0)),
  constraint push_messages_notice_id_fkey FOREIGN KEY (notice_id) REFERENCES fairlock.notices(id) ON DELETE CASCADE,
  constraint push_messages_subscription_id_fkey FOREIGN KEY (subscription_id) REFERENCES fairlock.push_subscriptions(id) ON DELETE CASCADE,
  constraint push_messages_pkey PRIMARY KEY (id),
  constraint push_messages_subscription_id_notice_id_key UNIQUE (subscription_id, notice_id)
);
alter table fairlock.push_messages enable row level security;
alter table fairlock.push_messages force row level security;
CREATE INDEX push_messages_due ON fairlock.push_messages USING btree (due_at);
CREATE INDEX push_messages_notice ON fairlock.push_messages USING btree (notice_id);
create policy "the engine acts for everybody" on fairlock.push_messages for all to fairlock_engine using (true);
grant delete, insert, select on fairlock.push_messages to fairlock_engine;
grant update on fairlock.push_messages (attempts) to fairlock_engine;
grant update on fairlock.push_messages (due_at) to fairlock_engine;

create table fairlock.push_subscriptions (
  created_at timestamp with time zone default clock_timestamp() not null,
  endpoint text not null,
  expires_at timestamp with time zone,
  id uuid not null,
  keys text not null,
  session_id uuid,
  user_id uuid not null,
  constraint push_subscriptions_endpoint_check CHECK (((length(endpoint) >= 1) AND (length(endpoint) <= 1000))),
  constraint push_subscriptions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint push_subscriptions_pkey PRIMARY KEY (id),
  constraint push_subscriptions_user_id_endpoint_key UNIQUE (user_id, endpoint)
);
alter table fairlock.push_subscriptions enable row level security;
alter table fairlock.push_subscriptions force row level security;
CREATE INDEX push_subscriptions_endpoint ON fairlock.push_subscriptions USING btree (endpoint);
CREATE INDEX push_subscriptions_expiry ON fairlock.push_subscriptions USING btree (expires_at);
create policy "the engine acts for everybody" on fairlock.push_subscriptions for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF user_id, endpoint, keys, expires_at, created_at, session_id ON fairlock.push_subscriptions FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{user_id,created_at,expires_at}', '{id}');
CREATE TRIGGER sealed_keys BEFORE INSERT OR UPDATE OF keys, user_id ON fairlock.push_subscriptions FOR EACH ROW WHEN ((new.keys IS NOT NULL)) EXECUTE FUNCTION fairlock.guard_sealed('keys', 'user_id');
grant delete, insert, select on fairlock.push_subscriptions to fairlock_engine;
grant update on fairlock.push_subscriptions (expires_at) to fairlock_engine;
grant update on fairlock.push_subscriptions (keys) to fairlock_engine;

create table fairlock.rate_limits (
  expire bigint,
  key character varying(255) not null,
  points integer default 0 not null,
  constraint rate_limits_pkey PRIMARY KEY (key)
);
alter table fairlock.rate_limits enable row level security;
alter table fairlock.rate_limits force row level security;
create policy "the api counts attempts" on fairlock.rate_limits for all to fairlock_app using (true);
create policy "the engine acts for everybody" on fairlock.rate_limits for all to fairlock_engine using (true);
grant delete, insert, select, update on fairlock.rate_limits to fairlock_app;

create table fairlock.ratings (
  answer text,
  answer_hidden boolean default false not null,
  feedback_hidden boolean default false not null,
  given_on date default ((clock_timestamp() AT TIME ZONE 'UTC'::text))::date not null,
  id uuid default gen_random_uuid() not null,
  rated_id uuid not null,
  rater_id uuid not null,
  trade_id uuid not null,
  constraint ratings_answer CHECK (((length(answer) >= 1) AND (length(answer) <= 500))),
  constraint ratings_check CHECK ((rated_id <> rater_id)),
  constraint ratings_rated_id_fkey FOREIGN KEY (rated_id) REFERENCES public.users(id),
  constraint ratings_rater_id_fkey FOREIGN KEY (rater_id) REFERENCES public.users(id),
  constraint ratings_trade_id_fkey FOREIGN KEY (trade_id) REFERENCES public.crypto_trades(id),
  constraint ratings_pkey PRIMARY KEY (id),
  constraint ratings_trade_id_rated_id_key UNIQUE (trade_id, rated_id)
);
alter table fairlock.ratings enable row level security;
alter table fairlock.ratings force row level security;
CREATE INDEX ratings_by_person ON fairlock.ratings USING btree (rater_id);
CREATE INDEX ratings_of_person ON fairlock.ratings USING btree (rated_id, given_on DESC, id DESC);
create policy "a grant shows staff ratings" on fairlock.ratings for select to fairlock_app using ((((rated_id = ANY (ARRAY( SELECT fairlock.granted('trades'::text) AS granted))) AND fairlock.still_granted('trades'::text, rated_id)) OR ((rater_id = ANY (ARRAY( SELECT fairlock.granted('trades'::text) AS granted))) AND fairlock.still_granted('trades'::text, rater_id)) OR ((trade_id = ANY (ARRAY( SELECT fairlock.granted('case'::text) AS granted))) AND fairlock.still_granted('case'::text, trade_id))));
create policy "both sides see the rating" on fairlock.ratings for select to fairlock_app using (((rated_id = ( SELECT fairlock.acting_user() AS acting_user)) OR (rater_id = ( SELECT fairlock.acting_user() AS acting_user))));
create policy "the engine keeps ratings" on fairlock.ratings for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF trade_id, rated_id, rater_id, given_on, answer, feedback_hidden, answer_hidden ON fairlock.ratings FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{trade_id,rated_id,rater_id,given_on,feedback_hidden,answer_hidden}', '{id}');
grant insert, select on fairlock.ratings to fairlock_engine;
grant select on fairlock.ratings to fairlock_app;
grant update on fairlock.ratings (answer) to fairlock_engine;
grant update on fairlock.ratings (answer_hidden) to fairlock_engine;
grant update on fairlock.ratings (feedback_hidden) to fairlock_engine;

create table fairlock.recovery_codes (
  code_hash bytea not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  used_at timestamp with time zone,
  used_in uuid,
  user_id uuid not null,
  constraint recovery_codes_check CHECK (((used_at IS NULL) = (used_in IS NULL))),
  constraint recovery_codes_code_hash_check CHECK ((octet_length(code_hash) = 32)),
  constraint recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint recovery_codes_pkey PRIMARY KEY (user_id, code_hash)
);
alter table fairlock.recovery_codes enable row level security;
alter table fairlock.recovery_codes force row level security;
create policy "the engine acts for everybody" on fairlock.recovery_codes for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF user_id, code_hash, created_at, used_at ON fairlock.recovery_codes FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('user_id', '{user_id,created_at,used_at}', '{used_in}');
grant delete, insert, select on fairlock.recovery_codes to fairlock_engine;
grant update on fairlock.recovery_codes (used_at) to fairlock_engine;
grant update on fairlock.recovery_codes (used_in) to fairlock_engine;

create table fairlock.request_counts (
  bucket text not null,
  count integer not null,
  minute integer not null,
  constraint request_counts_bucket_check CHECK ((length(bucket) <= 50)),
  constraint request_counts_count_check CHECK ((count >= 0)),
  constraint request_counts_pkey PRIMARY KEY (bucket)
);
alter table fairlock.request_counts enable row level security;
alter table fairlock.request_counts force row level security;
create policy "the engine counts" on fairlock.request_counts for all to fairlock_engine using (true);
grant delete, insert, select, update on fairlock.request_counts to fairlock_engine;

create table fairlock.rewrap (
  finished_at timestamp with time zone,
  max_rate integer,
  only_row boolean default true not null,
  requested_at timestamp with time zone,
  constraint rewrap_check CHECK ((finished_at >= requested_at)),
  constraint rewrap_max_rate_check CHECK (((max_rate >= 1) AND (max_rate <= 999999))),
  constraint rewrap_only_row_check CHECK (only_row),
  constraint rewrap_pkey PRIMARY KEY (only_row)
);
alter table fairlock.rewrap enable row level security;
alter table fairlock.rewrap force row level security;
create policy "the engine keeps keys" on fairlock.rewrap for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF requested_at, finished_at, max_rate ON fairlock.rewrap FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('only_row', '{*}', '{only_row}');
grant select, update on fairlock.rewrap to fairlock_engine;

create table fairlock.sessions (
  address inet,
  created_at timestamp with time zone default now() not null,
  device text,
  ended_at timestamp with time zone,
  expires_at timestamp with time zone not null,
  factor_at timestamp with time zone,
  factor_blocked_until timestamp with time zone,
  factor_failures integer default 0 not null,
  factor_method text,
  id uuid not null,
  idle_until timestamp with time zone,
  last_seen_at timestamp with time zone default now() not null,
  signed_in_with text,
  token_hash bytea not null,
  user_agent text,
  user_id uuid not null,
  constraint sessions_check CHECK ((expires_at > created_at)),
  constraint sessions_device CHECK ((length(device) <= 60)),
  constraint sessions_factor CHECK (((factor_method = ANY (ARRAY['totp'::text, 'passkey'::text, 'recovery_code'::text])) AND ((factor_at IS NULL) = (factor_method IS NULL)) AND (factor_failures >= 0))),
  constraint sessions_signed_in_with CHECK ((signed_in_with = ANY (ARRAY['registration'::text, 'password'::text, 'second_factor'::text, 'recovery_code'::text, 'passkey'::text]))),
  constraint sessions_token_hash_check CHECK ((octet_length(token_hash) = 32)),
  constraint sessions_user_agent_check CHECK ((length(user_agent) <= 400)),
  constraint sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint sessions_pkey PRIMARY KEY (id)
);
alter table fairlock.sessions enable row level security;
alter table fairlock.sessions force row level security;
CREATE INDEX sessions_expiry ON fairlock.sessions USING btree (expires_at);
CREATE INDEX sessions_last_seen ON fairlock.sessions USING btree (user_id, last_seen_at);
CREATE INDEX sessions_places ON fairlock.sessions USING btree (user_id, address);
CREATE INDEX sessions_user ON fairlock.sessions USING btree (user_id, created_at DESC) WHERE (ended_at IS NULL);
create policy "a grant shows staff sessions" on fairlock.sessions for select to fairlock_app using (((user_id = ANY (ARRAY( SELECT fairlock.granted('person'::text) AS granted))) AND fairlock.still_granted('person'::text, user_id)));
create policy "people see their sessions, but not through an API key" on fairlock.sessions for select to fairlock_app using (((user_id = ( SELECT fairlock.acting_user() AS acting_user)) AND (( SELECT fairlock.acting_key() AS acting_key) IS NULL)));
create policy "the engine acts for everybody" on fairlock.sessions for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF user_id, token_hash, created_at, expires_at, ended_at, user_agent, address, device, signed_in_with ON fairlock.sessions FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{user_id,created_at,expires_at,ended_at,signed_in_with}', '{id,last_seen_at,idle_until,factor_at,factor_method,factor_failures,factor_blocked_until}');
grant delete, insert, select on fairlock.sessions to fairlock_engine;
grant select on fairlock.sessions (address) to fairlock_app;
grant select on fairlock.sessions (created_at) to fairlock_app;
grant select on fairlock.sessions (device) to fairlock_app;
grant select on fairlock.sessions (ended_at) to fairlock_app;
grant update on fairlock.sessions (ended_at) to fairlock_engine;
grant select on fairlock.sessions (expires_at) to fairlock_app;
grant select on fairlock.sessions (id) to fairlock_app;
grant select on fairlock.sessions (idle_until) to fairlock_app;
grant update on fairlock.sessions (idle_until) to fairlock_engine;
grant select on fairlock.sessions (last_seen_at) to fairlock_app;
grant update on fairlock.sessions (last_seen_at) to fairlock_engine;
grant select on fairlock.sessions (signed_in_with) to fairlock_app;
grant update on fairlock.sessions (signed_in_with) to fairlock_engine;
grant select on fairlock.sessions (user_agent) to fairlock_app;
grant select on fairlock.sessions (user_id) to fairlock_app;
grant update on fairlock.sessions (factor_at) to fairlock_engine;
grant update on fairlock.sessions (factor_blocked_until) to fairlock_engine;
grant update on fairlock.sessions (factor_failures) to fairlock_engine;
grant update on fairlock.sessions (factor_method) to fairlock_engine;
grant update on fairlock.sessions (token_hash) to fairlock_engine;

create table fairlock.settings (
  break_glass_minutes integer default 30 not null,
  break_glass_review_days integer default 3 not null,
  chat_open_days_after_end integer default 14 not null,
  cooldown_hours_after_five integer default 168 not null,
  cooldown_hours_after_three integer default 24 not null,
  cooldown_hours_after_two integer default 1 not null,
  dispute_answer_hours integer default 24 not null,
  dispute_appeal_hours integer default 48 not null,
  dispute_conflict_days integer default 90 not null,
  dispute_pause_days integer default 30 not null,
  dispute_ruling_hours integer default 72 not null,
  email_change_delay_hours integer default 24 not null,
  evidence_per_dispute integer default 20 not null,
  file_megabytes integer default 20 not null,
  free_cancellations_a_day integer default 3 not null,
  funding_window_minutes integer default 30 not null,
  grant_hours integer default 8 not null,
  liability_hours integer default 24 not null,
  liability_keep_days integer default 90 not null,
  live_trades_per_user integer default 20 not null,
  lost_disputes_days integer default 90 not null,
  lost_disputes_most integer default 3 not null,
  maker_fee_rate numeric(9,8) default 0.001 not null,
  one boolean default true not null,
  open_offers_per_user integer default 50 not null,
  payment_details_keep_days integer default 30 not null,
  payment_methods_per_user integer default 20 not null,
  price_hours_days smallint default 90 not null,
  price_lock_most_percent integer default 2 not null,
  price_lock_seconds integer default 30 not null,
  price_locks_per_user integer default 5 not null,
  price_minutes_days smallint default 7 not null,
  quote_least_sources smallint default 2 not null,
  quote_max_age_seconds integer default 300 not null,
  quote_most_spread_percent smallint default 5 not null,
  rating_days integer default 14 not null,
  reference_max_age_hours integer default 72 not null,
  release_window_minutes integer default 1440 not null,
  second_arbitrator_amounts text default 'BTC=0.5,ETH=10,LTC=350,BCH=60,XMR=150,DOGE=200000,SOL=200,XRP=12000,ADA=60000,TRX=100000,USDT=30000,USDC=30000,DAI=30000'::text not null,
  session_idle_hours integer default 168 not null,
  staff_need_factor boolean default false not null,
  step_up_minutes integer default 5 not null,
  taker_fee_rate numeric(9,8) default 0.002 not null,
  withdrawal_pause_hours integer default 24 not null,
  constraint settings_account_hours CHECK ((((withdrawal_pause_hours >= 0) AND (withdrawal_pause_hours <= 720)) AND ((email_change_delay_hours >= 0) AND (email_change_delay_hours <= 720)) AND ((session_idle_hours >= 1) AND (session_idle_hours <= 720)))),
  constraint settings_break_glass_minutes_check CHECK (((break_glass_minutes >= 1) AND (break_glass_minutes <= 240))),
  constraint settings_break_glass_review_days_check CHECK (((break_glass_review_days >= 0) AND (break_glass_review_days <= 90))),
  constraint settings_chat_open_days_after_end_check CHECK (((chat_open_days_after_end >= 0) AND (chat_open_days_after_end <= 365))),
  constraint settings_cooldown_hours_after_five_check CHECK (((cooldown_hours_after_five >= 0) AND (cooldown_hours_after_five <= 720))),
  constraint settings_cooldown_hours_after_three_check CHECK (((cooldown_hours_after_three >= 0) AND (cooldown_hours_after_three <= 720))),
  constraint settings_cooldown_hours_after_two_check CHECK (((cooldown_hours_after_two >= 0) AND (cooldown_hours_after_two <= 720))),
  constraint settings_disputes CHECK ((((dispute_answer_hours >= 1) AND (dispute_answer_hours <= 336)) AND ((dispute_ruling_hours >= 1) AND (dispute_ruling_hours <= 720)) AND ((dispute_appeal_hours >= 1) AND (dispute_appeal_hours <= 336)) AND ((dispute_conflict_days >= 0) AND (dispute_conflict_days <= 3650)) AND ((lost_disputes_most >= 1) AND (lost_disputes_most <= 1000)) AND ((lost_disputes_days >= 1) AND (lost_disputes_days <= 3650)) AND ((dispute_pause_days >= 1) AND (dispute_pause_days <= 3650)) AND (second_arbitrator_amounts ~ '^(none|[A-Z0-9]{2,10}=\d{1,12}(\.\d{1,8})?(,[A-Z0-9]{2,10}=\d{1,12}(\.\d{1,8})?)*)$'::text))),
  constraint settings_evidence_per_dispute_check CHECK (((evidence_per_dispute >= 1) AND (evidence_per_dispute <= 200))),
  constraint settings_file_megabytes_check CHECK (((file_megabytes >= 1) AND (file_megabytes <= 100))),
  constraint settings_free_cancellations_a_day_check CHECK (((free_cancellations_a_day >= 0) AND (free_cancellations_a_day <= 1000))),
  constraint settings_funding_window_minutes_check CHECK (((funding_window_minutes >= 1) AND (funding_window_minutes <= 1440))),
  constraint settings_grant_hours_check CHECK (((grant_hours >= 1) AND (grant_hours <= 168))),
  constraint settings_liability_hours_check CHECK (((liability_hours >= 0) AND (liability_hours <= 720))),
  constraint settings_liability_keep_days_check CHECK (((liability_keep_days >= 1) AND (liability_keep_days <= 3650))),
  constraint settings_live_trades_per_user_check CHECK (((live_trades_per_user >= 1) AND (live_trades_per_user <= 100000))),
  constraint settings_maker_fee_rate_check CHECK (((maker_fee_rate >= (0)::numeric) AND (maker_fee_rate <= 0.1))),
  constraint settings_one_check CHECK (one),
  constraint settings_open_offers_per_user_check CHECK (((open_offers_per_user >= 1) AND (open_offers_per_user <= 1000))),
  constraint settings_payment_methods CHECK ((((payment_methods_per_user >= 1) AND (payment_methods_per_user <= 100)) AND ((payment_details_keep_days >= 0) AND (payment_details_keep_days <= 3650)))),
  constraint settings_price_hours_days_check CHECK (((price_hours_days >= 35) AND (price_hours_days <= 3650))),
  constraint settings_price_lock_most_percent_check CHECK (((price_lock_most_percent >= 0) AND (price_lock_most_percent <= 10))),
  constraint settings_price_lock_seconds_check CHECK (((price_lock_seconds >= 5) AND (price_lock_seconds <= 300))),
  constraint settings_price_locks_per_user_check CHECK (((price_locks_per_user >= 1) AND (price_locks_per_user <= 100))),
  constraint settings_price_minutes_days_check CHECK (((price_minutes_days >= 2) AND (price_minutes_days <= 90))),
  constraint settings_quote_least_sources_check CHECK (((quote_least_sources >= 1) AND (quote_least_sources <= 10))),
  constraint settings_quote_max_age_seconds_check CHECK (((quote_max_age_seconds >= 10) AND (quote_max_age_seconds <= 86400))),
  constraint settings_quote_most_spread_percent_check CHECK (((quote_most_spread_percent >= 1) AND (quote_most_spread_percent <= 50))),
  constraint settings_rating_days_check CHECK (((rating_days >= 1) AND (rating_days <= 365))),
  constraint settings_reference_max_age_hours_check CHECK (((reference_max_age_hours >= 1) AND (reference_max_age_hours <= 720))),
  constraint settings_release_window_minutes_check CHECK (((release_window_minutes >= 10) AND (release_window_minutes <= 20160))),
  constraint settings_step_up CHECK (((step_up_minutes >= 1) AND (step_up_minutes <= 60))),
  constraint settings_taker_fee_rate_check CHECK (((taker_fee_rate >= (0)::numeric) AND (taker_fee_rate <= 0.1))),
  constraint settings_pkey PRIMARY KEY (one)
);
alter table fairlock.settings enable row level security;
alter table fairlock.settings force row level security;
create policy "everybody reads the settings" on fairlock.settings for select to public using (true);
create policy "the operator changes the settings" on fairlock.settings for update to fairlock_engine using (true) with check (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF maker_fee_rate, taker_fee_rate, funding_window_minutes, release_window_minutes, open_offers_per_user, live_trades_per_user, step_up_minutes, staff_need_factor, withdrawal_pause_hours, email_change_delay_hours, session_idle_hours, grant_hours, break_glass_minutes, break_glass_review_days, payment_methods_per_user, payment_details_keep_days, dispute_answer_hours, dispute_ruling_hours, dispute_appeal_hours, dispute_conflict_days, lost_disputes_most, lost_disputes_days, dispute_pause_days, second_arbitrator_amounts, file_megabytes, evidence_per_dispute, chat_open_days_after_end, rating_days, cooldown_hours_after_two, cooldown_hours_after_three, cooldown_hours_after_five, free_cancellations_a_day, quote_max_age_seconds, quote_least_sources, quote_most_spread_percent, reference_max_age_hours, price_minutes_days, price_hours_days, price_lock_seconds, price_locks_per_user, price_lock_most_percent, liability_hours, liability_keep_days ON fairlock.settings FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('one', '{*}', '{one}');
grant select on fairlock.settings to fairlock_app;
grant select, update on fairlock.settings to fairlock_engine;

create table fairlock.staff_roles (
  granted_at timestamp with time zone default now() not null,
  granted_by uuid,
  role text not null,
  user_id uuid not null,
  constraint staff_roles_role_check CHECK ((role = ANY (ARRAY['arbitrator'::text, 'support'::text, 'compliance'::text, 'admin'::text]))),
  constraint staff_roles_granted_by_fkey FOREIGN KEY (granted_by) REFERENCES public.users(id),
  constraint staff_roles_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint staff_roles_pkey PRIMARY KEY (user_id, role)
);
alter table fairlock.staff_roles enable row level security;
alter table fairlock.staff_roles force row level security;
create policy "people see their roles" on fairlock.staff_roles for select to fairlock_app using ((user_id = ( SELECT fairlock.acting_user() AS acting_user)));
create policy "the engine acts for everybody" on fairlock.staff_roles for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF user_id, role, granted_by, granted_at ON fairlock.staff_roles FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('user_id', '{user_id,role,granted_by,granted_at}', '{}');
grant delete, insert, select on fairlock.staff_roles to fairlock_engine;
grant select on fairlock.staff_roles to fairlock_app;

create table fairlock.trade_transitions (
  actor text not null,
  escrow_from text not null,
  escrow_to text not null,
  event text not null,
  from_status text not null,
  to_status text not null,
  constraint trade_transitions_actor_check CHECK ((actor = ANY (ARRAY['seller'::text, 'buyer'::text, 'arbitrator'::text, 'clock'::text]))),
  constraint trade_transitions_pkey PRIMARY KEY (from_status, event, actor, escrow_from)
);
alter table fairlock.trade_transitions enable row level security;
alter table fairlock.trade_transitions force row level security;
create policy "the engine keeps the table of moves" on fairlock.trade_transitions for all to fairlock_engine using (true);
create policy "the table of moves is public" on fairlock.trade_transitions for select to fairlock_app using (true);
grant delete, insert, select on fairlock.trade_transitions to fairlock_engine;
grant select on fairlock.trade_transitions to fairlock_app;

create view fairlock.trade_views (id uuid, seller_id uuid, buyer_id uuid, status text, created_at timestamp with time zone, body jsonb) with (security_invoker=true);
alter table fairlock.trade_views owner to fairlock_engine;
grant delete, insert, references, select, trigger, truncate, update on fairlock.trade_views to fairlock_engine;
grant select on fairlock.trade_views to fairlock_app;

create view fairlock.traders (user_id uuid, display_name text, total_trades integer, average_rating numeric(3,2), is_verified_trader boolean, created_at timestamp with time zone);
alter table fairlock.traders owner to fairlock_engine;
grant delete, insert, references, select, trigger, truncate, update on fairlock.traders to fairlock_engine;
grant select on fairlock.traders to fairlock_app;

create table fairlock.webhook_deliveries (
  attempts integer default 0 not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  data jsonb not null,
  due_at timestamp with time zone,
  event_id text not null,
  finished_at timestamp with time zone,
  happened_at timestamp with time zone not null,
  id uuid not null,
  kind text not null,
  last_attempt_at timestamp with time zone,
  last_error text,
  last_status integer,
  leased_until timestamp with time zone,
  state text default 'pending'::text not null,
  tries integer default 0 not null,
  webhook_id uuid not null,
  constraint webhook_deliveries_attempts_check CHECK ((attempts >= 0)),
  constraint webhook_deliveries_check CHECK (((state = 'pending'::text) = (due_at IS NOT NULL))),
  constraint webhook_deliveries_check1 CHECK (((state = 'pending'::text) = (finished_at IS NULL))),
  constraint webhook_deliveries_check2 CHECK (((state = 'pending'::text) OR (leased_until IS NULL))),
  constraint webhook_deliveries_data_check CHECK ((jsonb_typeof(data) = 'object'::text)),
  constraint webhook_deliveries_event_id_check CHECK (((length(event_id) >= 1) AND (length(event_id) <= 80))),
  constraint webhook_deliveries_kind_check CHECK (((kind ~ '^[a-z_]+(\.[a-z_]+)+$'::text) AND (length(kind) <= 60))),
  constraint webhook_deliveries_last_error_check CHECK ((length(last_error) <= 40)),
  constraint webhook_deliveries_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'dead'::text]))),
  constraint webhook_deliveries_tries_check CHECK ((tries >= 0)),
  constraint webhook_deliveries_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES fairlock.webhooks(id) ON DELETE CASCADE,
  constraint webhook_deliveries_pkey PRIMARY KEY (id),
  constraint webhook_deliveries_webhook_id_event_id_key UNIQUE (webhook_id, event_id)
);
alter table fairlock.webhook_deliveries enable row level security;
alter table fairlock.webhook_deliveries force row level security;
CREATE INDEX webhook_deliveries_age ON fairlock.webhook_deliveries USING btree (created_at);
CREATE INDEX webhook_deliveries_dead ON fairlock.webhook_deliveries USING btree (webhook_id, created_at) WHERE (state = 'dead'::text);
CREATE INDEX webhook_deliveries_due ON fairlock.webhook_deliveries USING btree (webhook_id, due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX webhook_deliveries_leased ON fairlock.webhook_deliveries USING btree (webhook_id) WHERE (leased_until IS NOT NULL);
CREATE INDEX webhook_deliveries_order ON fairlock.webhook_deliveries USING btree (webhook_id, created_at DESC, id DESC);
create policy "people see deliveries to their webhooks" on fairlock.webhook_deliveries for select to fairlock_app using ((EXISTS ( SELECT
   FROM fairlock.webhooks w
  WHERE ((w.id = webhook_deliveries.webhook_id) AND (w.user_id = ( SELECT fairlock.acting_user() AS acting_user)) AND (( SELECT fairlock.acting_key() AS acting_key) IS NULL)))));
create policy "the engine acts for everybody" on fairlock.webhook_deliveries for all to fairlock_engine using (true);
grant delete, insert, select, update on fairlock.webhook_deliveries to fairlock_engine;
grant select on fairlock.webhook_deliveries to fairlock_app;

create table fairlock.webhook_secrets (
  created_at timestamp with time zone default clock_timestamp() not null,
  expires_at timestamp with time zone,
  id uuid not null,
  secret text not null,
  user_id uuid not null,
  webhook_id uuid not null,
  constraint webhook_secrets_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint webhook_secrets_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES fairlock.webhooks(id) ON DELETE CASCADE,
  constraint webhook_secrets_pkey PRIMARY KEY (id)
);
alter table fairlock.webhook_secrets enable row level security;
alter table fairlock.webhook_secrets force row level security;
CREATE INDEX webhook_secrets_of_person ON fairlock.webhook_secrets USING btree (user_id);
CREATE INDEX webhook_secrets_of_webhook ON fairlock.webhook_secrets USING btree (webhook_id, created_at);
CREATE UNIQUE INDEX webhook_secrets_one_current ON fairlock.webhook_secrets USING btree (webhook_id) WHERE (expires_at IS NULL);
create policy "the engine acts for everybody" on fairlock.webhook_secrets for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF webhook_id, user_id, secret, created_at, expires_at ON fairlock.webhook_secrets FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{webhook_id,user_id,created_at,expires_at}', '{id}');
CREATE TRIGGER sealed_secret BEFORE INSERT OR UPDATE OF secret, user_id ON fairlock.webhook_secrets FOR EACH ROW WHEN ((new.secret IS NOT NULL)) EXECUTE FUNCTION fairlock.guard_sealed('secret', 'user_id');
grant delete, insert, select on fairlock.webhook_secrets to fairlock_engine;
grant update on fairlock.webhook_secrets (expires_at) to fairlock_engine;
grant update on fairlock.webhook_secrets (secret) to fairlock_engine;

create table fairlock.webhooks (
  created_at timestamp with time zone default clock_timestamp() not null,
  dead integer default 0 not null,
  description text,
  disabled_reason text,
  events text[] not null,
  failures integer default 0 not null,
  id uuid not null,
  previous_secret_until timestamp with time zone,
  status text default 'live'::text not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  url text not null,
  user_id uuid not null,
  constraint webhooks_check CHECK (((status = 'disabled'::text) = (disabled_reason IS NOT NULL))),
  constraint webhooks_dead_check CHECK ((dead >= 0)),
  constraint webhooks_description_check CHECK ((length(description) <= 200)),
  constraint webhooks_disabled_reason_check CHECK ((disabled_reason = ANY (ARRAY['gone'::text, 'failing'::text]))),
  constraint webhooks_events_check CHECK (((cardinality(events) >= 1) AND (cardinality(events) <= 50))),
  constraint webhooks_failures_check CHECK ((failures >= 0)),
  constraint webhooks_status_check CHECK ((status = ANY (ARRAY['live'::text, 'paused'::text, 'disabled'::text]))),
  constraint webhooks_url_check CHECK (((length(url) >= 1) AND (length(url) <= 1000))),
  constraint webhooks_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint webhooks_pkey PRIMARY KEY (id)
);
alter table fairlock.webhooks enable row level security;
alter table fairlock.webhooks force row level security;
CREATE INDEX webhooks_of_person ON fairlock.webhooks USING btree (user_id, created_at);
create policy "people see their webhooks, but not through a key" on fairlock.webhooks for select to fairlock_app using (((user_id = ( SELECT fairlock.acting_user() AS acting_user)) AND (( SELECT fairlock.acting_key() AS acting_key) IS NULL)));
create policy "the engine acts for everybody" on fairlock.webhooks for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF user_id, url, events, description, status, disabled_reason, previous_secret_until, created_at ON fairlock.webhooks FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{user_id,events,status,disabled_reason,previous_secret_until,created_at}', '{id,failures,dead,updated_at}');
grant delete, insert, select on fairlock.webhooks to fairlock_engine;
grant select on fairlock.webhooks (created_at) to fairlock_app;
grant select on fairlock.webhooks (description) to fairlock_app;
grant update on fairlock.webhooks (description) to fairlock_engine;
grant select on fairlock.webhooks (disabled_reason) to fairlock_app;
grant update on fairlock.webhooks (disabled_reason) to fairlock_engine;
grant select on fairlock.webhooks (events) to fairlock_app;
grant update on fairlock.webhooks (events) to fairlock_engine;
grant select on fairlock.webhooks (id) to fairlock_app;
grant select on fairlock.webhooks (previous_secret_until) to fairlock_app;
grant update on fairlock.webhooks (previous_secret_until) to fairlock_engine;
grant select on fairlock.webhooks (status) to fairlock_app;
grant update on fairlock.webhooks (status) to fairlock_engine;
grant select on fairlock.webhooks (updated_at) to fairlock_app;
grant update on fairlock.webhooks (updated_at) to fairlock_engine;
grant select on fairlock.webhooks (url) to fairlock_app;
grant update on fairlock.webhooks (url) to fairlock_engine;
grant select on fairlock.webhooks (user_id) to fairlock_app;
grant update on fairlock.webhooks (dead) to fairlock_engine;
grant update on fairlock.webhooks (failures) to fairlock_engine;

create table ledger.accounts (
  balance numeric(38,8) default 0 not null,
  created_at timestamp with time zone default now() not null,
  currency text not null,
  id uuid not null,
  kind text not null,
  rolled_up_to bigint default 0 not null,
  user_id uuid,
  constraint accounts_kind CHECK ((((kind = 'trader'::text) AND (user_id IS NOT NULL)) OR ((user_id IS NULL) AND (kind = ANY (ARRAY['escrow'::text, 'fees'::text, 'custody'::text]))))),
  constraint accounts_never_negative CHECK (((balance <> 'NaN'::numeric) AND ((balance >= (0)::numeric) OR (kind = 'fees'::text) OR (kind = 'custody'::text)))),
  constraint accounts_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint accounts_pkey PRIMARY KEY (id)
);
alter table ledger.accounts enable row level security;
alter table ledger.accounts force row level security;
CREATE UNIQUE INDEX accounts_one_per_system ON ledger.accounts USING btree (kind, currency) WHERE (kind = ANY (ARRAY['fees'::text, 'custody'::text]));
CREATE UNIQUE INDEX accounts_one_per_trader ON ledger.accounts USING btree (user_id, currency) WHERE (kind = 'trader'::text);
create policy "the engine reads the books" on ledger.accounts for all to fairlock_engine using (true);
create policy "the ledger posts" on ledger.accounts for all to fairlock_ledger using (true);
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON ledger.accounts FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER wallet_follows AFTER UPDATE OF balance ON ledger.accounts FOR EACH ROW WHEN (((new.kind = 'trader'::text) AND (new.balance IS DISTINCT FROM old.balance))) EXECUTE FUNCTION ledger.follow_balance();
grant insert on ledger.accounts (currency) to fairlock_ledger;
grant insert on ledger.accounts (id) to fairlock_ledger;
grant insert on ledger.accounts (kind) to fairlock_ledger;
grant insert on ledger.accounts (user_id) to fairlock_ledger;
grant select on ledger.accounts to fairlock_engine;
grant select on ledger.accounts to fairlock_ledger;
grant update on ledger.accounts (balance) to fairlock_ledger;
grant update on ledger.accounts (created_at) to fairlock_engine;
grant update on ledger.accounts (rolled_up_to) to fairlock_ledger;

create view ledger.balances (id uuid, kind text, currency text, user_id uuid, balance numeric);
alter table ledger.balances owner to fairlock_ledger;
grant delete, insert, references, select, trigger, truncate, update on ledger.balances to fairlock_ledger;
grant select on ledger.balances to fairlock_engine;

create table ledger.entries (
  account_id uuid not null,
  amount numeric(38,8) not null,
  balance_after numeric(38,8),
  balance_before numeric(38,8),
  currency text not null,
  id bigint generated always as identity not null,
  transfer_id bigint not null,
  constraint entries_amount CHECK (((amount <> (0)::numeric) AND (amount <> 'NaN'::numeric))),
  constraint entries_balance CHECK ((((balance_before IS NULL) = (balance_after IS NULL)) AND (balance_after = (balance_before + amount)))),
  constraint entries_pkey PRIMARY KEY (id)
);
alter table ledger.entries enable row level security;
alter table ledger.entries force row level security;
CREATE INDEX entries_account ON ledger.entries USING btree (account_id, id);
CREATE INDEX entries_transfer ON ledger.entries USING btree (transfer_id);
create policy "the engine reads the books" on ledger.entries for all to fairlock_engine using (true);
create policy "the ledger posts" on ledger.entries for all to fairlock_ledger using (true);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.entries FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER zero_sum AFTER INSERT ON ledger.entries REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger.check_zero_sum();
grant insert, select on ledger.entries to fairlock_ledger;
grant select on ledger.entries to fairlock_engine;

create table ledger.roll_up_mark (
  entry_id bigint default 0 not null,
  one boolean default true not null,
  settled_after xid8 default '0'::xid8 not null,
  constraint roll_up_mark_one_check CHECK (one),
  constraint roll_up_mark_pkey PRIMARY KEY (one)
);
alter table ledger.roll_up_mark enable row level security;
alter table ledger.roll_up_mark force row level security;
create policy "the engine reads the books" on ledger.roll_up_mark for all to fairlock_engine using (true);
create policy "the ledger posts" on ledger.roll_up_mark for all to fairlock_ledger using (true);
grant select on ledger.roll_up_mark to fairlock_engine;
grant select, update on ledger.roll_up_mark to fairlock_ledger;

create table ledger.transfers (
  actor_id uuid,
  created_at timestamp with time zone default clock_timestamp() not null,
  id bigint generated always as identity not null,
  kind text not null,
  reason text,
  trade_id uuid,
  constraint transfers_kind CHECK ((((kind = ANY (ARRAY['adjustment'::text, 'opening'::text])) AND (trade_id IS NULL) AND (reason IS NOT NULL) AND (reason <> ''::text)) OR ((kind = ANY (ARRAY['hold'::text, 'release'::text, 'refund'::text, 'split'::text])) AND (trade_id IS NOT NULL)))),
  constraint transfers_pkey PRIMARY KEY (id)
);
alter table ledger.transfers enable row level security;
alter table ledger.transfers force row level security;
create policy "the engine reads the books" on ledger.transfers for all to fairlock_engine using (true);
create policy "the ledger posts" on ledger.transfers for all to fairlock_ledger using (true);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.transfers FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
grant insert, select on ledger.transfers to fairlock_ledger;
grant select on ledger.transfers to fairlock_engine;

create table public.crypto_disputes (
  against_user_id uuid not null,
  answer_due_at timestamp with time zone,
  answered_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  description text,
  escalated_at timestamp with time zone,
  escrow_id uuid,
  evidence jsonb,
  id uuid default gen_random_uuid() not null,
  lost_by uuid,
  opened_by text default 'seller'::text not null,
  raised_by uuid not null,
  reason text not null,
  resolution text,
  resolved_at timestamp with time zone,
  resolved_by uuid,
  ruling_due_at timestamp with time zone,
  stage text default 'open'::text not null,
  status text default 'pending'::text not null,
  trade_id uuid not null,
  updated_at timestamp with time zone default now() not null,
  constraint crypto_disputes_ended CHECK (((status = 'pending'::text) = (resolved_at IS NULL))),
  constraint crypto_disputes_lost CHECK (((lost_by IS NULL) OR ((status = 'resolved'::text) AND ((lost_by = raised_by) OR (lost_by = against_user_id))))),
  constraint crypto_disputes_opened_by CHECK ((opened_by = ANY (ARRAY['seller'::text, 'buyer'::text, 'clock'::text]))),
  constraint crypto_disputes_parties CHECK ((raised_by <> against_user_id)),
  constraint crypto_disputes_resolved CHECK ((((status = 'resolved'::text) = (resolved_by IS NOT NULL)) AND ((status <> 'resolved'::text) OR (resolution IS NOT NULL)))),
  constraint crypto_disputes_stage CHECK (((stage = ANY (ARRAY['open'::text, 'consent'::text, 'appeal'::text, 'appealed'::text, 'over'::text])) AND ((stage <> 'over'::text) OR (status <> 'pending'::text)))),
  constraint crypto_disputes_status CHECK ((status = ANY (ARRAY['pending'::text, 'resolved'::text, 'closed'::text]))),
  constraint crypto_disputes_against_user_id_fkey FOREIGN KEY (against_user_id) REFERENCES public.users(id),
  constraint crypto_disputes_escrow_id_fkey FOREIGN KEY (escrow_id) REFERENCES public.crypto_escrows(id),
  constraint crypto_disputes_lost_by_fkey FOREIGN KEY (lost_by) REFERENCES public.users(id),
  constraint crypto_disputes_raised_by_fkey FOREIGN KEY (raised_by) REFERENCES public.users(id),
  constraint crypto_disputes_resolved_by_fkey FOREIGN KEY (resolved_by) REFERENCES public.users(id),
  constraint crypto_disputes_trade_id_fkey FOREIGN KEY (trade_id) REFERENCES public.crypto_trades(id),
  constraint crypto_disputes_pkey PRIMARY KEY (id)
);
alter table public.crypto_disputes enable row level security;
alter table public.crypto_disputes force row level security;
CREATE INDEX crypto_disputes_against ON public.crypto_disputes USING btree (against_user_id, created_at DESC, id DESC);
CREATE INDEX crypto_disputes_created ON public.crypto_disputes USING btree (created_at);
CREATE INDEX crypto_disputes_ended ON public.crypto_disputes USING btree (resolved_at) WHERE (resolved_at IS NOT NULL);
CREATE INDEX crypto_disputes_lost_by ON public.crypto_disputes USING btree (lost_by, resolved_at) WHERE (lost_by IS NOT NULL);
CREATE INDEX crypto_disputes_open ON public.crypto_disputes USING btree (created_at, id) WHERE (status = 'pending'::text);
CREATE INDEX crypto_disputes_raised ON public.crypto_disputes USING btree (raised_by, created_at DESC, id DESC);
CREATE INDEX crypto_disputes_resolved_by ON public.crypto_disputes USING btree (resolved_by);
CREATE INDEX idx_crypto_disputes_against_user ON public.crypto_disputes USING btree (against_user_id);
CREATE INDEX idx_crypto_disputes_raised_by ON public.crypto_disputes USING btree (raised_by);
CREATE INDEX idx_crypto_disputes_status ON public.crypto_disputes USING btree (status);
CREATE INDEX idx_crypto_disputes_trade_id ON public.crypto_disputes USING btree (trade_id);
CREATE UNIQUE INDEX crypto_disputes_one_open ON public.crypto_disputes USING btree (trade_id) WHERE (status = 'pending'::text);
create policy "a case shows its arbitrator the dispute" on public.crypto_disputes for select to fairlock_app using (((trade_id = ANY (ARRAY( SELECT fairlock.arbitrated() AS arbitrated))) AND fairlock.still_arbitrates(trade_id)));
create policy "a grant shows staff disputes" on public.crypto_disputes for select to fairlock_app using ((((raised_by = ANY (ARRAY( SELECT fairlock.granted('trades'::text) AS granted))) AND fairlock.still_granted('trades'::text, raised_by)) OR ((against_user_id = ANY (ARRAY( SELECT fairlock.granted('trades'::text) AS granted))) AND fairlock.still_granted('trades'::text, against_user_id)) OR ((trade_id = ANY (ARRAY( SELECT fairlock.granted('case'::text) AS granted))) AND fairlock.still_granted('case'::text, trade_id))));
create policy "both sides see the dispute" on public.crypto_disputes for select to fairlock_app using (((raised_by = ( SELECT fairlock.acting_user() AS acting_user)) OR (against_user_id = ( SELECT fairlock.acting_user() AS acting_user))));
create policy "the engine keeps disputes" on public.crypto_disputes for all to fairlock_engine using (true);
CREATE TRIGGER ended AFTER UPDATE OF status ON public.crypto_disputes FOR EACH ROW WHEN (((old.status = 'pending'::text) AND (new.status <> 'pending'::text))) EXECUTE FUNCTION fairlock.close_case();
CREATE TRIGGER guard AFTER INSERT OR UPDATE ON public.crypto_disputes FOR EACH ROW EXECUTE FUNCTION fairlock.guard_dispute();
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON public.crypto_disputes FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF trade_id, escrow_id, raised_by, against_user_id, reason, description, evidence, status, resolution, resolved_by, resolved_at, opened_by, stage, answer_due_at, answered_at, ruling_due_at, escalated_at, lost_by ON public.crypto_disputes FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{trade_id,escrow_id,raised_by,against_user_id,reason,status,resolution,resolved_by,resolved_at,opened_by,stage,answer_due_at,answered_at,ruling_due_at,escalated_at,lost_by}', '{id,created_at,updated_at}');
CREATE TRIGGER sealed_description BEFORE INSERT OR UPDATE OF description, raised_by ON public.crypto_disputes FOR EACH ROW WHEN ((new.description IS NOT NULL)) EXECUTE FUNCTION fairlock.guard_sealed('description', 'raised_by');
grant insert, select on public.crypto_disputes to fairlock_engine;
grant select on public.crypto_disputes (against_user_id) to fairlock_app;
grant select on public.crypto_disputes (answer_due_at) to fairlock_app;
grant select on public.crypto_disputes (answered_at) to fairlock_app;
grant update on public.crypto_disputes (answered_at) to fairlock_engine;
grant select on public.crypto_disputes (created_at) to fairlock_app;
grant select on public.crypto_disputes (escalated_at) to fairlock_app;
grant update on public.crypto_disputes (escalated_at) to fairlock_engine;
grant select on public.crypto_disputes (escrow_id) to fairlock_app;
grant select on public.crypto_disputes (evidence) to fairlock_app;
grant update on public.crypto_disputes (evidence) to fairlock_engine;
grant select on public.crypto_disputes (id) to fairlock_app;
grant select on public.crypto_disputes (lost_by) to fairlock_app;
grant update on public.crypto_disputes (lost_by) to fairlock_engine;
grant select on public.crypto_disputes (opened_by) to fairlock_app;
grant select on public.crypto_disputes (raised_by) to fairlock_app;
grant select on public.crypto_disputes (reason) to fairlock_app;
grant select on public.crypto_disputes (resolution) to fairlock_app;
grant update on public.crypto_disputes (resolution) to fairlock_engine;
grant select on public.crypto_disputes (resolved_at) to fairlock_app;
grant update on public.crypto_disputes (resolved_at) to fairlock_engine;
grant select on public.crypto_disputes (resolved_by) to fairlock_app;
grant update on public.crypto_disputes (resolved_by) to fairlock_engine;
grant select on public.crypto_disputes (ruling_due_at) to fairlock_app;
grant update on public.crypto_disputes (ruling_due_at) to fairlock_engine;
grant select on public.crypto_disputes (stage) to fairlock_app;
grant update on public.crypto_disputes (stage) to fairlock_engine;
grant select on public.crypto_disputes (status) to fairlock_app;
grant update on public.crypto_disputes (status) to fairlock_engine;
grant select on public.crypto_disputes (trade_id) to fairlock_app;
grant select on public.crypto_disputes (updated_at) to fairlock_app;
grant update on public.crypto_disputes (updated_at) to fairlock_engine;
grant update on public.crypto_disputes (description) to fairlock_engine;

create table public.crypto_escrows (
  amount numeric(20,8) not null,
  buyer_id uuid not null,
  closed_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  currency text not null,
  disputed_at timestamp with time zone,
  expires_at timestamp with time zone,
  fee_amount numeric(20,8) default 0 not null,
  funded_at timestamp with time zone,
  id uuid default gen_random_uuid() not null,
  metadata jsonb,
  refunded_amount numeric(20,8) default 0 not null,
  refunded_at timestamp with time zone,
  released_amount numeric(20,8) default 0 not null,
  released_at timestamp with time zone,
  seller_id uuid not null,
  status text default 'pending'::text not null,
  trade_id uuid not null,
  constraint crypto_escrows_amount CHECK (((amount > (0)::numeric) AND (amount <> 'NaN'::numeric))),
  constraint crypto_escrows_settled CHECK (((released_amount >= (0)::numeric) AND (refunded_amount >= (0)::numeric) AND (fee_amount >= (0)::numeric) AND
CASE status
    WHEN 'released'::text THEN ((released_amount > (0)::numeric) AND (((released_amount + refunded_amount) + fee_amount) = amount))
    WHEN 'refunded'::text THEN ((refunded_amount = amount) AND (released_amount = (0)::numeric) AND (fee_amount = (0)::numeric))
    ELSE ((released_amount = (0)::numeric) AND (refunded_amount = (0)::numeric) AND (fee_amount = (0)::numeric))
END)),
  constraint crypto_escrows_status CHECK ((status = ANY (ARRAY['pending'::text, 'funded'::text, 'released'::text, 'refunded'::text, 'disputed'::text]))),
  constraint crypto_escrows_buyer_id_fkey FOREIGN KEY (buyer_id) REFERENCES public.users(id),
  constraint crypto_escrows_seller_id_fkey FOREIGN KEY (seller_id) REFERENCES public.users(id),
  constraint crypto_escrows_trade_id_fkey FOREIGN KEY (trade_id) REFERENCES public.crypto_trades(id),
  constraint crypto_escrows_pkey PRIMARY KEY (id)
);
alter table public.crypto_escrows enable row level security;
alter table public.crypto_escrows force row level security;
CREATE INDEX crypto_escrows_holding ON public.crypto_escrows USING btree (seller_id, currency) WHERE (status = ANY (ARRAY['funded'::text, 'disputed'::text]));
CREATE INDEX idx_crypto_escrows_buyer_id ON public.crypto_escrows USING btree (buyer_id);
CREATE INDEX idx_crypto_escrows_seller_id ON public.crypto_escrows USING btree (seller_id);
CREATE INDEX idx_crypto_escrows_status ON public.crypto_escrows USING btree (status);
CREATE UNIQUE INDEX idx_crypto_escrows_trade_id ON public.crypto_escrows USING btree (trade_id);
create policy "a case shows its arbitrator the escrow" on public.crypto_escrows for select to fairlock_app using (((trade_id = ANY (ARRAY( SELECT fairlock.arbitrated() AS arbitrated))) AND fairlock.still_arbitrates(trade_id)));
create policy "a grant shows staff escrows" on public.crypto_escrows for select to fairlock_app using ((((seller_id = ANY (ARRAY( SELECT fairlock.granted('trades'::text) AS granted))) AND fairlock.still_granted('trades'::text, seller_id)) OR ((buyer_id = ANY (ARRAY( SELECT fairlock.granted('trades'::text) AS granted))) AND fairlock.still_granted('trades'::text, buyer_id)) OR ((trade_id = ANY (ARRAY( SELECT fairlock.granted('case'::text) AS granted))) AND fairlock.still_granted('case'::text, trade_id))));
create policy "both sides see the escrow" on public.crypto_escrows for select to fairlock_app using (((seller_id = ( SELECT fairlock.acting_user() AS acting_user)) OR (buyer_id = ( SELECT fairlock.acting_user() AS acting_user))));
create policy "the engine keeps escrows" on public.crypto_escrows for all to fairlock_engine using (true);
CREATE TRIGGER guard AFTER INSERT OR UPDATE ON public.crypto_escrows FOR EACH ROW EXECUTE FUNCTION fairlock.guard_escrow();
CREATE TRIGGER laws BEFORE INSERT OR UPDATE ON public.crypto_escrows FOR EACH ROW EXECUTE FUNCTION fairlock.keep_laws();
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON public.crypto_escrows FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
grant insert, select on public.crypto_escrows to fairlock_engine;
grant select on public.crypto_escrows to fairlock_app;
grant update on public.crypto_escrows (closed_at) to fairlock_engine;
grant update on public.crypto_escrows (disputed_at) to fairlock_engine;
grant update on public.crypto_escrows (fee_amount) to fairlock_engine;
grant update on public.crypto_escrows (funded_at) to fairlock_engine;
grant update on public.crypto_escrows (metadata) to fairlock_engine;
grant update on public.crypto_escrows (refunded_amount) to fairlock_engine;
grant update on public.crypto_escrows (refunded_at) to fairlock_engine;
grant update on public.crypto_escrows (released_amount) to fairlock_engine;
grant update on public.crypto_escrows (released_at) to fairlock_engine;
grant update on public.crypto_escrows (status) to fairlock_engine;

create table public.crypto_payment_methods (
  account_details_encrypted text not null,
  account_index bytea,
  created_at timestamp with time zone default now() not null,
  deleted_at timestamp with time zone,
  id uuid default gen_random_uuid() not null,
  is_duplicate boolean default false not null,
  is_primary boolean default false not null,
  is_verified boolean default false not null,
  label text,
  provider text not null,
  purge_due_at timestamp with time zone,
  superseded_by uuid,
  type text not null,
  updated_at timestamp with time zone default now() not null,
  user_id uuid not null,
  verification_asked_at timestamp with time zone,
  verification_decided_by uuid,
  verification_reason text,
  verification_statement_sealed text,
  verification_status text,
  verified_at timestamp with time zone,
  constraint crypto_payment_methods_account_index CHECK ((length(account_index) = 32)),
  constraint crypto_payment_methods_deleted CHECK (((deleted_at IS NOT NULL) OR ((superseded_by IS NULL) AND (purge_due_at IS NULL)))),
  constraint crypto_payment_methods_label CHECK (((length(label) >= 1) AND (length(label) <= 60))),
  constraint crypto_payment_methods_primary CHECK ((NOT (is_primary AND (deleted_at IS NOT NULL)))),
  constraint crypto_payment_methods_reason CHECK ((length(verification_reason) <= 1000)),
  constraint crypto_payment_methods_type CHECK (((type <> ''::text) AND (provider <> ''::text))),
  constraint crypto_payment_methods_verification_status CHECK ((verification_status = ANY (ARRAY['pending'::text, 'verified'::text, 'rejected'::text]))),
  constraint crypto_payment_methods_verified CHECK (((is_verified = (verified_at IS NOT NULL)) AND (is_verified = ((verification_status IS NOT NULL) AND (verification_status = 'verified'::text))))),
  constraint crypto_payment_methods_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint crypto_payment_methods_pkey PRIMARY KEY (id)
);
alter table public.crypto_payment_methods enable row level security;
alter table public.crypto_payment_methods force row level security;
CREATE INDEX crypto_payment_methods_account ON public.crypto_payment_methods USING btree (account_index) WHERE (account_index IS NOT NULL);
CREATE INDEX crypto_payment_methods_deleted_at ON public.crypto_payment_methods USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);
CREATE INDEX crypto_payment_methods_duplicates ON public.crypto_payment_methods USING btree (account_index) WHERE is_duplicate;
CREATE INDEX crypto_payment_methods_queue ON public.crypto_payment_methods USING btree (verification_status, verification_asked_at, id) WHERE ((verification_asked_at IS NOT NULL) AND (deleted_at IS NULL));
CREATE INDEX idx_crypto_payment_methods_is_primary ON public.crypto_payment_methods USING btree (is_primary);
CREATE INDEX idx_crypto_payment_methods_type ON public.crypto_payment_methods USING btree (type);
CREATE INDEX idx_crypto_payment_methods_user_id ON public.crypto_payment_methods USING btree (user_id);
CREATE UNIQUE INDEX crypto_payment_methods_one_primary ON public.crypto_payment_methods USING btree (user_id) WHERE is_primary;
create policy "a grant shows staff payment methods" on public.crypto_payment_methods for select to fairlock_app using (((user_id = ANY (ARRAY( SELECT fairlock.granted('payment_methods'::text) AS granted))) AND fairlock.still_granted('payment_methods'::text, user_id)));
create policy "people see their payment methods" on public.crypto_payment_methods for select to fairlock_app using ((user_id = ( SELECT fairlock.acting_user() AS acting_user)));
create policy "the engine keeps payment methods" on public.crypto_payment_methods for all to fairlock_engine using (true);
CREATE TRIGGER guard BEFORE DELETE OR UPDATE ON public.crypto_payment_methods FOR EACH ROW EXECUTE FUNCTION fairlock.guard_payment_method();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON public.crypto_payment_methods FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF user_id, type, provider, account_details_encrypted, is_verified, verification_status, verified_at, is_primary, label, account_index, is_duplicate, verification_asked_at, verification_statement_sealed, verification_reason, verification_decided_by, deleted_at, superseded_by, purge_due_at ON public.crypto_payment_methods FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{user_id,type,is_verified,verification_status,verified_at,is_primary,is_duplicate,verification_asked_at,verification_decided_by,deleted_at,superseded_by,purge_due_at}', '{id,created_at,updated_at}');
CREATE TRIGGER sealed_account_details_encrypted BEFORE INSERT OR UPDATE OF account_details_encrypted, user_id ON public.crypto_payment_methods FOR EACH ROW WHEN ((new.account_details_encrypted IS NOT NULL)) EXECUTE FUNCTION fairlock.guard_sealed('account_details_encrypted', 'user_id');
CREATE TRIGGER sealed_verification_statement_sealed BEFORE INSERT OR UPDATE OF verification_statement_sealed, user_id ON public.crypto_payment_methods FOR EACH ROW WHEN ((new.verification_statement_sealed IS NOT NULL)) EXECUTE FUNCTION fairlock.guard_sealed('verification_statement_sealed', 'user_id');
grant delete, insert, select on public.crypto_payment_methods to fairlock_engine;
grant select on public.crypto_payment_methods (created_at) to fairlock_app;
grant select on public.crypto_payment_methods (deleted_at) to fairlock_app;
grant update on public.crypto_payment_methods (deleted_at) to fairlock_engine;
grant select on public.crypto_payment_methods (id) to fairlock_app;
grant select on public.crypto_payment_methods (is_primary) to fairlock_app;
grant update on public.crypto_payment_methods (is_primary) to fairlock_engine;
grant select on public.crypto_payment_methods (is_verified) to fairlock_app;
grant update on public.crypto_payment_methods (is_verified) to fairlock_engine;
grant select on public.crypto_payment_methods (label) to fairlock_app;
grant update on public.crypto_payment_methods (label) to fairlock_engine;
grant select on public.crypto_payment_methods (provider) to fairlock_app;
grant select on public.crypto_payment_methods (type) to fairlock_app;
grant select on public.crypto_payment_methods (updated_at) to fairlock_app;
grant update on public.crypto_payment_methods (updated_at) to fairlock_engine;
grant select on public.crypto_payment_methods (user_id) to fairlock_app;
grant select on public.crypto_payment_methods (verification_asked_at) to fairlock_app;
grant update on public.crypto_payment_methods (verification_asked_at) to fairlock_engine;
grant select on public.crypto_payment_methods (verification_reason) to fairlock_app;
grant update on public.crypto_payment_methods (verification_reason) to fairlock_engine;
grant select on public.crypto_payment_methods (verification_status) to fairlock_app;
grant update on public.crypto_payment_methods (verification_status) to fairlock_engine;
grant select on public.crypto_payment_methods (verified_at) to fairlock_app;
grant update on public.crypto_payment_methods (verified_at) to fairlock_engine;
grant update on public.crypto_payment_methods (account_details_encrypted) to fairlock_engine;
grant update on public.crypto_payment_methods (is_duplicate) to fairlock_engine;
grant update on public.crypto_payment_methods (purge_due_at) to fairlock_engine;
grant update on public.crypto_payment_methods (superseded_by) to fairlock_engine;
grant update on public.crypto_payment_methods (verification_decided_by) to fairlock_engine;
grant update on public.crypto_payment_methods (verification_statement_sealed) to fairlock_engine;

create table public.crypto_prices (
  circulating_supply numeric(30,8),
  created_at timestamp with time zone default now() not null,
  dominance_percentage numeric(5,2),
  high_24h numeric(20,8),
  id uuid default gen_random_uuid() not null,
  last_updated timestamp with time zone,
  low_24h numeric(20,8),
  macd numeric(20,8),
  macd_signal numeric(20,8),
  market_cap numeric(30,8),
  market_cap_rank integer,
  max_supply numeric(30,8),
  name text,
  price_btc numeric(20,8),
  price_change_1h numeric(8,2),
  price_change_24h numeric(8,2),
  price_change_30d numeric(8,2),
  price_change_7d numeric(8,2),
  price_eth numeric(20,8),
  price_usd numeric(20,8) not null,
  rsi_14 numeric(8,2),
  sentiment_score numeric(5,2),
  symbol text not null,
  total_supply numeric(30,8),
  volume_24h numeric(30,8),
  constraint crypto_prices_changes CHECK (((price_change_1h <> 'NaN'::numeric) AND (price_change_24h <> 'NaN'::numeric) AND (price_change_7d <> 'NaN'::numeric) AND (price_change_30d <> 'NaN'::numeric) AND (sentiment_score <> 'NaN'::numeric))),
  constraint crypto_prices_indicators CHECK ((((rsi_14 >= (0)::numeric) AND (rsi_14 <= (100)::numeric)) AND (macd <> 'NaN'::numeric) AND (macd_signal <> 'NaN'::numeric))),
  constraint crypto_prices_market CHECK (((volume_24h >= (0)::numeric) AND (volume_24h <> 'NaN'::numeric) AND (market_cap >= (0)::numeric) AND (market_cap <> 'NaN'::numeric) AND (market_cap_rank > 0) AND (circulating_supply >= (0)::numeric) AND (circulating_supply <> 'NaN'::numeric) AND (total_supply >= (0)::numeric) AND (total_supply <> 'NaN'::numeric) AND (max_supply >= (0)::numeric) AND (max_supply <> 'NaN'::numeric) AND ((dominance_percentage >= (0)::numeric) AND (dominance_percentage <= (100)::numeric)))),
  constraint crypto_prices_prices CHECK (((price_usd >= (0)::numeric) AND (price_usd <> 'NaN'::numeric) AND (price_btc >= (0)::numeric) AND (price_btc <> 'NaN'::numeric) AND (price_eth >= (0)::numeric) AND (price_eth <> 'NaN'::numeric) AND (high_24h >= (0)::numeric) AND (high_24h <> 'NaN'::numeric) AND (low_24h >= (0)::numeric) AND (low_24h <> 'NaN'::numeric))),
  constraint crypto_prices_symbol CHECK (((symbol <> ''::text) AND (symbol = upper(symbol)))),
  constraint crypto_prices_pkey PRIMARY KEY (id)
);
alter table public.crypto_prices enable row level security;
alter table public.crypto_prices force row level security;
CREATE INDEX idx_crypto_prices_last_updated ON public.crypto_prices USING btree (last_updated);
CREATE INDEX idx_crypto_prices_symbol ON public.crypto_prices USING btree (symbol);
CREATE UNIQUE INDEX crypto_prices_one_per_symbol ON public.crypto_prices USING btree (symbol);
create policy "everybody reads prices" on public.crypto_prices for select to fairlock_app using (true);
create policy "the engine keeps prices" on public.crypto_prices for all to fairlock_engine using (true);
grant delete, insert, select, update on public.crypto_prices to fairlock_engine;
grant select on public.crypto_prices to fairlock_app;

create table public.crypto_profiles (
  average_rating numeric(3,2),
  banned_until timestamp with time zone,
  counterparties integer default 0 not null,
  country text,
  created_at timestamp with time zone default now() not null,
  current_daily_volume numeric(20,8) default 0 not null,
  current_monthly_volume numeric(20,8) default 0 not null,
  daily_limit numeric(20,8),
  display_name text,
  disputed_trades integer default 0 not null,
  id uuid default gen_random_uuid() not null,
  investment_strategy text,
  is_verified_trader boolean default false not null,
  kyc_status text default 'pending'::text not null,
  kyc_verified_at timestamp with time zone,
  monthly_limit numeric(20,8),
  notification_preferences jsonb,
  payment_seconds integer[] default '{}'::integer[] not null,
  preferred_currencies text[],
  preferred_payment_methods text[],
  rater_count integer default 0 not null,
  rater_means numeric(30,8) default 0 not null,
  rating_count integer default 0 not null,
  rating_sum numeric(20,2) default 0 not null,
  release_seconds integer[] default '{}'::integer[] not null,
  risk_tolerance text,
  security_settings jsonb,
  successful_escrows integer default 0 not null,
  total_trades integer default 0 not null,
  trading_pairs text[],
  trading_volume numeric(20,8) default 0 not null,
  two_factor_enabled boolean default false not null,
  two_factor_secret text,
  unfinished_trades integer default 0 not null,
  updated_at timestamp with time zone default now() not null,
  user_id uuid not null,
  volume_before numeric(20,8) default 0 not null,
  volume_day date,
  volumes jsonb default '{}'::jsonb not null,
  wallet_address text,
  wallet_provider text,
  weighted_rating numeric(3,2),
  constraint crypto_profiles_country CHECK ((country ~ '^[A-Z]{2}$'::text)),
  constraint crypto_profiles_kyc_status CHECK ((kyc_status = ANY (ARRAY['pending'::text, 'rejected'::text, 'basic'::text, 'full'::text, 'institution'::text]))),
  constraint crypto_profiles_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint crypto_profiles_pkey PRIMARY KEY (id)
);
alter table public.crypto_profiles enable row level security;
alter table public.crypto_profiles force row level security;
CREATE INDEX idx_crypto_profiles_kyc_status ON public.crypto_profiles USING btree (kyc_status);
CREATE INDEX idx_crypto_profiles_trading_volume ON public.crypto_profiles USING btree (trading_volume);
CREATE INDEX idx_crypto_profiles_user_id ON public.crypto_profiles USING btree (user_id);
CREATE UNIQUE INDEX crypto_profiles_display_name ON public.crypto_profiles USING btree (lower(display_name));
CREATE UNIQUE INDEX crypto_profiles_one_per_user ON public.crypto_profiles USING btree (user_id);
create policy "a grant shows staff a profile" on public.crypto_profiles for select to fairlock_app using (((user_id = ANY (ARRAY( SELECT fairlock.granted('person'::text) AS granted))) AND fairlock.still_granted('person'::text, user_id)));
create policy "people see their profile" on public.crypto_profiles for select to fairlock_app using ((user_id = ( SELECT fairlock.acting_user() AS acting_user)));
create policy "the engine acts for everybody" on public.crypto_profiles for all to fairlock_engine using (true);
CREATE TRIGGER follow_kyc_level BEFORE INSERT OR UPDATE OF kyc_status ON public.crypto_profiles FOR EACH ROW EXECUTE FUNCTION fairlock.follow_kyc_level();
CREATE TRIGGER guard_volume BEFORE UPDATE OF current_daily_volume, current_monthly_volume, volume_day ON public.crypto_profiles FOR EACH ROW EXECUTE FUNCTION fairlock.guard_volume();
CREATE TRIGGER hide_offers AFTER UPDATE OF banned_until ON public.crypto_profiles FOR EACH ROW WHEN ((new.banned_until IS DISTINCT FROM old.banned_until)) EXECUTE FUNCTION fairlock.hide_offers();
CREATE TRIGGER laws BEFORE INSERT OR UPDATE ON public.crypto_profiles FOR EACH ROW EXECUTE FUNCTION fairlock.keep_laws();
CREATE TRIGGER preferences_are_known BEFORE UPDATE OF notification_preferences ON public.crypto_profiles FOR EACH ROW WHEN ((new.notification_preferences IS DISTINCT FROM old.notification_preferences)) EXECUTE FUNCTION fairlock.guard_preferences();
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF user_id, wallet_address, wallet_provider, kyc_status, kyc_verified_at, is_verified_trader, preferred_currencies, trading_pairs, risk_tolerance, investment_strategy, notification_preferences, security_settings, preferred_payment_methods, daily_limit, monthly_limit, banned_until, two_factor_enabled, two_factor_secret, display_name, country ON public.crypto_profiles FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('user_id', '{user_id,kyc_status,kyc_verified_at,is_verified_trader,banned_until,daily_limit,monthly_limit,two_factor_enabled}', '{id,created_at,updated_at,trading_volume,total_trades,average_rating,successful_escrows,disputed_trades,current_daily_volume,current_monthly_volume,unfinished_trades,counterparties,volumes,payment_seconds,release_seconds,rating_count,rating_sum,rater_count,rater_means,weighted_rating,volume_day,volume_before}');
CREATE TRIGGER sealed_two_factor_secret BEFORE INSERT OR UPDATE OF two_factor_secret, user_id ON public.crypto_profiles FOR EACH ROW WHEN ((new.two_factor_secret IS NOT NULL)) EXECUTE FUNCTION fairlock.guard_sealed('two_factor_secret', 'user_id');
CREATE TRIGGER second_factor AFTER INSERT OR DELETE OR UPDATE OF two_factor_enabled ON public.crypto_profiles FOR EACH ROW EXECUTE FUNCTION fairlock.note_second_factor();
grant insert, select on public.crypto_profiles to fairlock_engine;
grant select on public.crypto_profiles (average_rating) to fairlock_app;
grant update on public.crypto_profiles (average_rating) to fairlock_engine;
grant select on public.crypto_profiles (banned_until) to fairlock_app;
grant update on public.crypto_profiles (banned_until) to fairlock_engine;
grant select on public.crypto_profiles (counterparties) to fairlock_app;
grant update on public.crypto_profiles (counterparties) to fairlock_engine;
grant select on public.crypto_profiles (country) to fairlock_app;
grant update on public.crypto_profiles (country) to fairlock_engine;
grant select on public.crypto_profiles (created_at) to fairlock_app;
grant select on public.crypto_profiles (display_name) to fairlock_app;
grant update on public.crypto_profiles (display_name) to fairlock_engine;
grant select on public.crypto_profiles (disputed_trades) to fairlock_app;
grant update on public.crypto_profiles (disputed_trades) to fairlock_engine;
grant select on public.crypto_profiles (id) to fairlock_app;
grant select on public.crypto_profiles (is_verified_trader) to fairlock_app;
grant update on public.crypto_profiles (is_verified_trader) to fairlock_engine;
grant select on public.crypto_profiles (kyc_status) to fairlock_app;
grant update on public.crypto_profiles (kyc_status) to fairlock_engine;
grant select on public.crypto_profiles (kyc_verified_at) to fairlock_app;
grant update on public.crypto_profiles (kyc_verified_at) to fairlock_engine;
grant select on public.crypto_profiles (notification_preferences) to fairlock_app;
grant update on public.crypto_profiles (notification_preferences) to fairlock_engine;
grant select on public.crypto_profiles (payment_seconds) to fairlock_app;
grant update on public.crypto_profiles (payment_seconds) to fairlock_engine;
grant select on public.crypto_profiles (preferred_currencies) to fairlock_app;
grant update on public.crypto_profiles (preferred_currencies) to fairlock_engine;
grant select on public.crypto_profiles (preferred_payment_methods) to fairlock_app;
grant update on public.crypto_profiles (preferred_payment_methods) to fairlock_engine;
grant select on public.crypto_profiles (rater_count) to fairlock_app;
grant update on public.crypto_profiles (rater_count) to fairlock_engine;
grant select on public.crypto_profiles (rater_means) to fairlock_app;
grant update on public.crypto_profiles (rater_means) to fairlock_engine;
grant select on public.crypto_profiles (rating_count) to fairlock_app;
grant update on public.crypto_profiles (rating_count) to fairlock_engine;
grant select on public.crypto_profiles (rating_sum) to fairlock_app;
grant update on public.crypto_profiles (rating_sum) to fairlock_engine;
grant select on public.crypto_profiles (release_seconds) to fairlock_app;
grant update on public.crypto_profiles (release_seconds) to fairlock_engine;
grant select on public.crypto_profiles (successful_escrows) to fairlock_app;
grant update on public.crypto_profiles (successful_escrows) to fairlock_engine;
grant select on public.crypto_profiles (total_trades) to fairlock_app;
grant update on public.crypto_profiles (total_trades) to fairlock_engine;
grant select on public.crypto_profiles (trading_pairs) to fairlock_app;
grant update on public.crypto_profiles (trading_pairs) to fairlock_engine;
grant select on public.crypto_profiles (trading_volume) to fairlock_app;
grant update on public.crypto_profiles (trading_volume) to fairlock_engine;
grant select on public.crypto_profiles (unfinished_trades) to fairlock_app;
grant update on public.crypto_profiles (unfinished_trades) to fairlock_engine;
grant select on public.crypto_profiles (updated_at) to fairlock_app;
grant update on public.crypto_profiles (updated_at) to fairlock_engine;
grant select on public.crypto_profiles (user_id) to fairlock_app;
grant select on public.crypto_profiles (volumes) to fairlock_app;
grant update on public.crypto_profiles (volumes) to fairlock_engine;
grant select on public.crypto_profiles (weighted_rating) to fairlock_app;
grant update on public.crypto_profiles (weighted_rating) to fairlock_engine;
grant update on public.crypto_profiles (current_daily_volume) to fairlock_engine;
grant update on public.crypto_profiles (current_monthly_volume) to fairlock_engine;
grant update on public.crypto_profiles (daily_limit) to fairlock_engine;
grant update on public.crypto_profiles (investment_strategy) to fairlock_engine;
grant update on public.crypto_profiles (monthly_limit) to fairlock_engine;
grant update on public.crypto_profiles (risk_tolerance) to fairlock_engine;
grant update on public.crypto_profiles (security_settings) to fairlock_engine;
grant update on public.crypto_profiles (two_factor_enabled) to fairlock_engine;
grant update on public.crypto_profiles (two_factor_secret) to fairlock_engine;
grant update on public.crypto_profiles (volume_before) to fairlock_engine;
grant update on public.crypto_profiles (volume_day) to fairlock_engine;
grant update on public.crypto_profiles (wallet_address) to fairlock_engine;
grant update on public.crypto_profiles (wallet_provider) to fairlock_engine;

create table public.crypto_trades (
  amount numeric(20,8) not null,
  buyer_fee numeric(20,8) default 0 not null,
  buyer_feedback text,
  buyer_id uuid,
  buyer_rating numeric(3,2),
  cancel_reason text,
  cancelled_at timestamp with time zone,
  chat_channel_id uuid,
  completed_at timestamp with time zone,
  counted_on date,
  created_at timestamp with time zone default now() not null,
  deadline timestamp with time zone,
  dispute_id uuid,
  dispute_reason text,
  dispute_status text,
  ended_by_actor text,
  escrow_id uuid,
  expires_at timestamp with time zone,
  fee numeric(20,8),
  fee_currency text,
  funded_at timestamp with time zone,
  id uuid default gen_random_uuid() not null,
  metadata jsonb,
  offer_id uuid,
  offer_version integer,
  order_type text,
  paid_at timestamp with time zone,
  pair text not null,
  payment_details jsonb,
  payment_method text,
  payment_method_id uuid,
  payment_window_minutes integer,
  price numeric(20,8) not null,
  price_locked_until timestamp with time zone,
  price_provenance jsonb,
  reference_value numeric(20,8),
  same_as uuid,
  seller_fee numeric(20,8) default 0 not null,
  seller_feedback text,
  seller_rating numeric(3,2),
  side text not null,
  status text default 'pending'::text not null,
  taker_id uuid,
  "timestamp" timestamp with time zone default now() not null,
  total_value numeric(20,8),
  transaction_id uuid,
  updated_at timestamp with time zone default now() not null,
  user_id uuid not null,
  constraint crypto_trades_amounts CHECK (((price > (0)::numeric) AND (price <> 'NaN'::numeric) AND (amount > (0)::numeric) AND (amount <> 'NaN'::numeric) AND (total_value >= (0)::numeric) AND (total_value <> 'NaN'::numeric))),
  constraint crypto_trades_parties CHECK (((buyer_id <> user_id) AND ((taker_id IS NULL) OR ((taker_id = user_id) OR (taker_id = buyer_id))))),
  constraint crypto_trades_status CHECK ((status = ANY (ARRAY['pending'::text, 'funded'::text, 'paid'::text, 'disputed'::text, 'completed'::text, 'cancelled'::text, 'expired'::text]))),
  constraint crypto_trades_buyer_id_fkey FOREIGN KEY (buyer_id) REFERENCES public.users(id),
  constraint crypto_trades_dispute_id_fkey FOREIGN KEY (dispute_id) REFERENCES public.crypto_disputes(id),
  constraint crypto_trades_escrow_id_fkey FOREIGN KEY (escrow_id) REFERENCES public.crypto_escrows(id),
  constraint crypto_trades_offer_id_fkey FOREIGN KEY (offer_id) REFERENCES fairlock.offers(id),
  constraint crypto_trades_same_as_fkey FOREIGN KEY (same_as) REFERENCES public.crypto_trades(id),
  constraint crypto_trades_transaction_id_fkey FOREIGN KEY (transaction_id) REFERENCES public.crypto_transactions(id),
  constraint crypto_trades_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint crypto_trades_pkey PRIMARY KEY (id)
);
alter table public.crypto_trades enable row level security;
alter table public.crypto_trades force row level security;
CREATE INDEX crypto_trades_buyer_page ON public.crypto_trades USING btree (buyer_id, created_at DESC, id);
CREATE INDEX crypto_trades_deadline ON public.crypto_trades USING btree (deadline) WHERE (status = ANY (ARRAY['pending'::text, 'funded'::text, 'paid'::text]));
CREATE INDEX crypto_trades_live_payment ON public.crypto_trades USING btree (payment_method_id) WHERE ((payment_method_id IS NOT NULL) AND (status = ANY (ARRAY['pending'::text, 'funded'::text, 'paid'::text, 'disputed'::text])));
CREATE INDEX crypto_trades_live_takes ON public.crypto_trades USING btree (taker_id) WHERE (status = ANY (ARRAY['pending'::text, 'funded'::text, 'paid'::text, 'disputed'::text]));
CREATE INDEX crypto_trades_same_as ON public.crypto_trades USING btree (same_as) WHERE (same_as IS NOT NULL);
CREATE INDEX crypto_trades_seller_page ON public.crypto_trades USING btree (user_id, created_at DESC, id);
CREATE INDEX idx_crypto_trades_buyer_id ON public.crypto_trades USING btree (buyer_id);
CREATE INDEX idx_crypto_trades_pair ON public.crypto_trades USING btree (pair);
CREATE INDEX idx_crypto_trades_side ON public.crypto_trades USING btree (side);
CREATE INDEX idx_crypto_trades_status ON public.crypto_trades USING btree (status);
CREATE INDEX idx_crypto_trades_timestamp ON public.crypto_trades USING btree ("timestamp");
CREATE INDEX idx_crypto_trades_user_id ON public.crypto_trades USING btree (user_id);
create policy "a case shows its arbitrator the trade" on public.crypto_trades for select to fairlock_app using (((id = ANY (ARRAY( SELECT fairlock.arbitrated() AS arbitrated))) AND fairlock.still_arbitrates(id)));
create policy "a grant shows staff trades" on public.crypto_trades for select to fairlock_app using (((offer_id IS NOT NULL) AND (((user_id = ANY (ARRAY( SELECT fairlock.granted('trades'::text) AS granted))) AND fairlock.still_granted('trades'::text, user_id)) OR ((buyer_id = ANY (ARRAY( SELECT fairlock.granted('trades'::text) AS granted))) AND fairlock.still_granted('trades'::text, buyer_id)) OR ((id = ANY (ARRAY( SELECT fairlock.granted('case'::text) AS granted))) AND fairlock.still_granted('case'::text, id)))));
create policy "both sides see the trade" on public.crypto_trades for select to fairlock_app using (((offer_id IS NOT NULL) AND ((user_id = ( SELECT fairlock.acting_user() AS acting_user)) OR (buyer_id = ( SELECT fairlock.acting_user() AS acting_user)))));
create policy "the engine moves trades" on public.crypto_trades for all to fairlock_engine using (true);
CREATE TRIGGER deleted_by_nobody BEFORE DELETE ON public.crypto_trades FOR EACH STATEMENT WHEN ((NOT fairlock.is_carrying())) EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER guard AFTER INSERT OR UPDATE ON public.crypto_trades FOR EACH ROW EXECUTE FUNCTION fairlock.guard_trade();
CREATE TRIGGER laws BEFORE INSERT OR UPDATE ON public.crypto_trades FOR EACH ROW EXECUTE FUNCTION fairlock.keep_laws();
CREATE TRIGGER never_deleted BEFORE DELETE ON public.crypto_trades FOR EACH ROW WHEN ((NOT ((old.offer_id IS NULL) AND (old.escrow_id IS NULL) AND fairlock.is_carrying()))) EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON public.crypto_trades FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER no_trade_while_banned BEFORE INSERT ON public.crypto_trades FOR EACH ROW EXECUTE FUNCTION fairlock.refuse_banned_side();
CREATE TRIGGER ratings AFTER UPDATE OF seller_rating, buyer_rating, seller_feedback, buyer_feedback ON public.crypto_trades FOR EACH ROW EXECUTE FUNCTION fairlock.keep_rating();
grant insert, select on public.crypto_trades to fairlock_engine;
grant select on public.crypto_trades to fairlock_app;
grant update on public.crypto_trades (buyer_feedback) to fairlock_engine;
grant update on public.crypto_trades (buyer_rating) to fairlock_engine;
grant update on public.crypto_trades (cancel_reason) to fairlock_engine;
grant update on public.crypto_trades (cancelled_at) to fairlock_engine;
grant update on public.crypto_trades (chat_channel_id) to fairlock_engine;
grant update on public.crypto_trades (completed_at) to fairlock_engine;
grant update on public.crypto_trades (deadline) to fairlock_engine;
grant update on public.crypto_trades (dispute_id) to fairlock_engine;
grant update on public.crypto_trades (dispute_reason) to fairlock_engine;
grant update on public.crypto_trades (dispute_status) to fairlock_engine;
grant update on public.crypto_trades (ended_by_actor) to fairlock_engine;
grant update on public.crypto_trades (expires_at) to fairlock_engine;
grant update on public.crypto_trades (funded_at) to fairlock_engine;
grant update on public.crypto_trades (metadata) to fairlock_engine;
grant update on public.crypto_trades (paid_at) to fairlock_engine;
grant update on public.crypto_trades (payment_details) to fairlock_engine;
grant update on public.crypto_trades (payment_method_id) to fairlock_engine;
grant update on public.crypto_trades (seller_feedback) to fairlock_engine;
grant update on public.crypto_trades (seller_rating) to fairlock_engine;
grant update on public.crypto_trades (status) to fairlock_engine;
grant update on public.crypto_trades (updated_at) to fairlock_engine;

create table public.crypto_transactions (
  amount numeric(20,8) not null,
  block_number bigint,
  category text,
  confirmations integer default 0,
  counted_on date,
  created_at timestamp with time zone default now() not null,
  currency text not null,
  destination_description text,
  destination_name text,
  exchange_rate numeric(20,8),
  fiat_currency text,
  fiat_value numeric(20,8),
  from_address text,
  gas_limit bigint,
  gas_price numeric(20,8),
  gas_used bigint,
  id uuid default gen_random_uuid() not null,
  metadata jsonb,
  network_fee numeric(20,8),
  platform_fee numeric(20,8),
  status text default 'pending'::text not null,
  "timestamp" timestamp with time zone default now() not null,
  to_address text,
  trade_id uuid,
  transaction_fee numeric(20,8),
  transaction_hash text,
  transaction_type text not null,
  updated_at timestamp with time zone default now() not null,
  user_id uuid not null,
  wallet_id uuid,
  constraint crypto_transactions_amount CHECK (((amount <> 'NaN'::numeric) AND ((amount > (0)::numeric) OR ((transaction_type = 'adjustment'::text) AND (amount < (0)::numeric))))),
  constraint crypto_transactions_status CHECK ((status = ANY (ARRAY['pending'::text, 'completed'::text, 'failed'::text, 'cancelled'::text, 'reversed'::text]))),
  constraint crypto_transactions_type CHECK ((transaction_type = ANY (ARRAY['deposit'::text, 'withdrawal'::text, 'hold'::text, 'release'::text, 'refund'::text, 'fee'::text, 'adjustment'::text, 'transfer'::text, 'buy'::text, 'sell'::text]))),
  constraint crypto_transactions_trade_id_fkey FOREIGN KEY (trade_id) REFERENCES public.crypto_trades(id),
  constraint crypto_transactions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint crypto_transactions_wallet_id_fkey FOREIGN KEY (wallet_id) REFERENCES public.crypto_wallets(id),
  constraint crypto_transactions_pkey PRIMARY KEY (id)
);
alter table public.crypto_transactions enable row level security;
alter table public.crypto_transactions force row level security;
CREATE INDEX crypto_transactions_page ON public.crypto_transactions USING btree (user_id, created_at, id);
CREATE INDEX crypto_transactions_trade ON public.crypto_transactions USING btree (trade_id);
CREATE INDEX crypto_transactions_untold ON public.crypto_transactions USING btree (id) WHERE ((trade_id IS NOT NULL) AND (fiat_currency IS NULL));
CREATE INDEX idx_crypto_transactions_currency ON public.crypto_transactions USING btree (currency);
CREATE INDEX idx_crypto_transactions_status ON public.crypto_transactions USING btree (status);
CREATE INDEX idx_crypto_transactions_timestamp ON public.crypto_transactions USING btree ("timestamp");
CREATE INDEX idx_crypto_transactions_user_id ON public.crypto_transactions USING btree (user_id);
CREATE INDEX idx_crypto_transactions_wallet_id ON public.crypto_transactions USING btree (wallet_id);
create policy "a grant shows staff movements" on public.crypto_transactions for select to fairlock_app using (((user_id = ANY (ARRAY( SELECT fairlock.granted('money'::text) AS granted))) AND fairlock.still_granted('money'::text, user_id)));
create policy "people see their movements" on public.crypto_transactions for select to fairlock_app using ((user_id = ( SELECT fairlock.acting_user() AS acting_user)));
create policy "the engine writes movements" on public.crypto_transactions for all to fairlock_engine using (true);
CREATE TRIGGER count_withdrawal BEFORE INSERT OR UPDATE OF transaction_type, status, wallet_id, currency, amount, counted_on ON public.crypto_transactions FOR EACH ROW EXECUTE FUNCTION fairlock.count_withdrawal();
CREATE TRIGGER laws BEFORE INSERT OR UPDATE ON public.crypto_transactions FOR EACH ROW EXECUTE FUNCTION fairlock.keep_laws();
grant insert, select on public.crypto_transactions to fairlock_engine;
grant select on public.crypto_transactions to fairlock_app;
grant update on public.crypto_transactions (destination_description) to fairlock_engine;
grant update on public.crypto_transactions (destination_name) to fairlock_engine;
grant update on public.crypto_transactions (exchange_rate) to fairlock_engine;
grant update on public.crypto_transactions (fiat_currency) to fairlock_engine;
grant update on public.crypto_transactions (fiat_value) to fairlock_engine;
grant update on public.crypto_transactions (metadata) to fairlock_engine;
grant update on public.crypto_transactions (network_fee) to fairlock_engine;
grant update on public.crypto_transactions (platform_fee) to fairlock_engine;

create table public.crypto_wallets (
  backup_phrase_encrypted text,
  balance numeric(20,8) default 0 not null,
  chain_type text,
  created_at timestamp with time zone default now() not null,
  currency text not null,
  encrypted_private_key text,
  id uuid default gen_random_uuid() not null,
  is_connected boolean default false not null,
  is_primary boolean default false not null,
  last_backup timestamp with time zone,
  last_synced_at timestamp with time zone,
  limits_pending_until timestamp with time zone,
  pending_limit_daily numeric(20,8),
  pending_limit_monthly numeric(20,8),
  supported_currencies text[],
  updated_at timestamp with time zone default now() not null,
  user_id uuid not null,
  wallet_address text,
  wallet_provider text,
  withdrawal_day date,
  withdrawal_limit_daily numeric(20,8),
  withdrawal_limit_monthly numeric(20,8),
  withdrawn_this_month numeric(20,8) default 0 not null,
  withdrawn_today numeric(20,8) default 0 not null,
  constraint crypto_wallets_balance CHECK (((balance >= (0)::numeric) AND (balance <> 'NaN'::numeric))),
  constraint crypto_wallets_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint crypto_wallets_pkey PRIMARY KEY (id)
);
alter table public.crypto_wallets enable row level security;
alter table public.crypto_wallets force row level security;
CREATE INDEX idx_crypto_wallets_balance ON public.crypto_wallets USING btree (balance);
CREATE INDEX idx_crypto_wallets_currency ON public.crypto_wallets USING btree (currency);
CREATE INDEX idx_crypto_wallets_user_id ON public.crypto_wallets USING btree (user_id);
CREATE UNIQUE INDEX crypto_wallets_one_per_currency ON public.crypto_wallets USING btree (user_id, currency);
create policy "a grant shows staff wallets" on public.crypto_wallets for select to fairlock_app using (((user_id = ANY (ARRAY( SELECT fairlock.granted('money'::text) AS granted))) AND fairlock.still_granted('money'::text, user_id)));
create policy "people see their wallets" on public.crypto_wallets for select to fairlock_app using ((user_id = ( SELECT fairlock.acting_user() AS acting_user)));
create policy "the engine opens wallets" on public.crypto_wallets for all to fairlock_engine using (true);
create policy "the ledger sets the balance" on public.crypto_wallets for all to fairlock_ledger using (true);
CREATE TRIGGER laws BEFORE INSERT OR UPDATE ON public.crypto_wallets FOR EACH ROW EXECUTE FUNCTION fairlock.keep_laws();
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF user_id, wallet_address, wallet_provider, chain_type, currency, is_primary, is_connected, encrypted_private_key, backup_phrase_encrypted, last_backup, supported_currencies, withdrawal_limit_daily, withdrawal_limit_monthly, pending_limit_daily, pending_limit_monthly, limits_pending_until ON public.crypto_wallets FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{user_id,currency,wallet_provider,chain_type,is_primary,is_connected,last_backup,supported_currencies,withdrawal_limit_daily,withdrawal_limit_monthly,pending_limit_daily,pending_limit_monthly,limits_pending_until}', '{id,balance,created_at,updated_at,last_synced_at,withdrawn_today,withdrawn_this_month,withdrawal_day}');
CREATE TRIGGER sealed_backup_phrase_encrypted BEFORE INSERT OR UPDATE OF backup_phrase_encrypted, user_id ON public.crypto_wallets FOR EACH ROW WHEN ((new.backup_phrase_encrypted IS NOT NULL)) EXECUTE FUNCTION fairlock.guard_sealed('backup_phrase_encrypted', 'user_id');
CREATE TRIGGER sealed_encrypted_private_key BEFORE INSERT OR UPDATE OF encrypted_private_key, user_id ON public.crypto_wallets FOR EACH ROW WHEN ((new.encrypted_private_key IS NOT NULL)) EXECUTE FUNCTION fairlock.guard_sealed('encrypted_private_key', 'user_id');
grant insert, select on public.crypto_wallets to fairlock_engine;
grant select on public.crypto_wallets (balance) to fairlock_app;
grant select, update on public.crypto_wallets (balance) to fairlock_ledger;
grant select on public.crypto_wallets (chain_type) to fairlock_app;
grant select on public.crypto_wallets (created_at) to fairlock_app;
grant select on public.crypto_wallets (currency) to fairlock_app;
grant select on public.crypto_wallets (id) to fairlock_app;
grant select on public.crypto_wallets (id) to fairlock_ledger;
grant select on public.crypto_wallets (is_connected) to fairlock_app;
grant update on public.crypto_wallets (is_connected) to fairlock_engine;
grant select on public.crypto_wallets (is_primary) to fairlock_app;
grant select on public.crypto_wallets (last_backup) to fairlock_app;
grant select on public.crypto_wallets (last_synced_at) to fairlock_app;
grant select on public.crypto_wallets (supported_currencies) to fairlock_app;
grant select on public.crypto_wallets (updated_at) to fairlock_app;
grant update on public.crypto_wallets (updated_at) to fairlock_engine;
grant update on public.crypto_wallets (updated_at) to fairlock_ledger;
grant select on public.crypto_wallets (user_id) to fairlock_app;
grant select on public.crypto_wallets (wallet_address) to fairlock_app;
grant update on public.crypto_wallets (wallet_address) to fairlock_engine;
grant select on public.crypto_wallets (wallet_provider) to fairlock_app;
grant update on public.crypto_wallets (wallet_provider) to fairlock_engine;
grant select on public.crypto_wallets (withdrawal_limit_daily) to fairlock_app;
grant update on public.crypto_wallets (withdrawal_limit_daily) to fairlock_engine;
grant select on public.crypto_wallets (withdrawal_limit_monthly) to fairlock_app;
grant update on public.crypto_wallets (withdrawal_limit_monthly) to fairlock_engine;
grant update on public.crypto_wallets (backup_phrase_encrypted) to fairlock_engine;
grant update on public.crypto_wallets (encrypted_private_key) to fairlock_engine;
grant update on public.crypto_wallets (limits_pending_until) to fairlock_engine;
grant update on public.crypto_wallets (pending_limit_daily) to fairlock_engine;
grant update on public.crypto_wallets (pending_limit_monthly) to fairlock_engine;
grant update on public.crypto_wallets (withdrawal_day) to fairlock_engine;
grant update on public.crypto_wallets (withdrawn_this_month) to fairlock_engine;
grant update on public.crypto_wallets (withdrawn_today) to fairlock_engine;

create table public.users (
  created_at timestamp with time zone default now() not null,
  email text,
  id uuid default gen_random_uuid() not null,
  constraint users_pkey PRIMARY KEY (id),
  constraint users_email_key UNIQUE (email)
);
alter table public.users enable row level security;
alter table public.users force row level security;
CREATE UNIQUE INDEX users_email_lower ON public.users USING btree (lower(email));
create policy "a grant shows staff a person" on public.users for select to fairlock_app using (((id = ANY (ARRAY( SELECT fairlock.granted('person'::text) AS granted))) AND fairlock.still_granted('person'::text, id)));
create policy "people see themselves" on public.users for select to fairlock_app using ((id = ( SELECT fairlock.acting_user() AS acting_user)));
create policy "the engine acts for everybody" on public.users for all to fairlock_engine using (true);
CREATE TRIGGER recorded AFTER INSERT OR DELETE OR UPDATE OF id, email, created_at ON public.users FOR EACH ROW EXECUTE FUNCTION fairlock.record_change('id', '{id,created_at}', '{}');
grant insert, select on public.users to fairlock_engine;
grant select on public.users (created_at) to fairlock_app;
grant select on public.users (email) to fairlock_app;
grant update on public.users (email) to fairlock_engine;
grant select on public.users (id) to fairlock_app;

create function audit.block_hash(b audit.blocks) returns bytea language sql immutable as 6d68622e82156b86;
alter function audit.block_hash(audit.blocks) owner to fairlock_engine;
grant execute on function audit.block_hash(audit.blocks) to fairlock_engine;

create function audit.field(p_value bytea) returns bytea language sql immutable as 64ba978cc1fc6230;
alter function audit.field(bytea) owner to fairlock_engine;
grant execute on function audit.field(bytea) to fairlock_engine;

create function audit.field(p_value text) returns bytea language sql immutable as 93ccb378bca8362c;
alter function audit.field(text) owner to fairlock_engine;
grant execute on function audit.field(text) to fairlock_engine;

create function audit.instant(p_time timestamp with time zone) returns text language sql stable as ee69dc06d9571e80;
alter function audit.instant(timestamp with time zone) owner to fairlock_engine;
grant execute on function audit.instant(timestamp with time zone) to fairlock_engine;

create function audit.itself() returns uuid language sql immutable as d82865213024c58c;
alter function audit.itself() owner to fairlock_engine;
grant execute on function audit.itself() to fairlock_engine;

create function audit.leaf(e audit.events) returns bytea language sql immutable as e7228cc7cb0c3b46;
alter function audit.leaf(audit.events) owner to fairlock_engine;
grant execute on function audit.leaf(audit.events) to fairlock_engine;

create function audit.masked(p_value jsonb, p_shown boolean) returns jsonb language sql immutable as 16ceb6952b705d30;
alter function audit.masked(jsonb,boolean) owner to fairlock_engine;
grant execute on function audit.masked(jsonb,boolean) to fairlock_engine;

create function audit.merkle_root(p_leaves bytea[]) returns bytea language plpgsql immutable set search_path=pg_catalog, pg_temp as c2116e20c598f7a3;
alter function audit.merkle_root(bytea[]) owner to fairlock_engine;
grant execute on function audit.merkle_root(bytea[]) to fairlock_engine;

create function audit.protect(p_table regclass) returns void language plpgsql set search_path=pg_catalog, pg_temp as 3b0eae46587b44a2;
alter function audit.protect(regclass) owner to ;

create function audit.refuse_change() returns trigger language plpgsql set search_path=pg_catalog, pg_temp as f3ceb41332f8576d;
alter function audit.refuse_change() owner to ;
grant execute on function audit.refuse_change() to public;

create function audit.search(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp, plan_cache_mode=force_custom_plan as f839361e84c401d3;
alter function audit.search(jsonb) owner to fairlock_engine;
grant execute on function audit.search(jsonb) to fairlock_engine;

create function audit.unwatched() returns TABLE(name text, reason text) language sql immutable as 1b7787809b3130aa;
alter function audit.unwatched() owner to fairlock_engine;
grant execute on function audit.unwatched() to fairlock_engine;

create function audit.watched() returns TABLE(name text, key text, shown text[], ignored text[]) language sql immutable as c7e29458e33df6f6;
alter function audit.watched() owner to fairlock_engine;
grant execute on function audit.watched() to fairlock_engine;

create function fairlock.accept_recovery_code(p_user uuid, p_hash bytea, p_session uuid) returns boolean language plpgsql set search_path=pg_catalog, pg_temp as 97eaa02961f3267c;
alter function fairlock.accept_recovery_code(uuid,bytea,uuid) owner to fairlock_engine;
grant execute on function fairlock.accept_recovery_code(uuid,bytea,uuid) to fairlock_engine;

create function fairlock.accept_totp(p_user uuid, p_step bigint, p_session uuid) returns boolean language plpgsql set search_path=pg_catalog, pg_temp as 0d84b4f8e65230e9;
alter function fairlock.accept_totp(uuid,bigint,uuid) owner to fairlock_engine;
grant execute on function fairlock.accept_totp(uuid,bigint,uuid) to fairlock_engine;

create function fairlock.account_facts(m public.crypto_payment_methods) returns jsonb language sql immutable as c3ecd0277175a21d;
alter function fairlock.account_facts(public.crypto_payment_methods) owner to fairlock_engine;
grant execute on function fairlock.account_facts(public.crypto_payment_methods) to fairlock_engine;

create function fairlock.account_for(p_seller uuid, p_type text) returns public.crypto_payment_methods language plpgsql stable set search_path=pg_catalog, pg_temp as 927c1caf100ea655;
alter function fairlock.account_for(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.account_for(uuid,text) to fairlock_engine;

create function fairlock.acting_key() returns uuid language sql stable as dbd136933e69dbd5;
alter function fairlock.acting_key() owner to fairlock_engine;
grant execute on function fairlock.acting_key() to fairlock_engine;
grant execute on function fairlock.acting_key() to public;

create function fairlock.acting_place() returns jsonb language sql stable set search_path=pg_catalog, pg_temp as 16c050f3769fe9c7;
alter function fairlock.acting_place() owner to fairlock_engine;
grant execute on function fairlock.acting_place() to fairlock_engine;

create function fairlock.acting_session() returns uuid language sql stable as 5c6d2d41cfb7ae78;
alter function fairlock.acting_session() owner to fairlock_engine;
grant execute on function fairlock.acting_session() to fairlock_engine;

create function fairlock.acting_user() returns uuid language sql stable as 9a73eb86dfd77c79;
alter function fairlock.acting_user() owner to fairlock_engine;
grant execute on function fairlock.acting_user() to fairlock_engine;
grant execute on function fairlock.acting_user() to public;

create function fairlock.activate_key_encryption_key(p_id text) returns boolean language plpgsql set search_path=pg_catalog, pg_temp as 0a79a36ed4f15a1c;
alter function fairlock.activate_key_encryption_key(text) owner to fairlock_engine;
grant execute on function fairlock.activate_key_encryption_key(text) to fairlock_engine;

create function fairlock.active_data_key(p_owner uuid) returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as d92f26257035a064;
alter function fairlock.active_data_key(uuid) owner to fairlock_engine;
grant execute on function fairlock.active_data_key(uuid) to fairlock_app;
grant execute on function fairlock.active_data_key(uuid) to fairlock_engine;

create function fairlock.active_key_encryption_key() returns jsonb language plpgsql stable security definer set search_path=pg_catalog, pg_temp as a231d38563a87402;
alter function fairlock.active_key_encryption_key() owner to fairlock_engine;
grant execute on function fairlock.active_key_encryption_key() to fairlock_app;
grant execute on function fairlock.active_key_encryption_key() to fairlock_engine;

create function fairlock.add_blind_index_key(p_name text, p_id uuid, p_sealed text) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 402ffcc46e2ba9f0;
alter function fairlock.add_blind_index_key(text,uuid,text) owner to fairlock_engine;
grant execute on function fairlock.add_blind_index_key(text,uuid,text) to fairlock_app;
grant execute on function fairlock.add_blind_index_key(text,uuid,text) to fairlock_engine;

create function fairlock.add_counts(a jsonb, b jsonb) returns jsonb language sql immutable set search_path=pg_catalog, pg_temp as c07f670e8b18068d;
alter function fairlock.add_counts(jsonb,jsonb) owner to fairlock_engine;
grant execute on function fairlock.add_counts(jsonb,jsonb) to fairlock_engine;

create function fairlock.add_data_key(p_id uuid, p_owner uuid, p_wrapped bytea, p_key_encryption_key text) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 899efb46e5d3d84e;
alter function fairlock.add_data_key(uuid,uuid,bytea,text) owner to fairlock_engine;
grant execute on function fairlock.add_data_key(uuid,uuid,bytea,text) to fairlock_app;
grant execute on function fairlock.add_data_key(uuid,uuid,bytea,text) to fairlock_engine;

create function fairlock.add_evidence(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 9b7244309d6b14d6;
alter function fairlock.add_evidence(jsonb) owner to fairlock_engine;
grant execute on function fairlock.add_evidence(jsonb) to fairlock_engine;

create function fairlock.add_file(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as cd5b43008f43db91;
alter function fairlock.add_file(jsonb) owner to fairlock_engine;
grant execute on function fairlock.add_file(jsonb) to fairlock_engine;

create function fairlock.add_file_part(p_file uuid, p_is_thumbnail boolean, p_number integer, p_content text) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as c78149e28bdf5091;
alter function fairlock.add_file_part(uuid,boolean,integer,text) owner to fairlock_engine;
grant execute on function fairlock.add_file_part(uuid,boolean,integer,text) to fairlock_app;
grant execute on function fairlock.add_file_part(uuid,boolean,integer,text) to fairlock_engine;

create function fairlock.add_passkey(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 4240beda57dba217;
alter function fairlock.add_passkey(jsonb) owner to fairlock_engine;
grant execute on function fairlock.add_passkey(jsonb) to fairlock_engine;

create function fairlock.add_payment_method(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 372febb7f3f88f18;
alter function fairlock.add_payment_method(jsonb) owner to fairlock_engine;
grant execute on function fairlock.add_payment_method(jsonb) to fairlock_engine;

create function fairlock.add_push_key(p_id uuid, p_public_key bytea, p_sealed text) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as db1c0dace4c7dfee;
alter function fairlock.add_push_key(uuid,bytea,text) owner to fairlock_engine;
grant execute on function fairlock.add_push_key(uuid,bytea,text) to fairlock_app;
grant execute on function fairlock.add_push_key(uuid,bytea,text) to fairlock_engine;

create function fairlock.adjust_balance(p_user uuid, p_currency text, p_amount numeric, p_reason text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 8915b854d069b435;
alter function fairlock.adjust_balance(uuid,text,numeric,text) owner to fairlock_engine;
grant execute on function fairlock.adjust_balance(uuid,text,numeric,text) to fairlock_engine;

create function fairlock.adoption_figures(p_exact boolean DEFAULT false) returns jsonb language plpgsql stable security definer set search_path=pg_catalog, pg_temp as 5cc99d1b5a27a75f;
alter function fairlock.adoption_figures(boolean) owner to fairlock_engine;
grant execute on function fairlock.adoption_figures(boolean) to fairlock_app;
grant execute on function fairlock.adoption_figures(boolean) to fairlock_engine;

create function fairlock.age_seconds(p_at timestamp with time zone) returns integer language sql set search_path=pg_catalog, pg_temp as 2bb60bffad8fb90b;
alter function fairlock.age_seconds(timestamp with time zone) owner to fairlock_engine;
grant execute on function fairlock.age_seconds(timestamp with time zone) to fairlock_app;
grant execute on function fairlock.age_seconds(timestamp with time zone) to fairlock_engine;

create function fairlock.agree_price(o fairlock.offers, p_taker uuid, p_amount numeric, p_worst numeric, p_lock uuid, OUT price numeric, OUT provenance jsonb, OUT locked_until timestamp with time zone, OUT refusal jsonb) returns record language plpgsql set search_path=pg_catalog, pg_temp as 933b06eaa4e72c8c;
alter function fairlock.agree_price(fairlock.offers,uuid,numeric,numeric,uuid) owner to fairlock_engine;
grant execute on function fairlock.agree_price(fairlock.offers,uuid,numeric,numeric,uuid) to fairlock_engine;

create function fairlock.allow_email_token(p_change uuid, p_confirmation bytea, p_cancellation bytea) returns boolean language plpgsql set search_path=pg_catalog, pg_temp as 68f931e54723ec3c;
alter function fairlock.allow_email_token(uuid,bytea,bytea) owner to fairlock_engine;
grant execute on function fairlock.allow_email_token(uuid,bytea,bytea) to fairlock_engine;

create function fairlock.allow_mail_token(p_notice uuid, p_hash bytea) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as bb5249753cd5bef4;
alter function fairlock.allow_mail_token(uuid,bytea) owner to fairlock_engine;
grant execute on function fairlock.allow_mail_token(uuid,bytea) to fairlock_app;
grant execute on function fairlock.allow_mail_token(uuid,bytea) to fairlock_engine;

create function fairlock.allow_reset_token(p_reset uuid, p_hash bytea) returns boolean language plpgsql set search_path=pg_catalog, pg_temp as e607974257d72cb1;
alter function fairlock.allow_reset_token(uuid,bytea) owner to fairlock_engine;
grant execute on function fairlock.allow_reset_token(uuid,bytea) to fairlock_engine;

create function fairlock.anchor_offers(p_most integer) returns integer language plpgsql security definer set search_path=pg_catalog, pg_temp as f93babbede3c6eee;
alter function fairlock.anchor_offers(integer) owner to fairlock_engine;
grant execute on function fairlock.anchor_offers(integer) to fairlock_app;
grant execute on function fairlock.anchor_offers(integer) to fairlock_engine;

create function fairlock.announce(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 90bffdba6f5c4182;
alter function fairlock.announce(jsonb) owner to fairlock_engine;
grant execute on function fairlock.announce(jsonb) to fairlock_engine;

create function fairlock.announcement_json(a fairlock.announcements) returns jsonb language sql stable as ea9ba08b8db7f806;
alter function fairlock.announcement_json(fairlock.announcements) owner to fairlock_engine;
grant execute on function fairlock.announcement_json(fairlock.announcements) to fairlock_app;
grant execute on function fairlock.announcement_json(fairlock.announcements) to fairlock_engine;

create function fairlock.answer_dispute(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 8c2483cfdbe7e9f5;
alter function fairlock.answer_dispute(jsonb) owner to fairlock_engine;
grant execute on function fairlock.answer_dispute(jsonb) to fairlock_engine;

create function fairlock.answer_rating(p_trade uuid, p_text text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 6dbe3402403859d9;
alter function fairlock.answer_rating(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.answer_rating(uuid,text) to fairlock_engine;

create function fairlock.answer_reset_wishes(p_most integer) returns integer language plpgsql security definer set search_path=pg_catalog, pg_temp as 9f9539509a12f0e5;
alter function fairlock.answer_reset_wishes(integer) owner to fairlock_engine;
grant execute on function fairlock.answer_reset_wishes(integer) to fairlock_app;
grant execute on function fairlock.answer_reset_wishes(integer) to fairlock_engine;

create function fairlock.apart() returns SETOF uuid language plpgsql stable security definer set search_path=pg_catalog, pg_temp as 6ab21175a732d706;
alter function fairlock.apart() owner to fairlock_engine;
grant execute on function fairlock.apart() to fairlock_app;
grant execute on function fairlock.apart() to fairlock_engine;

create function fairlock.api_key_json(p_id uuid, p_name text, p_scopes text[], p_addresses cidr[], p_requests_per_minute integer, p_created_at timestamp with time zone, p_last_used_at timestamp with time zone, p_expires_at timestamp with time zone) returns jsonb language sql stable as 8a6a4158f4a3d7b9;
alter function fairlock.api_key_json(uuid,text,text[],cidr[],integer,timestamp with time zone,timestamp with time zone,timestamp with time zone) owner to fairlock_engine;
grant execute on function fairlock.api_key_json(uuid,text,text[],cidr[],integer,timestamp with time zone,timestamp with time zone,timestamp with time zone) to fairlock_app;
grant execute on function fairlock.api_key_json(uuid,text,text[],cidr[],integer,timestamp with time zone,timestamp with time zone,timestamp with time zone) to fairlock_engine;

create function fairlock.appeal_dispute(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 312fae44c0932cc1;
alter function fairlock.appeal_dispute(jsonb) owner to fairlock_engine;
grant execute on function fairlock.appeal_dispute(jsonb) to fairlock_engine;

create function fairlock.apply_due_email_changes(p_most integer) returns integer language plpgsql security definer set search_path=pg_catalog, pg_temp as 2b34f8fad22ff273;
alter function fairlock.apply_due_email_changes(integer) owner to fairlock_engine;
grant execute on function fairlock.apply_due_email_changes(integer) to fairlock_app;
grant execute on function fairlock.apply_due_email_changes(integer) to fairlock_engine;

create function fairlock.apply_email_change(p_change uuid) returns void language plpgsql set search_path=pg_catalog, pg_temp as 9705e3475baa6689;
alter function fairlock.apply_email_change(uuid) owner to fairlock_engine;
grant execute on function fairlock.apply_email_change(uuid) to fairlock_engine;

create function fairlock.apply_email_changes_of(p_email text) returns void language plpgsql set search_path=pg_catalog, pg_temp as e3f1c52c031d7231;
alter function fairlock.apply_email_changes_of(text) owner to fairlock_engine;
grant execute on function fairlock.apply_email_changes_of(text) to fairlock_engine;

create function fairlock.apply_kyc_levels(p_level text DEFAULT NULL::text) returns integer language plpgsql set search_path=pg_catalog, pg_temp as 568b99b8f9886dfd;
alter function fairlock.apply_kyc_levels(text) owner to fairlock_engine;
grant execute on function fairlock.apply_kyc_levels(text) to fairlock_engine;

create function fairlock.arbitrated() returns SETOF uuid language plpgsql stable security definer set search_path=pg_catalog, pg_temp as 5a0b88fdce7d0e75;
alter function fairlock.arbitrated() owner to fairlock_engine;
grant execute on function fairlock.arbitrated() to fairlock_app;
grant execute on function fairlock.arbitrated() to fairlock_engine;

create function fairlock.arbitrates(p_trade uuid) returns boolean language plpgsql stable security definer set search_path=pg_catalog, pg_temp as f79cbe5d3d31dedc;
alter function fairlock.arbitrates(uuid) owner to fairlock_engine;
grant execute on function fairlock.arbitrates(uuid) to fairlock_app;
grant execute on function fairlock.arbitrates(uuid) to fairlock_engine;

create function fairlock.are_apart(p_one uuid, p_other uuid) returns boolean language plpgsql stable set search_path=pg_catalog, pg_temp as 2f3f0c215446f6c7;
alter function fairlock.are_apart(uuid,uuid) owner to fairlock_engine;
grant execute on function fairlock.are_apart(uuid,uuid) to fairlock_engine;

create function fairlock.ask_access(p jsonb, p_break_glass boolean) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as e8900b17adfdb388;
alter function fairlock.ask_access(jsonb,boolean) owner to fairlock_engine;
grant execute on function fairlock.ask_access(jsonb,boolean) to fairlock_engine;

create function fairlock.ask_in_dispute(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 92b99963596f7b0f;
alter function fairlock.ask_in_dispute(jsonb) owner to fairlock_engine;
grant execute on function fairlock.ask_in_dispute(jsonb) to fairlock_engine;

create function fairlock.ask_kyc(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 8fd1d475998185bb;
alter function fairlock.ask_kyc(jsonb) owner to fairlock_engine;
grant execute on function fairlock.ask_kyc(jsonb) to fairlock_engine;

create function fairlock.ask_payment_verification(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 4636492cea9493a1;
alter function fairlock.ask_payment_verification(jsonb) owner to fairlock_engine;
grant execute on function fairlock.ask_payment_verification(jsonb) to fairlock_engine;

create function fairlock.asks_for_factor(p_operation text) returns boolean language sql immutable as 0e2dfe4007c76540;
alter function fairlock.asks_for_factor(text) owner to fairlock_engine;
grant execute on function fairlock.asks_for_factor(text) to fairlock_engine;

create function fairlock.assign_arbitrator(p_dispute uuid, p_part text, p_person uuid, p_by uuid) returns uuid language plpgsql set search_path=pg_catalog, pg_temp as b54b34007a908f35;
alter function fairlock.assign_arbitrator(uuid,text,uuid,uuid) owner to fairlock_engine;
grant execute on function fairlock.assign_arbitrator(uuid,text,uuid,uuid) to fairlock_engine;

create function fairlock.assign_due_dispute(p_dispute uuid) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 5f94fd721b0e5a50;
alter function fairlock.assign_due_dispute(uuid) owner to fairlock_engine;
grant execute on function fairlock.assign_due_dispute(uuid) to fairlock_app;
grant execute on function fairlock.assign_due_dispute(uuid) to fairlock_engine;

create function fairlock.attach_file(p_file uuid, p_owner uuid, p_purpose text, p_subject uuid) returns boolean language plpgsql set search_path=pg_catalog, pg_temp as 6e4e363e8dd3b1b5;
alter function fairlock.attach_file(uuid,uuid,text,uuid) owner to fairlock_engine;
grant execute on function fairlock.attach_file(uuid,uuid,text,uuid) to fairlock_engine;

create function fairlock.audit_roots(p_after bigint, p_most integer, p_leaves boolean) returns SETOF jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as efbc76b9ace3db5e;
alter function fairlock.audit_roots(bigint,integer,boolean) owner to fairlock_engine;
grant execute on function fairlock.audit_roots(bigint,integer,boolean) to fairlock_app;
grant execute on function fairlock.audit_roots(bigint,integer,boolean) to fairlock_engine;

create function fairlock.audit_signing_key() returns TABLE(id text, public_key bytea, sealed_private_key text) language sql stable security definer set search_path=pg_catalog, pg_temp as 76b7a70bac819ca1;
alter function fairlock.audit_signing_key() owner to fairlock_engine;
grant execute on function fairlock.audit_signing_key() to fairlock_app;
grant execute on function fairlock.audit_signing_key() to fairlock_engine;

create function fairlock.audit_state() returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as cdc627c8adc6ef8b;
alter function fairlock.audit_state() owner to fairlock_engine;
grant execute on function fairlock.audit_state() to fairlock_app;
grant execute on function fairlock.audit_state() to fairlock_engine;

create function fairlock.authenticate(p_session uuid, p_token_hash bytea, p_request text, p_api_key boolean, p_address inet) returns text language plpgsql security definer set search_path=pg_catalog, pg_temp as 449aa41da26d040a;
alter function fairlock.authenticate(uuid,bytea,text,boolean,inet) owner to fairlock_engine;
grant execute on function fairlock.authenticate(uuid,bytea,text,boolean,inet) to fairlock_app;
grant execute on function fairlock.authenticate(uuid,bytea,text,boolean,inet) to fairlock_engine;

create function fairlock.available_change(x public.crypto_transactions) returns numeric language sql immutable as 4adba716836f9ae6;
alter function fairlock.available_change(public.crypto_transactions) owner to fairlock_engine;
grant execute on function fairlock.available_change(public.crypto_transactions) to fairlock_app;
grant execute on function fairlock.available_change(public.crypto_transactions) to fairlock_engine;

create function fairlock.backfill_sample_prices(p jsonb) returns void language plpgsql set search_path=pg_catalog, pg_temp, TimeZone=UTC as a0e4c4c9d1103761;
alter function fairlock.backfill_sample_prices(jsonb) owner to fairlock_engine;
grant execute on function fairlock.backfill_sample_prices(jsonb) to fairlock_engine;

create function fairlock.ban_json(b fairlock.bans) returns jsonb language sql stable as c6cd586ebf8dbae1;
alter function fairlock.ban_json(fairlock.bans) owner to fairlock_engine;
grant execute on function fairlock.ban_json(fairlock.bans) to fairlock_app;
grant execute on function fairlock.ban_json(fairlock.bans) to fairlock_engine;

create function fairlock.ban_person(p_user uuid, p_until timestamp with time zone, p_reason text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as dd3edc0bbddbee00;
alter function fairlock.ban_person(uuid,timestamp with time zone,text) owner to fairlock_engine;
grant execute on function fairlock.ban_person(uuid,timestamp with time zone,text) to fairlock_engine;

create function fairlock.bar_json(p_open numeric, p_high numeric, p_low numeric, p_close numeric, p_samples integer, p_first timestamp with time zone, p_last timestamp with time zone, p_sample boolean, p_at timestamp with time zone) returns jsonb language sql stable set search_path=pg_catalog, pg_temp as 3bbeb4f64f68d3a9;
alter function fairlock.bar_json(numeric,numeric,numeric,numeric,integer,timestamp with time zone,timestamp with time zone,boolean,timestamp with time zone) owner to fairlock_engine;
grant execute on function fairlock.bar_json(numeric,numeric,numeric,numeric,integer,timestamp with time zone,timestamp with time zone,boolean,timestamp with time zone) to fairlock_app;
grant execute on function fairlock.bar_json(numeric,numeric,numeric,numeric,integer,timestamp with time zone,timestamp with time zone,boolean,timestamp with time zone) to fairlock_engine;

create function fairlock.begin_audit_era(p_last audit.blocks) returns boolean language plpgsql security definer set search_path=pg_catalog, pg_temp as 4375e17a9f5d2bb8;
alter function fairlock.begin_audit_era(audit.blocks) owner to ;
grant execute on function fairlock.begin_audit_era(audit.blocks) to fairlock_engine;

create function fairlock.begin_dispute(p_dispute uuid) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as f017912ceb086ec4;
alter function fairlock.begin_dispute(uuid) owner to fairlock_engine;
grant execute on function fairlock.begin_dispute(uuid) to fairlock_engine;

create function fairlock.begin_evidence(p_dispute uuid) returns jsonb language plpgsql stable security definer set search_path=pg_catalog, pg_temp as 643dcc7aaf477502;
alter function fairlock.begin_evidence(uuid) owner to fairlock_engine;
grant execute on function fairlock.begin_evidence(uuid) to fairlock_app;
grant execute on function fairlock.begin_evidence(uuid) to fairlock_engine;

create function fairlock.begin_price_round(p jsonb, p_now timestamp with time zone) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as f35ad5cbcb648d1b;
alter function fairlock.begin_price_round(jsonb,timestamp with time zone) owner to fairlock_engine;
grant execute on function fairlock.begin_price_round(jsonb,timestamp with time zone) to fairlock_app;
grant execute on function fairlock.begin_price_round(jsonb,timestamp with time zone) to fairlock_engine;

create function fairlock.begin_upload() returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as f4e0a5d1237a4500;
alter function fairlock.begin_upload() owner to fairlock_engine;
grant execute on function fairlock.begin_upload() to fairlock_app;
grant execute on function fairlock.begin_upload() to fairlock_engine;

create function fairlock.bind_payment_method(p_trade uuid, p_method uuid) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 0f75b80452886e28;
alter function fairlock.bind_payment_method(uuid,uuid) owner to fairlock_engine;
grant execute on function fairlock.bind_payment_method(uuid,uuid) to fairlock_engine;

create function fairlock.blame(p_trade uuid, p_seller uuid, p_buyer uuid, p_from text, p_actor text) returns void language plpgsql set search_path=pg_catalog, pg_temp as b21e0c966e3be721;
alter function fairlock.blame(uuid,uuid,uuid,text,text) owner to fairlock_engine;
grant execute on function fairlock.blame(uuid,uuid,uuid,text,text) to fairlock_engine;

create function fairlock.blind_index_key(p_name text) returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as acc529a5c18b7302;
alter function fairlock.blind_index_key(text) owner to fairlock_engine;
grant execute on function fairlock.blind_index_key(text) to fairlock_app;
grant execute on function fairlock.blind_index_key(text) to fairlock_engine;

create function fairlock.board_json(c fairlock.currencies, b fairlock.price_board) returns jsonb language sql stable set search_path=pg_catalog, pg_temp as a67b2781336205d0;
alter function fairlock.board_json(fairlock.currencies,fairlock.price_board) owner to fairlock_engine;
grant execute on function fairlock.board_json(fairlock.currencies,fairlock.price_board) to fairlock_app;
grant execute on function fairlock.board_json(fairlock.currencies,fairlock.price_board) to fairlock_engine;

create function fairlock.broken_law(r fairlock.offers) returns text language sql immutable as 4bf38a019c948cd3;
alter function fairlock.broken_law(fairlock.offers) owner to ;
grant execute on function fairlock.broken_law(fairlock.offers) to public;

create function fairlock.broken_law(r public.crypto_escrows) returns text language sql immutable as 19699bb221c7c78e;
alter function fairlock.broken_law(public.crypto_escrows) owner to ;
grant execute on function fairlock.broken_law(public.crypto_escrows) to public;

create function fairlock.broken_law(r public.crypto_profiles) returns text language sql immutable as 31fe67a83bf5a3f4;
alter function fairlock.broken_law(public.crypto_profiles) owner to ;
grant execute on function fairlock.broken_law(public.crypto_profiles) to public;

create function fairlock.broken_law(r public.crypto_trades) returns text language sql immutable as 4a0d43ac51702783;
alter function fairlock.broken_law(public.crypto_trades) owner to ;
grant execute on function fairlock.broken_law(public.crypto_trades) to public;

create function fairlock.broken_law(r public.crypto_transactions) returns text language sql immutable as 780049ca42967fcc;
alter function fairlock.broken_law(public.crypto_transactions) owner to ;
grant execute on function fairlock.broken_law(public.crypto_transactions) to public;

create function fairlock.broken_law(r public.crypto_wallets) returns text language sql immutable as be9399adcd250e34;
alter function fairlock.broken_law(public.crypto_wallets) owner to ;
grant execute on function fairlock.broken_law(public.crypto_wallets) to public;

create function fairlock.broken_preference(p jsonb) returns text language sql immutable as 9f7d2f9897f53b61;
alter function fairlock.broken_preference(jsonb) owner to fairlock_engine;
grant execute on function fairlock.broken_preference(jsonb) to fairlock_engine;

create function fairlock.cancel_email_change(p_change uuid, p_reason text) returns boolean language plpgsql set search_path=pg_catalog, pg_temp as f28b2ccc1045d816;
alter function fairlock.cancel_email_change(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.cancel_email_change(uuid,text) to fairlock_engine;

create function fairlock.change_me(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 67a4246fac943b56;
alter function fairlock.change_me(jsonb) owner to fairlock_engine;
grant execute on function fairlock.change_me(jsonb) to fairlock_engine;

create function fairlock.change_notification_preferences(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 53d18dd5134171aa;
alter function fairlock.change_notification_preferences(jsonb) owner to fairlock_engine;
grant execute on function fairlock.change_notification_preferences(jsonb) to fairlock_engine;

create function fairlock.change_offer(p_offer uuid, p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as ce28b248f2be9ea4;
alter function fairlock.change_offer(uuid,jsonb) owner to fairlock_engine;
grant execute on function fairlock.change_offer(uuid,jsonb) to fairlock_engine;

create function fairlock.change_password(p_was text, p_becomes text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as e8c39f24a71401ec;
alter function fairlock.change_password(text,text) owner to fairlock_engine;
grant execute on function fairlock.change_password(text,text) to fairlock_engine;

create function fairlock.change_payment_method(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as bc97582ceede4ab3;
alter function fairlock.change_payment_method(jsonb) owner to fairlock_engine;
grant execute on function fairlock.change_payment_method(jsonb) to fairlock_engine;

create function fairlock.change_webhook(p_id uuid, p_change jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 8107b1cce23e6852;
alter function fairlock.change_webhook(uuid,jsonb) owner to fairlock_engine;
grant execute on function fairlock.change_webhook(uuid,jsonb) to fairlock_engine;

create function fairlock.chat_arbitrators(p_trade uuid) returns uuid[] language plpgsql stable set search_path=pg_catalog, pg_temp as 2d79305f3136379c;
alter function fairlock.chat_arbitrators(uuid) owner to fairlock_engine;
grant execute on function fairlock.chat_arbitrators(uuid) to fairlock_engine;

create function fairlock.chat_author(p_trade uuid) returns jsonb language plpgsql stable security definer set search_path=pg_catalog, pg_temp as 6e6413a9a51c6d11;
alter function fairlock.chat_author(uuid) owner to fairlock_engine;
grant execute on function fairlock.chat_author(uuid) to fairlock_app;
grant execute on function fairlock.chat_author(uuid) to fairlock_engine;

create function fairlock.chat_channel(p_trade uuid) returns fairlock.chat_channels language plpgsql set search_path=pg_catalog, pg_temp as 803ae8dbd9150169;
alter function fairlock.chat_channel(uuid) owner to fairlock_engine;
grant execute on function fairlock.chat_channel(uuid) to fairlock_engine;

create function fairlock.chat_facts(p_data jsonb) returns jsonb language sql immutable as 5642a7b2d0046a16;
alter function fairlock.chat_facts(jsonb) owner to fairlock_engine;
grant execute on function fairlock.chat_facts(jsonb) to fairlock_engine;

create function fairlock.chat_page(p_trade uuid, p_after integer, p_before integer, p_most integer) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp, enable_seqscan=off as 90d347bee4b0419b;
alter function fairlock.chat_page(uuid,integer,integer,integer) owner to fairlock_engine;
grant execute on function fairlock.chat_page(uuid,integer,integer,integer) to fairlock_app;
grant execute on function fairlock.chat_page(uuid,integer,integer,integer) to fairlock_engine;

create function fairlock.chat_role(p_trade uuid) returns text language plpgsql stable set search_path=pg_catalog, pg_temp as 115362d0676c5c7b;
alter function fairlock.chat_role(uuid) owner to fairlock_engine;
grant execute on function fairlock.chat_role(uuid) to fairlock_engine;

create function fairlock.claim_kyc(p_request uuid, p_take boolean) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 9ab6c483c7662417;
alter function fairlock.claim_kyc(uuid,boolean) owner to fairlock_engine;
grant execute on function fairlock.claim_kyc(uuid,boolean) to fairlock_engine;

create function fairlock.close_audit_block(p_most integer) returns bigint language plpgsql security definer set search_path=pg_catalog, pg_temp as 9c9c5d14c722131b;
alter function fairlock.close_audit_block(integer) owner to fairlock_engine;
grant execute on function fairlock.close_audit_block(integer) to fairlock_app;
grant execute on function fairlock.close_audit_block(integer) to fairlock_engine;

create function fairlock.close_case() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as 2f85f7baef0f9646;
alter function fairlock.close_case() owner to fairlock_engine;
grant execute on function fairlock.close_case() to fairlock_engine;

create function fairlock.close_expired_offers(p_most integer) returns integer language plpgsql security definer set search_path=pg_catalog, pg_temp as dce81ec6c0990ddd;
alter function fairlock.close_expired_offers(integer) owner to fairlock_engine;
grant execute on function fairlock.close_expired_offers(integer) to fairlock_app;
grant execute on function fairlock.close_expired_offers(integer) to fairlock_engine;

create function fairlock.command(p_operation text, p jsonb, p_key text, p_fingerprint bytea) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp, enable_seqscan=off, plan_cache_mode=force_generic_plan as 7f3427a08f6c4741;
alter function fairlock.command(text,jsonb,text,bytea) owner to fairlock_engine;
grant execute on function fairlock.command(text,jsonb,text,bytea) to fairlock_app;
grant execute on function fairlock.command(text,jsonb,text,bytea) to fairlock_engine;

create function fairlock.completed_between(p_from bigint, p_to bigint) returns TABLE(day date, pair text, trades bigint, amount numeric, total_value numeric, fees numeric, reference_value numeric, valued_trades bigint) language sql stable set search_path=pg_catalog, pg_temp as b75d6516907fbc99;
alter function fairlock.completed_between(bigint,bigint) owner to fairlock_engine;
grant execute on function fairlock.completed_between(bigint,bigint) to fairlock_engine;

create function fairlock.completion_rate(p_completed integer, p_unfinished integer) returns text language sql immutable as 28d8af22d8b8acc1;
alter function fairlock.completion_rate(integer,integer) owner to fairlock_engine;
grant execute on function fairlock.completion_rate(integer,integer) to fairlock_app;
grant execute on function fairlock.completion_rate(integer,integer) to fairlock_engine;

create function fairlock.concerns(g fairlock.access_grants, p_user uuid) returns boolean language sql stable set search_path=pg_catalog, pg_temp as 91b5b5fbd9e38fda;
alter function fairlock.concerns(fairlock.access_grants,uuid) owner to fairlock_engine;
grant execute on function fairlock.concerns(fairlock.access_grants,uuid) to fairlock_engine;

create function fairlock.confirm_email_change(p_change uuid, p_hash bytea) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 80a12ef97a298de2;
alter function fairlock.confirm_email_change(uuid,bytea) owner to fairlock_engine;
grant execute on function fairlock.confirm_email_change(uuid,bytea) to fairlock_app;
grant execute on function fairlock.confirm_email_change(uuid,bytea) to fairlock_engine;

create function fairlock.confirm_totp(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as c86dc98d578a736c;
alter function fairlock.confirm_totp(jsonb) owner to fairlock_engine;
grant execute on function fairlock.confirm_totp(jsonb) to fairlock_engine;

create function fairlock.consent_dispute(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as f6d2e60cd76c2b82;
alter function fairlock.consent_dispute(jsonb) owner to fairlock_engine;
grant execute on function fairlock.consent_dispute(jsonb) to fairlock_engine;

create function fairlock.cooldown_until(p_user uuid) returns timestamp with time zone language plpgsql stable set search_path=pg_catalog, pg_temp as 4f6f5359128d7d38;
alter function fairlock.cooldown_until(uuid) owner to fairlock_engine;
grant execute on function fairlock.cooldown_until(uuid) to fairlock_engine;

create function fairlock.copy_board(p_currencies text[]) returns void language plpgsql set search_path=pg_catalog, pg_temp as d62271766c1748df;
alter function fairlock.copy_board(text[]) owner to fairlock_engine;
grant execute on function fairlock.copy_board(text[]) to fairlock_engine;

create function fairlock.count_break_glass() returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as 0d2e750e0d996f40;
alter function fairlock.count_break_glass() owner to fairlock_engine;
grant execute on function fairlock.count_break_glass() to fairlock_app;
grant execute on function fairlock.count_break_glass() to fairlock_engine;

create function fairlock.count_days(p_most integer) returns bigint language plpgsql security definer set search_path=pg_catalog, pg_temp as 27d3db9a2fb6a664;
alter function fairlock.count_days(integer) owner to fairlock_engine;
grant execute on function fairlock.count_days(integer) to fairlock_app;
grant execute on function fairlock.count_days(integer) to fairlock_engine;

create function fairlock.count_dispute(p_trade uuid) returns void language plpgsql set search_path=pg_catalog, pg_temp as 1083a52a6131c104;
alter function fairlock.count_dispute(uuid) owner to fairlock_engine;
grant execute on function fairlock.count_dispute(uuid) to fairlock_engine;

create function fairlock.count_disputes() returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as c94e42699da0a15c;
alter function fairlock.count_disputes() owner to fairlock_engine;
grant execute on function fairlock.count_disputes() to fairlock_app;
grant execute on function fairlock.count_disputes() to fairlock_engine;

create function fairlock.count_files() returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as 80164084e9ee0f20;
alter function fairlock.count_files() owner to fairlock_engine;
grant execute on function fairlock.count_files() to fairlock_app;
grant execute on function fairlock.count_files() to fairlock_engine;

create function fairlock.count_keys() returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as 75adb8e7ec9b71fa;
alter function fairlock.count_keys() owner to fairlock_engine;
grant execute on function fairlock.count_keys() to fairlock_app;
grant execute on function fairlock.count_keys() to fairlock_engine;

create function fairlock.count_live_trades() returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as e9573d607f91f260;
alter function fairlock.count_live_trades() owner to fairlock_engine;
grant execute on function fairlock.count_live_trades() to fairlock_app;
grant execute on function fairlock.count_live_trades() to fairlock_engine;

create function fairlock.count_rating(p_rated uuid, p_rater uuid, p_rating numeric) returns void language plpgsql set search_path=pg_catalog, pg_temp as 83cbbfcf0d3500fe;
alter function fairlock.count_rating(uuid,uuid,numeric) owner to fairlock_engine;
grant execute on function fairlock.count_rating(uuid,uuid,numeric) to fairlock_engine;

create function fairlock.count_requests(p_buckets text[], p_minute integer, p_counts integer[]) returns TABLE(bucket text, count integer) language sql security definer set search_path=pg_catalog, pg_temp as e8da3e7482a90897;
alter function fairlock.count_requests(text[],integer,integer[]) owner to fairlock_engine;
grant execute on function fairlock.count_requests(text[],integer,integer[]) to fairlock_app;
grant execute on function fairlock.count_requests(text[],integer,integer[]) to fairlock_engine;

create function fairlock.count_sale(p_seller uuid, p_buyer uuid, p_currency text, p_amount numeric, p_value numeric, p_payment interval, p_release interval) returns void language plpgsql set search_path=pg_catalog, pg_temp as 94fbde4f269ed174;
alter function fairlock.count_sale(uuid,uuid,text,numeric,numeric,interval,interval) owner to fairlock_engine;
grant execute on function fairlock.count_sale(uuid,uuid,text,numeric,numeric,interval,interval) to fairlock_engine;

create function fairlock.count_volume(p_seller uuid, p_buyer uuid, p_value numeric, p_day date) returns void language plpgsql set search_path=pg_catalog, pg_temp as 694410b66560e0c3;
alter function fairlock.count_volume(uuid,uuid,numeric,date) owner to fairlock_engine;
grant execute on function fairlock.count_volume(uuid,uuid,numeric,date) to fairlock_engine;

create function fairlock.count_webhooks() returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as 496386ec52aff92e;
alter function fairlock.count_webhooks() owner to fairlock_engine;
grant execute on function fairlock.count_webhooks() to fairlock_app;
grant execute on function fairlock.count_webhooks() to fairlock_engine;

create function fairlock.count_withdrawal() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as b9fc3b633ac93db1;
alter function fairlock.count_withdrawal() owner to fairlock_engine;
grant execute on function fairlock.count_withdrawal() to fairlock_engine;

create function fairlock.count_wrong_in_session(s fairlock.sessions, p_method text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 9eb8d3a7c760a551;
alter function fairlock.count_wrong_in_session(fairlock.sessions,text) owner to fairlock_engine;
grant execute on function fairlock.count_wrong_in_session(fairlock.sessions,text) to fairlock_engine;

create function fairlock.create_api_key(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 8162daaaa4eac827;
alter function fairlock.create_api_key(jsonb) owner to fairlock_engine;
grant execute on function fairlock.create_api_key(jsonb) to fairlock_engine;

create function fairlock.create_offer(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 299b2533be0c1629;
alter function fairlock.create_offer(jsonb) owner to fairlock_engine;
grant execute on function fairlock.create_offer(jsonb) to fairlock_engine;

create function fairlock.create_price_lock(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 4a74bf6449627beb;
alter function fairlock.create_price_lock(jsonb) owner to fairlock_engine;
grant execute on function fairlock.create_price_lock(jsonb) to fairlock_engine;

create function fairlock.create_webhook(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 692678fee5667cb3;
alter function fairlock.create_webhook(jsonb) owner to fairlock_engine;
grant execute on function fairlock.create_webhook(jsonb) to fairlock_engine;

create function fairlock.data_key(p_id uuid) returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as 2e7e011fc690370a;
alter function fairlock.data_key(uuid) owner to fairlock_engine;
grant execute on function fairlock.data_key(uuid) to fairlock_app;
grant execute on function fairlock.data_key(uuid) to fairlock_engine;

create function fairlock.data_key_json(k fairlock.data_keys) returns jsonb language sql stable as 925e019e0ed987b2;
alter function fairlock.data_key_json(fairlock.data_keys) owner to fairlock_engine;
grant execute on function fairlock.data_key_json(fairlock.data_keys) to fairlock_engine;

create function fairlock.day_of(p_time timestamp with time zone) returns date language sql immutable as 9afcef9912cbe6d5;
alter function fairlock.day_of(timestamp with time zone) owner to fairlock_engine;
grant execute on function fairlock.day_of(timestamp with time zone) to fairlock_engine;

create function fairlock.days(p_from date, p_to date) returns SETOF fairlock.daily_trades language sql stable set search_path=pg_catalog, pg_temp as d695b18fabd70e8e;
alter function fairlock.days(date,date) owner to fairlock_engine;
grant execute on function fairlock.days(date,date) to fairlock_engine;

create function fairlock.decide_access(p_grant uuid, p_approve boolean, p_minutes integer) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 028b4b1414ea2c71;
alter function fairlock.decide_access(uuid,boolean,integer) owner to fairlock_engine;
grant execute on function fairlock.decide_access(uuid,boolean,integer) to fairlock_engine;

create function fairlock.decide_kyc(p_request uuid, p_approve boolean, p_reason text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 3dd79b25b83818c0;
alter function fairlock.decide_kyc(uuid,boolean,text) owner to fairlock_engine;
grant execute on function fairlock.decide_kyc(uuid,boolean,text) to fairlock_engine;

create function fairlock.decide_payment_method(p_method uuid, p_verified boolean, p_reason text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 7e44461700f5ee4a;
alter function fairlock.decide_payment_method(uuid,boolean,text) owner to fairlock_engine;
grant execute on function fairlock.decide_payment_method(uuid,boolean,text) to fairlock_engine;

create function fairlock.delete_webhook(p_id uuid) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as c385a86f15b20c55;
alter function fairlock.delete_webhook(uuid) owner to fairlock_engine;
grant execute on function fairlock.delete_webhook(uuid) to fairlock_engine;

create function fairlock.desk() returns jsonb language plpgsql stable security definer set search_path=pg_catalog, pg_temp as d08e7a387f5817a1;
alter function fairlock.desk() owner to fairlock_engine;
grant execute on function fairlock.desk() to fairlock_app;
grant execute on function fairlock.desk() to fairlock_engine;

create function fairlock.destroy_data_key(p_key uuid) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as e6fa57f1e3bb7826;
alter function fairlock.destroy_data_key(uuid) owner to fairlock_engine;
grant execute on function fairlock.destroy_data_key(uuid) to fairlock_app;
grant execute on function fairlock.destroy_data_key(uuid) to fairlock_engine;

create function fairlock.destroy_key_encryption_key(p_id text) returns bigint language plpgsql set search_path=pg_catalog, pg_temp as 79fe871cd7316dca;
alter function fairlock.destroy_key_encryption_key(text) owner to fairlock_engine;
grant execute on function fairlock.destroy_key_encryption_key(text) to fairlock_engine;

create function fairlock.disable_webhook(w fairlock.webhooks, p_reason text) returns void language plpgsql set search_path=pg_catalog, pg_temp as 0488b81d4d4c5f42;
alter function fairlock.disable_webhook(fairlock.webhooks,text) owner to fairlock_engine;
grant execute on function fairlock.disable_webhook(fairlock.webhooks,text) to fairlock_engine;

create function fairlock.dispatch(p_most integer) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp, enable_seqscan=off, plan_cache_mode=force_generic_plan as f4659b415144bc7e;
alter function fairlock.dispatch(integer) owner to fairlock_engine;
grant execute on function fairlock.dispatch(integer) to fairlock_app;
grant execute on function fairlock.dispatch(integer) to fairlock_engine;

create function fairlock.dispute_end(p_status text, p_resolution text) returns text language sql immutable as 29991cc2492e05fd;
alter function fairlock.dispute_end(text,text) owner to fairlock_engine;
grant execute on function fairlock.dispute_end(text,text) to fairlock_engine;

create function fairlock.dispute_json(p_dispute uuid, p_staff boolean) returns jsonb language sql stable set search_path=pg_catalog, pg_temp as 9c50d5f3f5865391;
alter function fairlock.dispute_json(uuid,boolean) owner to fairlock_engine;
grant execute on function fairlock.dispute_json(uuid,boolean) to fairlock_engine;

create function fairlock.dispute_pause_of(p_user uuid) returns timestamp with time zone language sql stable set search_path=pg_catalog, pg_temp as e4f83d8e8d117137;
alter function fairlock.dispute_pause_of(uuid) owner to fairlock_engine;
grant execute on function fairlock.dispute_pause_of(uuid) to fairlock_engine;

create function fairlock.dispute_queue(p_queue text, p_at timestamp with time zone, p_id uuid, p_most integer) returns TABLE(at timestamp with time zone, id uuid, body jsonb) language plpgsql stable security definer set search_path=pg_catalog, pg_temp as e8de8584c62e2e81;
alter function fairlock.dispute_queue(text,timestamp with time zone,uuid,integer) owner to fairlock_engine;
grant execute on function fairlock.dispute_queue(text,timestamp with time zone,uuid,integer) to fairlock_app;
grant execute on function fairlock.dispute_queue(text,timestamp with time zone,uuid,integer) to fairlock_engine;

create function fairlock.dispute_timeline(p_dispute uuid, p_staff boolean) returns jsonb language sql stable set search_path=pg_catalog, pg_temp as 7b917445c927a7c0;
alter function fairlock.dispute_timeline(uuid,boolean) owner to fairlock_engine;
grant execute on function fairlock.dispute_timeline(uuid,boolean) to fairlock_engine;

create function fairlock.drop_factors(p_user uuid) returns integer language plpgsql set search_path=pg_catalog, pg_temp as 6f384d1ae27e4aa2;
alter function fairlock.drop_factors(uuid) owner to fairlock_engine;
grant execute on function fairlock.drop_factors(uuid) to fairlock_engine;

create function fairlock.drop_old_mail(p_most integer) returns integer language plpgsql security definer set search_path=pg_catalog, pg_temp as b2748ad994564a47;
alter function fairlock.drop_old_mail(integer) owner to fairlock_engine;
grant execute on function fairlock.drop_old_mail(integer) to fairlock_app;
grant execute on function fairlock.drop_old_mail(integer) to fairlock_engine;

create function fairlock.drop_useless_codes(p_user uuid) returns void language plpgsql set search_path=pg_catalog, pg_temp as e56b7d479ff7d3d4;
alter function fairlock.drop_useless_codes(uuid) owner to fairlock_engine;
grant execute on function fairlock.drop_useless_codes(uuid) to fairlock_engine;

create function fairlock.due_disputes(p_most integer) returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as 5c0de66b38b30a28;
alter function fairlock.due_disputes(integer) owner to fairlock_engine;
grant execute on function fairlock.due_disputes(integer) to fairlock_app;
grant execute on function fairlock.due_disputes(integer) to fairlock_engine;

create function fairlock.duplicate_payment_methods(p_limit integer, p_before uuid) returns jsonb language plpgsql stable security definer set search_path=pg_catalog, pg_temp as 2ee5c0e4f8522d1e;
alter function fairlock.duplicate_payment_methods(integer,uuid) owner to fairlock_engine;
grant execute on function fairlock.duplicate_payment_methods(integer,uuid) to fairlock_app;
grant execute on function fairlock.duplicate_payment_methods(integer,uuid) to fairlock_engine;

create function fairlock.earlier_answer(p_key text, p_operation text, p_fingerprint bytea) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 4439756e153b429c;
alter function fairlock.earlier_answer(text,text,bytea) owner to fairlock_engine;
grant execute on function fairlock.earlier_answer(text,text,bytea) to fairlock_engine;

create function fairlock.end_access(g fairlock.access_grants, p_by uuid, p_reason text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 83678df97d10e2bc;
alter function fairlock.end_access(fairlock.access_grants,uuid,text) owner to fairlock_engine;
grant execute on function fairlock.end_access(fairlock.access_grants,uuid,text) to fairlock_engine;

create function fairlock.end_api_key(p_key uuid) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 01c47683e1f3078a;
alter function fairlock.end_api_key(uuid) owner to fairlock_engine;
grant execute on function fairlock.end_api_key(uuid) to fairlock_engine;

create function fairlock.end_api_keys(p_user uuid, p_readers_too boolean DEFAULT true) returns integer language plpgsql set search_path=pg_catalog, pg_temp as dc3e43d1787cf560;
alter function fairlock.end_api_keys(uuid,boolean) owner to fairlock_engine;
grant execute on function fairlock.end_api_keys(uuid,boolean) to fairlock_engine;

create function fairlock.end_dispute(p_trade uuid, p_event text, p_actor text, p_resolution text, p_reason text, p_buyer_amount numeric, p_by uuid, p_lost_by uuid) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as c504871a3208701f;
alter function fairlock.end_dispute(uuid,text,text,text,text,numeric,uuid,uuid) owner to fairlock_engine;
grant execute on function fairlock.end_dispute(uuid,text,text,text,text,numeric,uuid,uuid) to fairlock_engine;

create function fairlock.end_other_sessions() returns jsonb language sql set search_path=pg_catalog, pg_temp as b8abcc6b90939a8f;
alter function fairlock.end_other_sessions() owner to fairlock_engine;
grant execute on function fairlock.end_other_sessions() to fairlock_engine;

create function fairlock.end_session(p_session uuid) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 64d153eb7ec734c5;
alter function fairlock.end_session(uuid) owner to fairlock_engine;
grant execute on function fairlock.end_session(uuid) to fairlock_engine;

create function fairlock.end_sessions(p_user uuid, p_but uuid) returns integer language plpgsql set search_path=pg_catalog, pg_temp as 3f77e693f36e8b46;
alter function fairlock.end_sessions(uuid,uuid) owner to fairlock_engine;
grant execute on function fairlock.end_sessions(uuid,uuid) to fairlock_engine;

create function fairlock.ended_streams(p_streams jsonb) returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as e2e3ad09e1ce3727;
alter function fairlock.ended_streams(jsonb) owner to fairlock_engine;
grant execute on function fairlock.ended_streams(jsonb) to fairlock_app;
grant execute on function fairlock.ended_streams(jsonb) to fairlock_engine;

create function fairlock.erase_person(p_user uuid, p_reason text, p_with_balance boolean, p_do boolean) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as e6691e5215226cc9;
alter function fairlock.erase_person(uuid,text,boolean,boolean) owner to fairlock_engine;
grant execute on function fairlock.erase_person(uuid,text,boolean,boolean) to fairlock_engine;

create function fairlock.erased_name(p_user uuid) returns text language sql immutable as bd913d8b799b96c2;
alter function fairlock.erased_name(uuid) owner to fairlock_engine;
grant execute on function fairlock.erased_name(uuid) to fairlock_engine;

create function fairlock.erasure_rules() returns TABLE(relation text, mine text, set text, why text) language sql immutable as 6bedbdeae921e937;
alter function fairlock.erasure_rules() owner to fairlock_engine;
grant execute on function fairlock.erasure_rules() to fairlock_engine;

create function fairlock.escalate_dispute(p_dispute uuid) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 0524625898609a04;
alter function fairlock.escalate_dispute(uuid) owner to fairlock_engine;
grant execute on function fairlock.escalate_dispute(uuid) to fairlock_app;
grant execute on function fairlock.escalate_dispute(uuid) to fairlock_engine;

create function fairlock.escrow_hold(p_escrow uuid, p_trade uuid, p_seller_wallet uuid, p_currency text, p_amount numeric) returns boolean language plpgsql set search_path=pg_catalog, pg_temp as d0f5ef7d53d00d64;
alter function fairlock.escrow_hold(uuid,uuid,uuid,text,numeric) owner to fairlock_engine;
grant execute on function fairlock.escrow_hold(uuid,uuid,uuid,text,numeric) to fairlock_engine;

create function fairlock.escrow_refund(p_escrow uuid, p_trade uuid, p_seller_wallet uuid, p_held numeric) returns void language plpgsql set search_path=pg_catalog, pg_temp as 0e6608052312cda2;
alter function fairlock.escrow_refund(uuid,uuid,uuid,numeric) owner to fairlock_engine;
grant execute on function fairlock.escrow_refund(uuid,uuid,uuid,numeric) to fairlock_engine;

create function fairlock.escrow_release(p_escrow uuid, p_trade uuid, p_buyer_wallet uuid, p_currency text, p_held numeric, p_to_buyer numeric) returns void language plpgsql set search_path=pg_catalog, pg_temp as 8e32f350ed350e65;
alter function fairlock.escrow_release(uuid,uuid,uuid,text,numeric,numeric) owner to fairlock_engine;
grant execute on function fairlock.escrow_release(uuid,uuid,uuid,text,numeric,numeric) to fairlock_engine;

create function fairlock.escrow_split(p_escrow uuid, p_trade uuid, p_buyer_wallet uuid, p_seller_wallet uuid, p_currency text, p_held numeric, p_to_buyer numeric, p_to_seller numeric) returns void language plpgsql set search_path=pg_catalog, pg_temp as 90ad1ed125a7e65a;
alter function fairlock.escrow_split(uuid,uuid,uuid,uuid,text,numeric,numeric,numeric) owner to fairlock_engine;
grant execute on function fairlock.escrow_split(uuid,uuid,uuid,uuid,text,numeric,numeric,numeric) to fairlock_engine;

create function fairlock.event_json(e fairlock.live_events) returns jsonb language sql stable as 6c369969b147b7cc;
alter function fairlock.event_json(fairlock.live_events) owner to fairlock_engine;
grant execute on function fairlock.event_json(fairlock.live_events) to fairlock_app;
grant execute on function fairlock.event_json(fairlock.live_events) to fairlock_engine;

create function fairlock.evidence_json(e fairlock.evidence, p_part text) returns jsonb language plpgsql stable set search_path=pg_catalog, pg_temp as 547dc4d2ddd37508;
alter function fairlock.evidence_json(fairlock.evidence,text) owner to fairlock_engine;
grant execute on function fairlock.evidence_json(fairlock.evidence,text) to fairlock_engine;

create function fairlock.evidence_part(p_dispute uuid) returns text language plpgsql stable set search_path=pg_catalog, pg_temp as 5bb50c41de7b788b;
alter function fairlock.evidence_part(uuid) owner to fairlock_engine;
grant execute on function fairlock.evidence_part(uuid) to fairlock_engine;

create function fairlock.evidence_views(p_dispute uuid, p_evidence uuid, p_at timestamp with time zone, p_id uuid, p_most integer) returns TABLE(at timestamp with time zone, id uuid, body jsonb) language plpgsql stable security definer set search_path=pg_catalog, pg_temp as 443667e7da542b3c;
alter function fairlock.evidence_views(uuid,uuid,timestamp with time zone,uuid,integer) owner to fairlock_engine;
grant execute on function fairlock.evidence_views(uuid,uuid,timestamp with time zone,uuid,integer) to fairlock_app;
grant execute on function fairlock.evidence_views(uuid,uuid,timestamp with time zone,uuid,integer) to fairlock_engine;

create function fairlock.exact_price(p_market numeric, p_margin numeric, p_floor numeric, p_ceiling numeric) returns numeric language sql immutable as b64937cb84b942e3;
alter function fairlock.exact_price(numeric,numeric,numeric,numeric) owner to fairlock_engine;
grant execute on function fairlock.exact_price(numeric,numeric,numeric,numeric) to fairlock_app;
grant execute on function fairlock.exact_price(numeric,numeric,numeric,numeric) to fairlock_engine;

create function fairlock.expire_trade(p_trade uuid) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 9307e42a414d7cca;
alter function fairlock.expire_trade(uuid) owner to fairlock_engine;
grant execute on function fairlock.expire_trade(uuid) to fairlock_app;
grant execute on function fairlock.expire_trade(uuid) to fairlock_engine;

create function fairlock.factor_methods(p_user uuid) returns jsonb language sql stable set search_path=pg_catalog, pg_temp as 565e7c17c9c84e3b;
alter function fairlock.factor_methods(uuid) owner to fairlock_engine;
grant execute on function fairlock.factor_methods(uuid) to fairlock_engine;

create function fairlock.factors_json(p_user uuid) returns jsonb language sql stable set search_path=pg_catalog, pg_temp as c71edd2e7968ce78;
alter function fairlock.factors_json(uuid) owner to fairlock_engine;
grant execute on function fairlock.factors_json(uuid) to fairlock_engine;

create function fairlock.fault_json(f fairlock.faults) returns jsonb language sql stable as 934f1abf066c2bec;
alter function fairlock.fault_json(fairlock.faults) owner to fairlock_engine;
grant execute on function fairlock.fault_json(fairlock.faults) to fairlock_app;
grant execute on function fairlock.fault_json(fairlock.faults) to fairlock_engine;

create function fairlock.fee(p_amount numeric, p_rate numeric) returns numeric language sql immutable as c0ddd5f19e9de55d;
alter function fairlock.fee(numeric,numeric) owner to fairlock_engine;
grant execute on function fairlock.fee(numeric,numeric) to fairlock_engine;

create function fairlock.file_json(f fairlock.files) returns jsonb language sql stable as f14abeadac6bd8e9;
alter function fairlock.file_json(fairlock.files) owner to fairlock_engine;
grant execute on function fairlock.file_json(fairlock.files) to fairlock_engine;

create function fairlock.file_part(p_file uuid, p_is_thumbnail boolean, p_number integer) returns jsonb language plpgsql stable security definer set search_path=pg_catalog, pg_temp as a35d1a0758595f1b;
alter function fairlock.file_part(uuid,boolean,integer) owner to fairlock_engine;
grant execute on function fairlock.file_part(uuid,boolean,integer) to fairlock_app;
grant execute on function fairlock.file_part(uuid,boolean,integer) to fairlock_engine;

create function fairlock.fill_offer(o fairlock.offers, p jsonb) returns fairlock.offers language plpgsql stable set search_path=pg_catalog, pg_temp as 98f2c39fd7d70c62;
alter function fairlock.fill_offer(fairlock.offers,jsonb) owner to fairlock_engine;
grant execute on function fairlock.fill_offer(fairlock.offers,jsonb) to fairlock_engine;

create function fairlock.find_offers(p_pair text, p_side text, p_method text, p_amount numeric, p_most integer, p_apart uuid[], p_at_pair text, p_at_side text, p_at_market numeric, p_at_best numeric, p_at_id uuid) returns TABLE(pair text, side text, market numeric, best numeric, id uuid, body jsonb) language plpgsql stable set search_path=pg_catalog, pg_temp, plan_cache_mode=force_generic_plan, enable_seqscan=off, enable_bitmapscan=off, enable_hashjoin=off, enable_mergejoin=off as 32699abebf34bd81;
alter function fairlock.find_offers(text,text,text,numeric,integer,uuid[],text,text,numeric,numeric,uuid) owner to fairlock_engine;
grant execute on function fairlock.find_offers(text,text,text,numeric,integer,uuid[],text,text,numeric,numeric,uuid) to fairlock_app;
grant execute on function fairlock.find_offers(text,text,text,numeric,integer,uuid[],text,text,numeric,numeric,uuid) to fairlock_engine;

create function fairlock.find_person(p_email text, p_name text) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 45259dcb765ce9b9;
alter function fairlock.find_person(text,text) owner to fairlock_engine;
grant execute on function fairlock.find_person(text,text) to fairlock_app;
grant execute on function fairlock.find_person(text,text) to fairlock_engine;

create function fairlock.finish_mail(p_notice uuid, p_error text, p_again_in interval) returns void language plpgsql security definer set search_path=pg_catalog, pg_temp as 3f1c9bd600518582;
alter function fairlock.finish_mail(uuid,text,interval) owner to fairlock_engine;
grant execute on function fairlock.finish_mail(uuid,text,interval) to fairlock_app;
grant execute on function fairlock.finish_mail(uuid,text,interval) to fairlock_engine;

create function fairlock.finish_password_reset(p_reset uuid, p_hash bytea, p_password_hash text, p_factor jsonb, p_address inet, p_device text) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as b6b2468510700ee3;
alter function fairlock.finish_password_reset(uuid,bytea,text,jsonb,inet,text) owner to fairlock_engine;
grant execute on function fairlock.finish_password_reset(uuid,bytea,text,jsonb,inet,text) to fairlock_app;
grant execute on function fairlock.finish_password_reset(uuid,bytea,text,jsonb,inet,text) to fairlock_engine;

create function fairlock.finish_push_message(p_id uuid, p_is_gone boolean, p_again_in interval) returns void language plpgsql security definer set search_path=pg_catalog, pg_temp as 1e3368d96518006d;
alter function fairlock.finish_push_message(uuid,boolean,interval) owner to fairlock_engine;
grant execute on function fairlock.finish_push_message(uuid,boolean,interval) to fairlock_app;
grant execute on function fairlock.finish_push_message(uuid,boolean,interval) to fairlock_engine;

create function fairlock.finish_rewrap() returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as a8a9baa32f6aed4f;
alter function fairlock.finish_rewrap() owner to fairlock_engine;
grant execute on function fairlock.finish_rewrap() to fairlock_app;
grant execute on function fairlock.finish_rewrap() to fairlock_engine;

create function fairlock.finish_webhook_delivery(p_id uuid, p_attempt integer, p_status integer, p_error text, p_again_in interval) returns void language plpgsql security definer set search_path=pg_catalog, pg_temp as f5d8790e7c865432;
alter function fairlock.finish_webhook_delivery(uuid,integer,integer,text,interval) owner to fairlock_engine;
grant execute on function fairlock.finish_webhook_delivery(uuid,integer,integer,text,interval) to fairlock_app;
grant execute on function fairlock.finish_webhook_delivery(uuid,integer,integer,text,interval) to fairlock_engine;

create function fairlock.fitted(p_value numeric, p_digits integer, p_scale integer) returns numeric language sql immutable set search_path=pg_catalog, pg_temp as 551779536f28bde5;
alter function fairlock.fitted(numeric,integer,integer) owner to fairlock_engine;
grant execute on function fairlock.fitted(numeric,integer,integer) to fairlock_engine;

create function fairlock.follow_factor_change(p_user uuid, p_kind text, p_details jsonb) returns void language plpgsql set search_path=pg_catalog, pg_temp as 15be8a4602c91f26;
alter function fairlock.follow_factor_change(uuid,text,jsonb) owner to fairlock_engine;
grant execute on function fairlock.follow_factor_change(uuid,text,jsonb) to fairlock_engine;

create function fairlock.follow_first_factor(p_user uuid, p_kind text, p_details jsonb) returns void language plpgsql set search_path=pg_catalog, pg_temp as 13fbe4721334ca74;
alter function fairlock.follow_first_factor(uuid,text,jsonb) owner to fairlock_engine;
grant execute on function fairlock.follow_first_factor(uuid,text,jsonb) to fairlock_engine;

create function fairlock.follow_kyc_level() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as 2076bb89e9b58063;
alter function fairlock.follow_kyc_level() owner to fairlock_engine;
grant execute on function fairlock.follow_kyc_level() to fairlock_engine;

create function fairlock.follow_market() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as 178e99a48b40bbfe;
alter function fairlock.follow_market() owner to fairlock_engine;
grant execute on function fairlock.follow_market() to fairlock_engine;

create function fairlock.follow_new_password(p_user uuid, p_how text, p_but_session uuid, p_place jsonb) returns void language plpgsql set search_path=pg_catalog, pg_temp as eb7568209823a4fb;
alter function fairlock.follow_new_password(uuid,text,uuid,jsonb) owner to fairlock_engine;
grant execute on function fairlock.follow_new_password(uuid,text,uuid,jsonb) to fairlock_engine;

create function fairlock.forget_name(p_user uuid, p_name text) returns void language plpgsql set search_path=pg_catalog, pg_temp as 6917917487e58729;
alter function fairlock.forget_name(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.forget_name(uuid,text) to fairlock_engine;

create function fairlock.forgive_fault(p_fault uuid, p_reason text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 4c7b482bba1dd0f5;
alter function fairlock.forgive_fault(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.forgive_fault(uuid,text) to fairlock_engine;

create function fairlock.good_quote(p_pair text) returns fairlock.market_quotes language plpgsql stable set search_path=pg_catalog, pg_temp as b53c85f4ca0d1f32;
alter function fairlock.good_quote(text) owner to fairlock_engine;
grant execute on function fairlock.good_quote(text) to fairlock_app;
grant execute on function fairlock.good_quote(text) to fairlock_engine;

create function fairlock.grant_json(g fairlock.access_grants) returns jsonb language sql as e5d2794c5af796fd;
alter function fairlock.grant_json(fairlock.access_grants) owner to fairlock_engine;
grant execute on function fairlock.grant_json(fairlock.access_grants) to fairlock_app;
grant execute on function fairlock.grant_json(fairlock.access_grants) to fairlock_engine;

create function fairlock.granted(p_scope text) returns SETOF uuid language plpgsql stable security definer set search_path=pg_catalog, pg_temp as 825abd75d8d1e726;
alter function fairlock.granted(text) owner to fairlock_engine;
grant execute on function fairlock.granted(text) to fairlock_app;
grant execute on function fairlock.granted(text) to fairlock_engine;

create function fairlock.guard_assignment() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as a8f1819a574b427b;
alter function fairlock.guard_assignment() owner to fairlock_engine;
grant execute on function fairlock.guard_assignment() to fairlock_engine;

create function fairlock.guard_ban() returns trigger language plpgsql set search_path=pg_catalog, pg_temp as a7be399890387755;
alter function fairlock.guard_ban() owner to ;
grant execute on function fairlock.guard_ban() to public;

create function fairlock.guard_chat() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as af6cb2098fe4aaa6;
alter function fairlock.guard_chat() owner to fairlock_engine;
grant execute on function fairlock.guard_chat() to fairlock_engine;

create function fairlock.guard_dispute() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as a443f3a3395487d5;
alter function fairlock.guard_dispute() owner to fairlock_engine;
grant execute on function fairlock.guard_dispute() to fairlock_engine;

create function fairlock.guard_entry() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as f68501a18a4d7c28;
alter function fairlock.guard_entry() owner to fairlock_engine;
grant execute on function fairlock.guard_entry() to fairlock_engine;

create function fairlock.guard_escrow() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as e58728072da8b520;
alter function fairlock.guard_escrow() owner to fairlock_engine;
grant execute on function fairlock.guard_escrow() to fairlock_engine;

create function fairlock.guard_file() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as 9fcce2e01806a5fa;
alter function fairlock.guard_file() owner to fairlock_engine;
grant execute on function fairlock.guard_file() to fairlock_engine;

create function fairlock.guard_file_part() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as 471513bd37432958;
alter function fairlock.guard_file_part() owner to fairlock_engine;
grant execute on function fairlock.guard_file_part() to fairlock_engine;

create function fairlock.guard_grant() returns trigger language plpgsql set search_path=pg_catalog, pg_temp as 8f95cbd8f6639caa;
alter function fairlock.guard_grant() owner to ;
grant execute on function fairlock.guard_grant() to public;

create function fairlock.guard_kyc_request() returns trigger language plpgsql set search_path=pg_catalog, pg_temp as 4d9941973b97612c;
alter function fairlock.guard_kyc_request() owner to ;
grant execute on function fairlock.guard_kyc_request() to public;

create function fairlock.guard_offer() returns trigger language plpgsql set search_path=pg_catalog, pg_temp as 3f4005510ba3f9ed;
alter function fairlock.guard_offer() owner to fairlock_engine;
grant execute on function fairlock.guard_offer() to fairlock_engine;

create function fairlock.guard_payment_method() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as c7ef29b08a36edf0;
alter function fairlock.guard_payment_method() owner to fairlock_engine;
grant execute on function fairlock.guard_payment_method() to fairlock_engine;

create function fairlock.guard_preferences() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as 70ed09dbd057bea1;
alter function fairlock.guard_preferences() owner to fairlock_engine;
grant execute on function fairlock.guard_preferences() to fairlock_engine;

create function fairlock.guard_ruling() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as a41e72ea9c712776;
alter function fairlock.guard_ruling() owner to fairlock_engine;
grant execute on function fairlock.guard_ruling() to fairlock_engine;

create function fairlock.guard_sealed() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as e4f62badbab468dc;
alter function fairlock.guard_sealed() owner to fairlock_engine;
grant execute on function fairlock.guard_sealed() to fairlock_engine;

create function fairlock.guard_trade() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as fd6e10b26fffcf6d;
alter function fairlock.guard_trade() owner to fairlock_engine;
grant execute on function fairlock.guard_trade() to fairlock_engine;

create function fairlock.guard_volume() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as e9fafb3266bf9fdd;
alter function fairlock.guard_volume() owner to fairlock_engine;
grant execute on function fairlock.guard_volume() to fairlock_engine;

create function fairlock.guard_whole_file() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as d9c999e3cabe9429;
alter function fairlock.guard_whole_file() owner to fairlock_engine;
grant execute on function fairlock.guard_whole_file() to fairlock_engine;

create function fairlock.has_answer(p_key text) returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as c308aff59fc33dc8;
alter function fairlock.has_answer(text) owner to fairlock_engine;
grant execute on function fairlock.has_answer(text) to fairlock_app;
grant execute on function fairlock.has_answer(text) to fairlock_engine;

create function fairlock.has_dealt_with(p_person uuid, d public.crypto_disputes) returns boolean language plpgsql stable set search_path=pg_catalog, pg_temp as 4c6bbf016ea43e5a;
alter function fairlock.has_dealt_with(uuid,public.crypto_disputes) owner to fairlock_engine;
grant execute on function fairlock.has_dealt_with(uuid,public.crypto_disputes) to fairlock_engine;

create function fairlock.has_kind(p_events text[], p_kind text) returns boolean language sql immutable as 569d86bfedef31b5;
alter function fairlock.has_kind(text[],text) owner to fairlock_engine;
grant execute on function fairlock.has_kind(text[],text) to fairlock_engine;

create function fairlock.has_moved_since(p_user uuid, p_time timestamp with time zone) returns boolean language plpgsql stable set search_path=pg_catalog, pg_temp as 1c1bfec9d9d3571d;
alter function fairlock.has_moved_since(uuid,timestamp with time zone) owner to fairlock_engine;
grant execute on function fairlock.has_moved_since(uuid,timestamp with time zone) to fairlock_engine;

create function fairlock.has_role(p_role text) returns boolean language plpgsql stable security definer set search_path=pg_catalog, pg_temp as 1ae0d791d8f52ebb;
alter function fairlock.has_role(text) owner to fairlock_engine;
grant execute on function fairlock.has_role(text) to fairlock_app;
grant execute on function fairlock.has_role(text) to fairlock_engine;

create function fairlock.held_change(x public.crypto_transactions) returns numeric language sql immutable as 0df139911598b1d7;
alter function fairlock.held_change(public.crypto_transactions) owner to fairlock_engine;
grant execute on function fairlock.held_change(public.crypto_transactions) to fairlock_app;
grant execute on function fairlock.held_change(public.crypto_transactions) to fairlock_engine;

create function fairlock.hide_offers() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as 3afaaa594c208bdb;
alter function fairlock.hide_offers() owner to fairlock_engine;
grant execute on function fairlock.hide_offers() to fairlock_engine;

create function fairlock.hide_texts(p_rating uuid, p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as e4a619168d4610e9;
alter function fairlock.hide_texts(uuid,jsonb) owner to fairlock_engine;
grant execute on function fairlock.hide_texts(uuid,jsonb) to fairlock_engine;

create function fairlock.hold_new_business(p_user uuid) returns void language plpgsql set search_path=pg_catalog, pg_temp as 0cfdf82d0be2160c;
alter function fairlock.hold_new_business(uuid) owner to fairlock_engine;
grant execute on function fairlock.hold_new_business(uuid) to fairlock_engine;

create function fairlock.idle_end() returns timestamp with time zone language sql set search_path=pg_catalog, pg_temp as d67ac01d365409ef;
alter function fairlock.idle_end() owner to fairlock_engine;
grant execute on function fairlock.idle_end() to fairlock_engine;

create function fairlock.is_arbitrator(p_person uuid, d public.crypto_disputes) returns boolean language sql stable set search_path=pg_catalog, pg_temp as 5f90b84b8abf0a33;
alter function fairlock.is_arbitrator(uuid,public.crypto_disputes) owner to fairlock_engine;
grant execute on function fairlock.is_arbitrator(uuid,public.crypto_disputes) to fairlock_engine;

create function fairlock.is_banned(p_user uuid) returns boolean language sql stable set search_path=pg_catalog, pg_temp as 0fe497bc7d4818de;
alter function fairlock.is_banned(uuid) owner to fairlock_engine;
grant execute on function fairlock.is_banned(uuid) to fairlock_engine;

create function fairlock.is_carrying() returns boolean language sql stable as 895f6a763b95c84e;
alter function fairlock.is_carrying() owner to fairlock_engine;
grant execute on function fairlock.is_carrying() to fairlock_engine;
grant execute on function fairlock.is_carrying() to public;

create function fairlock.is_claimed(r fairlock.kyc_requests) returns boolean language plpgsql stable set search_path=pg_catalog, pg_temp as 02b1ebb63e330ee6;
alter function fairlock.is_claimed(fairlock.kyc_requests) owner to fairlock_engine;
grant execute on function fairlock.is_claimed(fairlock.kyc_requests) to fairlock_engine;

create function fairlock.is_email_taken(p_email text) returns boolean language sql stable set search_path=pg_catalog, pg_temp as 03a5730ed73e9f19;
alter function fairlock.is_email_taken(text) owner to fairlock_engine;
grant execute on function fairlock.is_email_taken(text) to fairlock_engine;

create function fairlock.is_first_message(p_person uuid, p_trade uuid) returns boolean language sql stable set search_path=pg_catalog, pg_temp as 8012f7a7f057e379;
alter function fairlock.is_first_message(uuid,uuid) owner to fairlock_engine;
grant execute on function fairlock.is_first_message(uuid,uuid) to fairlock_engine;

create function fairlock.is_for_staff(p_operation text) returns boolean language sql immutable as 9ffd5a0dc97c9eca;
alter function fairlock.is_for_staff(text) owner to fairlock_engine;
grant execute on function fairlock.is_for_staff(text) to fairlock_engine;

create function fairlock.is_good(q fairlock.market_quotes) returns boolean language plpgsql stable set search_path=pg_catalog, pg_temp as 89b4672970a99b82;
alter function fairlock.is_good(fairlock.market_quotes) owner to fairlock_engine;
grant execute on function fairlock.is_good(fairlock.market_quotes) to fairlock_app;
grant execute on function fairlock.is_good(fairlock.market_quotes) to fairlock_engine;

create function fairlock.is_live_session(p_session uuid) returns boolean language sql stable set search_path=pg_catalog, pg_temp as a253512c5acc8864;
alter function fairlock.is_live_session(uuid) owner to fairlock_engine;
grant execute on function fairlock.is_live_session(uuid) to fairlock_engine;

create function fairlock.is_mail_needless(n fairlock.notices) returns boolean language plpgsql stable set search_path=pg_catalog, pg_temp as 0f417ab470df51cf;
alter function fairlock.is_mail_needless(fairlock.notices) owner to fairlock_engine;
grant execute on function fairlock.is_mail_needless(fairlock.notices) to fairlock_engine;

create function fairlock.is_mailed_enough(p_user uuid, p_kind text) returns boolean language sql stable set search_path=pg_catalog, pg_temp as bfebac2725d1d30e;
alter function fairlock.is_mailed_enough(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.is_mailed_enough(uuid,text) to fairlock_engine;

create function fairlock.is_on_duty(p_role text) returns boolean language plpgsql stable set search_path=pg_catalog, pg_temp as 49a3b906246096ed;
alter function fairlock.is_on_duty(text) owner to fairlock_engine;
grant execute on function fairlock.is_on_duty(text) to fairlock_engine;

create function fairlock.is_servers_fault(p_state text) returns boolean language sql immutable as cf240584833a9cf2;
alter function fairlock.is_servers_fault(text) owner to fairlock_engine;
grant execute on function fairlock.is_servers_fault(text) to fairlock_engine;

create function fairlock.is_snapshot_due() returns boolean language sql stable set search_path=pg_catalog, pg_temp as e92e9b9bae5470a0;
alter function fairlock.is_snapshot_due() owner to fairlock_engine;
grant execute on function fairlock.is_snapshot_due() to fairlock_engine;

create function fairlock.is_told(p_who text, p_role text, p_person uuid, p_data jsonb) returns boolean language sql immutable as 38cb9f02fd646697;
alter function fairlock.is_told(text,text,uuid,jsonb) owner to fairlock_engine;
grant execute on function fairlock.is_told(text,text,uuid,jsonb) to fairlock_engine;

create function fairlock.is_wanted(o fairlock.offers, p_amount numeric, p_apart uuid[]) returns boolean language sql stable as 39fccd20f3012b8c;
alter function fairlock.is_wanted(fairlock.offers,numeric,uuid[]) owner to fairlock_engine;
grant execute on function fairlock.is_wanted(fairlock.offers,numeric,uuid[]) to fairlock_app;
grant execute on function fairlock.is_wanted(fairlock.offers,numeric,uuid[]) to fairlock_engine;

create function fairlock.is_working(p_offer fairlock.offers, p_at timestamp with time zone) returns boolean language sql stable set search_path=pg_catalog, pg_temp as 6622a826afe0d3a2;
alter function fairlock.is_working(fairlock.offers,timestamp with time zone) owner to fairlock_engine;
grant execute on function fairlock.is_working(fairlock.offers,timestamp with time zone) to fairlock_app;
grant execute on function fairlock.is_working(fairlock.offers,timestamp with time zone) to fairlock_engine;

create function fairlock.keep_challenge(p_purpose text, p_challenge bytea) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 8e0256cd40526de2;
alter function fairlock.keep_challenge(text,bytea) owner to fairlock_engine;
grant execute on function fairlock.keep_challenge(text,bytea) to fairlock_app;
grant execute on function fairlock.keep_challenge(text,bytea) to fairlock_engine;

create function fairlock.keep_laws() returns trigger language plpgsql as 46811264a5aa8f0f;
alter function fairlock.keep_laws() owner to ;
grant execute on function fairlock.keep_laws() to public;

create function fairlock.keep_listings() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as c2bc7019c71a94d0;
alter function fairlock.keep_listings() owner to fairlock_engine;
grant execute on function fairlock.keep_listings() to fairlock_engine;

create function fairlock.keep_minutes(p_at timestamp with time zone, p_prices jsonb) returns text[] language sql set search_path=pg_catalog, pg_temp, TimeZone=UTC as 4e2185d81f197e8d;
alter function fairlock.keep_minutes(timestamp with time zone,jsonb) owner to fairlock_engine;
grant execute on function fairlock.keep_minutes(timestamp with time zone,jsonb) to fairlock_engine;

create function fairlock.keep_price_outliers(p jsonb) returns jsonb language sql security definer set search_path=pg_catalog, pg_temp as cf60e9a0aecbc5af;
alter function fairlock.keep_price_outliers(jsonb) owner to fairlock_engine;
grant execute on function fairlock.keep_price_outliers(jsonb) to fairlock_app;
grant execute on function fairlock.keep_price_outliers(jsonb) to fairlock_engine;

create function fairlock.keep_price_reading(p jsonb) returns text language plpgsql security definer set search_path=pg_catalog, pg_temp as 39b147ae94e8de91;
alter function fairlock.keep_price_reading(jsonb) owner to fairlock_engine;
grant execute on function fairlock.keep_price_reading(jsonb) to fairlock_app;
grant execute on function fairlock.keep_price_reading(jsonb) to fairlock_engine;

create function fairlock.keep_rating() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as 236fb9285ceea26d;
alter function fairlock.keep_rating() owner to fairlock_engine;
grant execute on function fairlock.keep_rating() to fairlock_engine;

create function fairlock.keep_snapshot(p_number integer, p_id uuid, p_as_of timestamp with time zone, p_previous bytea, p_head bytea, p_key text, p_public_key bytea, p_signature bytea, p_trees jsonb) returns void language plpgsql set search_path=pg_catalog, pg_temp as f1c9d64449d212ec;
alter function fairlock.keep_snapshot(integer,uuid,timestamp with time zone,bytea,bytea,text,bytea,bytea,jsonb) owner to fairlock_engine;
grant execute on function fairlock.keep_snapshot(integer,uuid,timestamp with time zone,bytea,bytea,text,bytea,bytea,jsonb) to fairlock_engine;

create function fairlock.keys_to_renew(p_after uuid, p_backwards boolean, p_most integer, p_owner uuid) returns jsonb language plpgsql stable security definer set search_path=pg_catalog, pg_temp as 25b8e734e5a4f3b0;
alter function fairlock.keys_to_renew(uuid,boolean,integer,uuid) owner to fairlock_engine;
grant execute on function fairlock.keys_to_renew(uuid,boolean,integer,uuid) to fairlock_app;
grant execute on function fairlock.keys_to_renew(uuid,boolean,integer,uuid) to fairlock_engine;

create function fairlock.knows_evidence(p_dispute uuid, p_evidence uuid) returns jsonb language plpgsql stable security definer set search_path=pg_catalog, pg_temp as 4088f41d83659af0;
alter function fairlock.knows_evidence(uuid,uuid) owner to fairlock_engine;
grant execute on function fairlock.knows_evidence(uuid,uuid) to fairlock_app;
grant execute on function fairlock.knows_evidence(uuid,uuid) to fairlock_engine;

create function fairlock.kyc_case_json(r fairlock.kyc_requests) returns jsonb language sql stable set search_path=pg_catalog, pg_temp as ea417a28f8a0364a;
alter function fairlock.kyc_case_json(fairlock.kyc_requests) owner to fairlock_engine;
grant execute on function fairlock.kyc_case_json(fairlock.kyc_requests) to fairlock_engine;

create function fairlock.kyc_level(p_status text) returns text language sql immutable as d04e8838375ec1c4;
alter function fairlock.kyc_level(text) owner to fairlock_engine;
grant execute on function fairlock.kyc_level(text) to fairlock_engine;

create function fairlock.kyc_level_json(k fairlock.kyc_levels) returns jsonb language sql stable as 4122a8803e9fe923;
alter function fairlock.kyc_level_json(fairlock.kyc_levels) owner to fairlock_engine;
grant execute on function fairlock.kyc_level_json(fairlock.kyc_levels) to fairlock_app;
grant execute on function fairlock.kyc_level_json(fairlock.kyc_levels) to fairlock_engine;

create function fairlock.kyc_queue(p_status text, p_limit integer, p_after timestamp with time zone, p_after_id uuid) returns jsonb language plpgsql stable security definer set search_path=pg_catalog, pg_temp as eda5151845cd01f7;
alter function fairlock.kyc_queue(text,integer,timestamp with time zone,uuid) owner to fairlock_engine;
grant execute on function fairlock.kyc_queue(text,integer,timestamp with time zone,uuid) to fairlock_app;
grant execute on function fairlock.kyc_queue(text,integer,timestamp with time zone,uuid) to fairlock_engine;

create function fairlock.kyc_request_json(r fairlock.kyc_requests) returns jsonb language sql stable as 70ae2475186ace66;
alter function fairlock.kyc_request_json(fairlock.kyc_requests) owner to fairlock_engine;
grant execute on function fairlock.kyc_request_json(fairlock.kyc_requests) to fairlock_engine;

create function fairlock.lacks_staff_factor() returns boolean language plpgsql stable set search_path=pg_catalog, pg_temp as 70121b0a332536e0;
alter function fairlock.lacks_staff_factor() owner to fairlock_engine;
grant execute on function fairlock.lacks_staff_factor() to fairlock_engine;

create function fairlock.liability_heads(p_before integer, p_most integer) returns SETOF jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as 747d6d978a696c42;
alter function fairlock.liability_heads(integer,integer) owner to fairlock_engine;
grant execute on function fairlock.liability_heads(integer,integer) to fairlock_app;
grant execute on function fairlock.liability_heads(integer,integer) to fairlock_engine;

create function fairlock.liability_heads_after(p_after integer, p_most integer) returns SETOF jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as b1a435a38b1f8f74;
alter function fairlock.liability_heads_after(integer,integer) owner to fairlock_engine;
grant execute on function fairlock.liability_heads_after(integer,integer) to fairlock_app;
grant execute on function fairlock.liability_heads_after(integer,integer) to fairlock_engine;

create function fairlock.liability_json(s fairlock.liability_snapshots) returns jsonb language sql stable set search_path=pg_catalog, pg_temp as f6802a9cdd1f7695;
alter function fairlock.liability_json(fairlock.liability_snapshots) owner to fairlock_engine;
grant execute on function fairlock.liability_json(fairlock.liability_snapshots) to fairlock_engine;

create function fairlock.liability_proof(p_snapshot uuid, p_currency text) returns jsonb language plpgsql stable security definer set search_path=pg_catalog, pg_temp, enable_seqscan=off as 3ecbae7d29abb73d;
alter function fairlock.liability_proof(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.liability_proof(uuid,text) to fairlock_app;
grant execute on function fairlock.liability_proof(uuid,text) to fairlock_engine;

create function fairlock.limit_rate(p_currency text) returns numeric language sql stable set search_path=pg_catalog, pg_temp as cd1752cc44404ccc;
alter function fairlock.limit_rate(text) owner to fairlock_engine;
grant execute on function fairlock.limit_rate(text) to fairlock_engine;

create function fairlock.limits_of(p_user uuid, p_at timestamp with time zone DEFAULT clock_timestamp()) returns TABLE(level text, day date, daily_limit numeric, daily_used numeric, monthly_limit numeric, monthly_used numeric) language sql stable set search_path=pg_catalog, pg_temp as 604a74d93d24452c;
alter function fairlock.limits_of(uuid,timestamp with time zone) owner to fairlock_engine;
grant execute on function fairlock.limits_of(uuid,timestamp with time zone) to fairlock_engine;

create function fairlock.live_position() returns bigint language sql stable security definer set search_path=pg_catalog, pg_temp as eda774656f1353b1;
alter function fairlock.live_position() owner to fairlock_engine;
grant execute on function fairlock.live_position() to fairlock_app;
grant execute on function fairlock.live_position() to fairlock_engine;

create function fairlock.live_since(p_after bigint, p_people uuid[], p_most integer) returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp, enable_seqscan=off as 03149d4086da2b0c;
alter function fairlock.live_since(bigint,uuid[],integer) owner to fairlock_engine;
grant execute on function fairlock.live_since(bigint,uuid[],integer) to fairlock_app;
grant execute on function fairlock.live_since(bigint,uuid[],integer) to fairlock_engine;

create function fairlock.lock_account_changes(p_user uuid) returns void language plpgsql set search_path=pg_catalog, pg_temp as d369f41f05e68c40;
alter function fairlock.lock_account_changes(uuid) owner to fairlock_engine;
grant execute on function fairlock.lock_account_changes(uuid) to fairlock_engine;

create function fairlock.lock_dispute(p_dispute uuid) returns public.crypto_disputes language plpgsql set search_path=pg_catalog, pg_temp as 71f78d7e9bddd454;
alter function fairlock.lock_dispute(uuid) owner to fairlock_engine;
grant execute on function fairlock.lock_dispute(uuid) to fairlock_engine;

create function fairlock.lock_payment_methods(p_user uuid) returns void language plpgsql set search_path=pg_catalog, pg_temp as 2486981063a3996f;
alter function fairlock.lock_payment_methods(uuid) owner to fairlock_engine;
grant execute on function fairlock.lock_payment_methods(uuid) to fairlock_engine;

create function fairlock.look(p_scope text, p_id uuid, p_what text) returns TABLE(subject uuid, grant_id uuid) language plpgsql security definer set search_path=pg_catalog, pg_temp as f9d303659d40aa50;
alter function fairlock.look(text,uuid,text) owner to fairlock_engine;
grant execute on function fairlock.look(text,uuid,text) to fairlock_app;
grant execute on function fairlock.look(text,uuid,text) to fairlock_engine;

create function fairlock.look_at_dispute(p_dispute uuid) returns TABLE(trade_id uuid, seen_by text, dispute jsonb, timeline jsonb) language plpgsql security definer set search_path=pg_catalog, pg_temp as c42db69786f12342;
alter function fairlock.look_at_dispute(uuid) owner to fairlock_engine;
grant execute on function fairlock.look_at_dispute(uuid) to fairlock_app;
grant execute on function fairlock.look_at_dispute(uuid) to fairlock_engine;

create function fairlock.look_at_evidence(p_dispute uuid) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 04c1017d10d87f53;
alter function fairlock.look_at_evidence(uuid) owner to fairlock_engine;
grant execute on function fairlock.look_at_evidence(uuid) to fairlock_app;
grant execute on function fairlock.look_at_evidence(uuid) to fairlock_engine;

create function fairlock.mail_due(p_kind text, p_person uuid, p_trade uuid) returns timestamp with time zone language sql set search_path=pg_catalog, pg_temp as 2be12b1eb59d3742;
alter function fairlock.mail_due(text,uuid,uuid) owner to fairlock_engine;
grant execute on function fairlock.mail_due(text,uuid,uuid) to fairlock_engine;

create function fairlock.make_primary(p_user uuid, p_method uuid) returns void language plpgsql set search_path=pg_catalog, pg_temp as 4580ecf701182fa0;
alter function fairlock.make_primary(uuid,uuid) owner to fairlock_engine;
grant execute on function fairlock.make_primary(uuid,uuid) to fairlock_engine;

create function fairlock.mark_duplicates(m public.crypto_payment_methods) returns void language plpgsql set search_path=pg_catalog, pg_temp as ff4884890254b83f;
alter function fairlock.mark_duplicates(public.crypto_payment_methods) owner to fairlock_engine;
grant execute on function fairlock.mark_duplicates(public.crypto_payment_methods) to fairlock_engine;

create function fairlock.mark_fresh(p_session uuid, p_method text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 91ce01df1d30074f;
alter function fairlock.mark_fresh(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.mark_fresh(uuid,text) to fairlock_engine;

create function fairlock.mark_person(p_person uuid, p_mark text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 8ca6ad10cbb45260;
alter function fairlock.mark_person(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.mark_person(uuid,text) to fairlock_engine;

create function fairlock.market_json(q fairlock.market_quotes) returns jsonb language sql stable set search_path=pg_catalog, pg_temp as 3b4c8ad968bfe82c;
alter function fairlock.market_json(fairlock.market_quotes) owner to fairlock_engine;
grant execute on function fairlock.market_json(fairlock.market_quotes) to fairlock_app;
grant execute on function fairlock.market_json(fairlock.market_quotes) to fairlock_engine;

create function fairlock.may_arbitrate(p_dispute uuid, p_person uuid, p_part text) returns boolean language sql stable set search_path=pg_catalog, pg_temp as 81a20e696413bb4d;
alter function fairlock.may_arbitrate(uuid,uuid,text) owner to fairlock_engine;
grant execute on function fairlock.may_arbitrate(uuid,uuid,text) to fairlock_engine;

create function fairlock.may_have(p_scope text) returns boolean language plpgsql stable set search_path=pg_catalog, pg_temp as d9b2483d5a2dad31;
alter function fairlock.may_have(text) owner to fairlock_engine;
grant execute on function fairlock.may_have(text) to fairlock_engine;

create function fairlock.may_read_evidence(p_dispute uuid) returns boolean language plpgsql stable set search_path=pg_catalog, pg_temp as 0bffb9f3f14956cf;
alter function fairlock.may_read_evidence(uuid) owner to fairlock_engine;
grant execute on function fairlock.may_read_evidence(uuid) to fairlock_engine;

create function fairlock.may_read_file(f fairlock.files) returns boolean language plpgsql stable set search_path=pg_catalog, pg_temp as 605452f9d6fd83e6;
alter function fairlock.may_read_file(fairlock.files) owner to fairlock_engine;
grant execute on function fairlock.may_read_file(fairlock.files) to fairlock_engine;

create function fairlock.may_read_kyc_file(p_request uuid) returns boolean language plpgsql stable set search_path=pg_catalog, pg_temp as d815cabbd622c0b9;
alter function fairlock.may_read_kyc_file(uuid) owner to fairlock_engine;
grant execute on function fairlock.may_read_kyc_file(uuid) to fairlock_engine;

create function fairlock.may_read_message(p_message uuid) returns boolean language plpgsql stable set search_path=pg_catalog, pg_temp as 6ce4cfd47ae165f9;
alter function fairlock.may_read_message(uuid) owner to fairlock_engine;
grant execute on function fairlock.may_read_message(uuid) to fairlock_engine;

create function fairlock.may_review() returns boolean language plpgsql stable set search_path=pg_catalog, pg_temp as c73eb95311ec9968;
alter function fairlock.may_review() owner to fairlock_engine;
grant execute on function fairlock.may_review() to fairlock_engine;

create function fairlock.may_verify() returns boolean language sql stable set search_path=pg_catalog, pg_temp as 8980a643be5aea5e;
alter function fairlock.may_verify() owner to fairlock_engine;
grant execute on function fairlock.may_verify() to fairlock_engine;

create function fairlock.me() returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as 5caa05406ab6eb02;
alter function fairlock.me() owner to fairlock_engine;
grant execute on function fairlock.me() to fairlock_app;
grant execute on function fairlock.me() to fairlock_engine;

create function fairlock.mend_payment_methods(p_user uuid) returns void language plpgsql set search_path=pg_catalog, pg_temp as ffb54aa5718b16a9;
alter function fairlock.mend_payment_methods(uuid) owner to fairlock_engine;
grant execute on function fairlock.mend_payment_methods(uuid) to fairlock_engine;

create function fairlock.message_json(m fairlock.messages, p_is_side boolean) returns jsonb language sql stable as f81cb3cfa706be5d;
alter function fairlock.message_json(fairlock.messages,boolean) owner to fairlock_engine;
grant execute on function fairlock.message_json(fairlock.messages,boolean) to fairlock_engine;

create function fairlock.month_of(p_day date) returns date language sql immutable as 93437f799f4c3fa3;
alter function fairlock.month_of(date) owner to fairlock_engine;
grant execute on function fairlock.month_of(date) to fairlock_engine;

create function fairlock.most_within(p_left numeric, p_rate numeric, p_price numeric, p_decimals integer) returns numeric language plpgsql immutable set search_path=pg_catalog, pg_temp as f3079f976b998ab2;
alter function fairlock.most_within(numeric,numeric,numeric,integer) owner to fairlock_engine;
grant execute on function fairlock.most_within(numeric,numeric,numeric,integer) to fairlock_engine;

create function fairlock.move_listings(p_pair text, p_market numeric, p_most integer) returns integer language plpgsql set search_path=pg_catalog, pg_temp, enable_seqscan=off as 3351fb869140f156;
alter function fairlock.move_listings(text,numeric,integer) owner to fairlock_engine;
grant execute on function fairlock.move_listings(text,numeric,integer) to fairlock_engine;

create function fairlock.move_trade(p_trade uuid, p_event text, p_clock boolean, p_reason text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 239ea2dbcd47a875;
alter function fairlock.move_trade(uuid,text,boolean,text) owner to fairlock_engine;
grant execute on function fairlock.move_trade(uuid,text,boolean,text) to fairlock_engine;

create function fairlock.movement_facts(p_type text, p_amount numeric, p_rate numeric, p_fiat text, p_trade uuid) returns TABLE(network_fee numeric, category text, exchange_rate numeric, fiat_value numeric, fiat_currency text, destination_name text, destination_description text) language sql stable as 3aae43329f760859;
alter function fairlock.movement_facts(text,numeric,numeric,text,uuid) owner to fairlock_engine;
grant execute on function fairlock.movement_facts(text,numeric,numeric,text,uuid) to fairlock_engine;

create function fairlock.my_disputes(p_status text, p_at timestamp with time zone, p_id uuid, p_most integer) returns TABLE(at timestamp with time zone, id uuid, body jsonb) language sql stable security definer set search_path=pg_catalog, pg_temp as ae0fe3be6ccd3f4c;
alter function fairlock.my_disputes(text,timestamp with time zone,uuid,integer) owner to fairlock_engine;
grant execute on function fairlock.my_disputes(text,timestamp with time zone,uuid,integer) to fairlock_app;
grant execute on function fairlock.my_disputes(text,timestamp with time zone,uuid,integer) to fairlock_engine;

create function fairlock.my_limits() returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as 7fe646a1221533d5;
alter function fairlock.my_limits() owner to fairlock_engine;
grant execute on function fairlock.my_limits() to fairlock_app;
grant execute on function fairlock.my_limits() to fairlock_engine;

create function fairlock.my_living_method(p_method uuid) returns public.crypto_payment_methods language plpgsql set search_path=pg_catalog, pg_temp as f0f043fc2c4fc806;
alter function fairlock.my_living_method(uuid) owner to fairlock_engine;
grant execute on function fairlock.my_living_method(uuid) to fairlock_engine;

create function fairlock.my_payment_methods(p_limit integer, p_before timestamp with time zone, p_before_id uuid) returns jsonb language plpgsql stable security definer set search_path=pg_catalog, pg_temp as 3e59d4fe87885597;
alter function fairlock.my_payment_methods(integer,timestamp with time zone,uuid) owner to fairlock_engine;
grant execute on function fairlock.my_payment_methods(integer,timestamp with time zone,uuid) to fairlock_app;
grant execute on function fairlock.my_payment_methods(integer,timestamp with time zone,uuid) to fairlock_engine;

create function fairlock.my_security() returns jsonb language plpgsql stable security definer set search_path=pg_catalog, pg_temp as 9712de42623e18c9;
alter function fairlock.my_security() owner to fairlock_engine;
grant execute on function fairlock.my_security() to fairlock_app;
grant execute on function fairlock.my_security() to fairlock_engine;

create function fairlock.my_totp(p_why text) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 1e6fe7625aaccd19;
alter function fairlock.my_totp(text) owner to fairlock_engine;
grant execute on function fairlock.my_totp(text) to fairlock_app;
grant execute on function fairlock.my_totp(text) to fairlock_engine;

create function fairlock.my_wallets(p_currency text) returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as 8d4541db9b466c6a;
alter function fairlock.my_wallets(text) owner to fairlock_engine;
grant execute on function fairlock.my_wallets(text) to fairlock_app;
grant execute on function fairlock.my_wallets(text) to fairlock_engine;

create function fairlock.my_webhook(p_id uuid) returns fairlock.webhooks language sql as 535192464a494eb5;
alter function fairlock.my_webhook(uuid) owner to fairlock_engine;
grant execute on function fairlock.my_webhook(uuid) to fairlock_engine;

create function fairlock.named_account(p_seller uuid, p_method uuid) returns public.crypto_payment_methods language plpgsql stable set search_path=pg_catalog, pg_temp as d5d3eb1b6d9b8c4c;
alter function fairlock.named_account(uuid,uuid) owner to fairlock_engine;
grant execute on function fairlock.named_account(uuid,uuid) to fairlock_engine;

create function fairlock.new_id() returns uuid language sql as 2cc8b4b1dc31c524;
alter function fairlock.new_id() owner to fairlock_engine;
grant execute on function fairlock.new_id() to fairlock_engine;

create function fairlock.news_group(p_kind text) returns text language sql immutable as 4b90aa177a8b8d2a;
alter function fairlock.news_group(text) owner to fairlock_engine;
grant execute on function fairlock.news_group(text) to fairlock_app;
grant execute on function fairlock.news_group(text) to fairlock_engine;

create function fairlock.news_id(p_news bigint, p_at timestamp with time zone, p_person uuid) returns uuid language sql immutable as f063b5559cdfab26;
alter function fairlock.news_id(bigint,timestamp with time zone,uuid) owner to fairlock_engine;
grant execute on function fairlock.news_id(bigint,timestamp with time zone,uuid) to fairlock_engine;

create function fairlock.news_state() returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as 134f7d4ddc52e6b6;
alter function fairlock.news_state() owner to fairlock_engine;
grant execute on function fairlock.news_state() to fairlock_app;
grant execute on function fairlock.news_state() to fairlock_engine;

create function fairlock.normal_network(p inet) returns cidr language sql immutable as b339fbfcb443340e;
alter function fairlock.normal_network(inet) owner to fairlock_engine;
grant execute on function fairlock.normal_network(inet) to fairlock_engine;

create function fairlock.not_fitting(b fairlock.price_board) returns text[] language sql immutable set search_path=pg_catalog, pg_temp as 138c05f53dfe69ba;
alter function fairlock.not_fitting(fairlock.price_board) owner to fairlock_engine;
grant execute on function fairlock.not_fitting(fairlock.price_board) to fairlock_engine;

create function fairlock.note_fault(p_user uuid, p_trade uuid, p_kind text) returns void language plpgsql set search_path=pg_catalog, pg_temp as bb4723f9dabb60c2;
alter function fairlock.note_fault(uuid,uuid,text) owner to fairlock_engine;
grant execute on function fairlock.note_fault(uuid,uuid,text) to fairlock_engine;

create function fairlock.note_in_dispute(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 748dcb7a4f87453e;
alter function fairlock.note_in_dispute(jsonb) owner to fairlock_engine;
grant execute on function fairlock.note_in_dispute(jsonb) to fairlock_engine;

create function fairlock.note_proof(p_session uuid, p jsonb) returns void language plpgsql set search_path=pg_catalog, pg_temp as 16f5fe5900fb92f2;
alter function fairlock.note_proof(uuid,jsonb) owner to fairlock_engine;
grant execute on function fairlock.note_proof(uuid,jsonb) to fairlock_engine;

create function fairlock.note_second_factor() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as 7da889dedf0b315d;
alter function fairlock.note_second_factor() owner to fairlock_engine;
grant execute on function fairlock.note_second_factor() to fairlock_engine;

create function fairlock.notice_announcements(p_most integer) returns integer language plpgsql security definer set search_path=pg_catalog, pg_temp, enable_seqscan=off as 381a8fde95cddfe2;
alter function fairlock.notice_announcements(integer) owner to fairlock_engine;
grant execute on function fairlock.notice_announcements(integer) to fairlock_app;
grant execute on function fairlock.notice_announcements(integer) to fairlock_engine;

create function fairlock.notify(p_user uuid, p_kind text, p_data jsonb DEFAULT '{}'::jsonb, p_mail_to text DEFAULT NULL::text) returns uuid language plpgsql set search_path=pg_catalog, pg_temp as 3f41dab9ff03017e;
alter function fairlock.notify(uuid,text,jsonb,text) owner to fairlock_engine;
grant execute on function fairlock.notify(uuid,text,jsonb,text) to fairlock_engine;

create function fairlock.offer_json(o fairlock.offers) returns jsonb language plpgsql stable set search_path=pg_catalog, pg_temp as 5fbea5e36f793dad;
alter function fairlock.offer_json(fairlock.offers) owner to fairlock_engine;
grant execute on function fairlock.offer_json(fairlock.offers) to fairlock_app;
grant execute on function fairlock.offer_json(fairlock.offers) to fairlock_engine;

create function fairlock.offer_json(o fairlock.offers, q fairlock.market_quotes) returns jsonb language sql stable set search_path=pg_catalog, pg_temp as dcd78123b7f93249;
alter function fairlock.offer_json(fairlock.offers,fairlock.market_quotes) owner to fairlock_engine;
grant execute on function fairlock.offer_json(fairlock.offers,fairlock.market_quotes) to fairlock_app;
grant execute on function fairlock.offer_json(fairlock.offers,fairlock.market_quotes) to fairlock_engine;

create function fairlock.offers_from(p_pair text, p_side text, p_method text, p_market numeric, p_best numeric, p_id uuid, p_most integer, p_amount numeric, p_apart uuid[]) returns TABLE(best numeric, offer_id uuid) language plpgsql stable set search_path=pg_catalog, pg_temp, plan_cache_mode=force_generic_plan, enable_seqscan=off, enable_bitmapscan=off, enable_hashjoin=off, enable_mergejoin=off as 9c0f5a31fae004a9;
alter function fairlock.offers_from(text,text,text,numeric,numeric,uuid,integer,numeric,uuid[]) owner to fairlock_engine;
grant execute on function fairlock.offers_from(text,text,text,numeric,numeric,uuid,integer,numeric,uuid[]) to fairlock_app;
grant execute on function fairlock.offers_from(text,text,text,numeric,numeric,uuid,integer,numeric,uuid[]) to fairlock_engine;

create function fairlock.open_audit_months() returns integer language plpgsql security definer set search_path=pg_catalog, pg_temp, TimeZone=UTC as a3cf2592950d2335;
alter function fairlock.open_audit_months() owner to ;
grant execute on function fairlock.open_audit_months() to fairlock_app;

create function fairlock.open_dispute(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 5c6f935b274c2536;
alter function fairlock.open_dispute(jsonb) owner to fairlock_engine;
grant execute on function fairlock.open_dispute(jsonb) to fairlock_engine;

create function fairlock.open_file(p_file uuid, p_is_thumbnail boolean) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as dfac4f33eafd1957;
alter function fairlock.open_file(uuid,boolean) owner to fairlock_engine;
grant execute on function fairlock.open_file(uuid,boolean) to fairlock_app;
grant execute on function fairlock.open_file(uuid,boolean) to fairlock_engine;

create function fairlock.open_kyc_request(p_request uuid) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 4bbfe910292f0293;
alter function fairlock.open_kyc_request(uuid) owner to fairlock_engine;
grant execute on function fairlock.open_kyc_request(uuid) to fairlock_app;
grant execute on function fairlock.open_kyc_request(uuid) to fairlock_engine;

create function fairlock.open_my_payment_method(p_method uuid) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 77457075aaba5e07;
alter function fairlock.open_my_payment_method(uuid) owner to fairlock_engine;
grant execute on function fairlock.open_my_payment_method(uuid) to fairlock_app;
grant execute on function fairlock.open_my_payment_method(uuid) to fairlock_engine;

create function fairlock.open_overdue_dispute(p_trade uuid) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as a9fe5594924d0859;
alter function fairlock.open_overdue_dispute(uuid) owner to fairlock_engine;
grant execute on function fairlock.open_overdue_dispute(uuid) to fairlock_app;
grant execute on function fairlock.open_overdue_dispute(uuid) to fairlock_engine;

create function fairlock.open_payment_method(p_method uuid) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 3b0ebcecead939b6;
alter function fairlock.open_payment_method(uuid) owner to fairlock_engine;
grant execute on function fairlock.open_payment_method(uuid) to fairlock_app;
grant execute on function fairlock.open_payment_method(uuid) to fairlock_engine;

create function fairlock.open_price_partition(p_parent regclass, p_since timestamp with time zone) returns boolean language plpgsql set search_path=pg_catalog, pg_temp, TimeZone=UTC as b63b83d1eb6f0fae;
alter function fairlock.open_price_partition(regclass,timestamp with time zone) owner to ;

create function fairlock.open_session(p_session uuid, p_user uuid, p_token_hash bytea, p_days integer, p_user_agent text, p_address inet, p_device text DEFAULT NULL::text, p_how text DEFAULT 'password'::text, p_password_hash text DEFAULT NULL::text, p_proof jsonb DEFAULT NULL::jsonb) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 91eb8003f14c21d7;
alter function fairlock.open_session(uuid,uuid,bytea,integer,text,inet,text,text,text,jsonb) owner to fairlock_engine;
grant execute on function fairlock.open_session(uuid,uuid,bytea,integer,text,inet,text,text,text,jsonb) to fairlock_app;
grant execute on function fairlock.open_session(uuid,uuid,bytea,integer,text,inet,text,text,text,jsonb) to fairlock_engine;

create function fairlock.open_stream(p_after bigint) returns jsonb language plpgsql stable security definer set search_path=pg_catalog, pg_temp as 8eb956117551e86d;
alter function fairlock.open_stream(bigint) owner to fairlock_engine;
grant execute on function fairlock.open_stream(bigint) to fairlock_app;
grant execute on function fairlock.open_stream(bigint) to fairlock_engine;

create function fairlock.operator_report(p_report text, p_from date, p_to date, p_by text) returns jsonb language plpgsql stable security definer set search_path=pg_catalog, pg_temp as 7271a3d79de1c21b;
alter function fairlock.operator_report(text,date,date,text) owner to fairlock_engine;
grant execute on function fairlock.operator_report(text,date,date,text) to fairlock_app;
grant execute on function fairlock.operator_report(text,date,date,text) to fairlock_engine;

create function fairlock.overdue_trades(p_most integer) returns SETOF uuid language sql stable security definer set search_path=pg_catalog, pg_temp as 9e2dc1af94a243bc;
alter function fairlock.overdue_trades(integer) owner to fairlock_engine;
grant execute on function fairlock.overdue_trades(integer) to fairlock_app;
grant execute on function fairlock.overdue_trades(integer) to fairlock_engine;

create function fairlock.own_message(p_message uuid) returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as 7df57044754d3555;
alter function fairlock.own_message(uuid) owner to fairlock_engine;
grant execute on function fairlock.own_message(uuid) to fairlock_app;
grant execute on function fairlock.own_message(uuid) to fairlock_engine;

create function fairlock.part_at(p_stage text) returns text language sql immutable as b06d2994c5ac15d6;
alter function fairlock.part_at(text) owner to fairlock_engine;
grant execute on function fairlock.part_at(text) to fairlock_engine;

create function fairlock.part_id(p_file uuid, p_is_thumbnail boolean, p_number integer) returns uuid language sql immutable as 56178954f66ab6ec;
alter function fairlock.part_id(uuid,boolean,integer) owner to fairlock_engine;
grant execute on function fairlock.part_id(uuid,boolean,integer) to fairlock_engine;

create function fairlock.part_in_dispute(p_operation text, p_dispute uuid, p_trade uuid) returns jsonb language plpgsql stable security definer set search_path=pg_catalog, pg_temp as 268ef8a48dde0b57;
alter function fairlock.part_in_dispute(text,uuid,uuid) owner to fairlock_engine;
grant execute on function fairlock.part_in_dispute(text,uuid,uuid) to fairlock_app;
grant execute on function fairlock.part_in_dispute(text,uuid,uuid) to fairlock_engine;

create function fairlock.part_of(p_whole numeric, p_got numeric, p_all numeric) returns numeric language sql immutable as d319b3dd1bacaf0b;
alter function fairlock.part_of(numeric,numeric,numeric) owner to fairlock_engine;
grant execute on function fairlock.part_of(numeric,numeric,numeric) to fairlock_engine;

create function fairlock.passkey_json(p_id uuid, p_name text, p_backed_up boolean, p_created_at timestamp with time zone, p_last_used_at timestamp with time zone, p_cloned_at timestamp with time zone) returns jsonb language sql stable as 1ee5e4d162af9e45;
alter function fairlock.passkey_json(uuid,text,boolean,timestamp with time zone,timestamp with time zone,timestamp with time zone) owner to fairlock_engine;
grant execute on function fairlock.passkey_json(uuid,text,boolean,timestamp with time zone,timestamp with time zone,timestamp with time zone) to fairlock_app;
grant execute on function fairlock.passkey_json(uuid,text,boolean,timestamp with time zone,timestamp with time zone,timestamp with time zone) to fairlock_engine;

create function fairlock.password_material() returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as f3c14f4b0397d4e6;
alter function fairlock.password_material() owner to fairlock_engine;
grant execute on function fairlock.password_material() to fairlock_app;
grant execute on function fairlock.password_material() to fairlock_engine;

create function fairlock.past_trades(p_limit integer, p_at timestamp with time zone, p_id uuid) returns TABLE(at text, id uuid, body jsonb) language sql stable security definer set search_path=pg_catalog, pg_temp as f8c9936a251b5d7c;
alter function fairlock.past_trades(integer,timestamp with time zone,uuid) owner to fairlock_engine;
grant execute on function fairlock.past_trades(integer,timestamp with time zone,uuid) to fairlock_app;
grant execute on function fairlock.past_trades(integer,timestamp with time zone,uuid) to fairlock_engine;

create function fairlock.pause_withdrawals(p_user uuid, p_reason text) returns void language plpgsql set search_path=pg_catalog, pg_temp as 02d6786859790305;
alter function fairlock.pause_withdrawals(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.pause_withdrawals(uuid,text) to fairlock_engine;

create function fairlock.payment_method_json(m public.crypto_payment_methods) returns jsonb language sql stable as 8eb24f86b69ec6f9;
alter function fairlock.payment_method_json(public.crypto_payment_methods) owner to fairlock_engine;
grant execute on function fairlock.payment_method_json(public.crypto_payment_methods) to fairlock_engine;

create function fairlock.payment_method_queue(p_status text, p_limit integer, p_after timestamp with time zone, p_after_id uuid) returns jsonb language plpgsql stable security definer set search_path=pg_catalog, pg_temp as 5fd8f1471c3631d3;
alter function fairlock.payment_method_queue(text,integer,timestamp with time zone,uuid) owner to fairlock_engine;
grant execute on function fairlock.payment_method_queue(text,integer,timestamp with time zone,uuid) to fairlock_app;
grant execute on function fairlock.payment_method_queue(text,integer,timestamp with time zone,uuid) to fairlock_engine;

create function fairlock.person_json(p_user uuid) returns jsonb language sql stable set search_path=pg_catalog, pg_temp as c864a77408dd5b7b;
alter function fairlock.person_json(uuid) owner to fairlock_engine;
grant execute on function fairlock.person_json(uuid) to fairlock_engine;

create function fairlock.place(o fairlock.offers, p_market numeric, OUT anchor text, OUT rank numeric, OUT anchor_from numeric, OUT anchor_to numeric) returns record language plpgsql immutable set search_path=pg_catalog, pg_temp as e4d710160800b5d5;
alter function fairlock.place(fairlock.offers,numeric) owner to fairlock_engine;
grant execute on function fairlock.place(fairlock.offers,numeric) to fairlock_engine;

create function fairlock.place_of(p_address inet) returns inet language sql immutable as d4ea204fc2421bcf;
alter function fairlock.place_of(inet) owner to fairlock_engine;
grant execute on function fairlock.place_of(inet) to fairlock_engine;

create function fairlock.post_message(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 638eeb4866584cfa;
alter function fairlock.post_message(jsonb) owner to fairlock_engine;
grant execute on function fairlock.post_message(jsonb) to fairlock_engine;

create function fairlock.preferences_json(p_preferences jsonb) returns jsonb language sql immutable as 6e5cf9cd715c07e2;
alter function fairlock.preferences_json(jsonb) owner to fairlock_engine;
grant execute on function fairlock.preferences_json(jsonb) to fairlock_app;
grant execute on function fairlock.preferences_json(jsonb) to fairlock_engine;

create function fairlock.price_at(o fairlock.offers, p_market numeric) returns numeric language sql immutable as fe172ba7a113fa92;
alter function fairlock.price_at(fairlock.offers,numeric) owner to fairlock_engine;
grant execute on function fairlock.price_at(fairlock.offers,numeric) to fairlock_app;
grant execute on function fairlock.price_at(fairlock.offers,numeric) to fairlock_engine;

create function fairlock.price_before(p_currency text, p_sample boolean, p_at timestamp with time zone, p_tolerance interval) returns numeric language sql stable set search_path=pg_catalog, pg_temp as a1c3180e8f17b8b8;
alter function fairlock.price_before(text,boolean,timestamp with time zone,interval) owner to fairlock_engine;
grant execute on function fairlock.price_before(text,boolean,timestamp with time zone,interval) to fairlock_engine;

create function fairlock.price_change(p_now numeric, p_before numeric) returns numeric language sql immutable set search_path=pg_catalog, pg_temp as a3b0925006a6aa4b;
alter function fairlock.price_change(numeric,numeric) owner to fairlock_engine;
grant execute on function fairlock.price_change(numeric,numeric) to fairlock_engine;

create function fairlock.price_feed_state() returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as 89fdd64e680aa300;
alter function fairlock.price_feed_state() owner to fairlock_engine;
grant execute on function fairlock.price_feed_state() to fairlock_app;
grant execute on function fairlock.price_feed_state() to fairlock_engine;

create function fairlock.price_history_state() returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp, TimeZone=UTC as a6335e9357780659;
alter function fairlock.price_history_state() owner to fairlock_engine;
grant execute on function fairlock.price_history_state() to fairlock_app;
grant execute on function fairlock.price_history_state() to fairlock_engine;

create function fairlock.price_of(o fairlock.offers) returns numeric language plpgsql stable set search_path=pg_catalog, pg_temp as 02cb8001d53932bd;
alter function fairlock.price_of(fairlock.offers) owner to fairlock_engine;
grant execute on function fairlock.price_of(fairlock.offers) to fairlock_app;
grant execute on function fairlock.price_of(fairlock.offers) to fairlock_engine;

create function fairlock.price_range(p_currency text, p_sample boolean, p_at timestamp with time zone, OUT high numeric, OUT low numeric) returns record language sql stable set search_path=pg_catalog, pg_temp, TimeZone=UTC as 0933f14a0b8cb9e4;
alter function fairlock.price_range(text,boolean,timestamp with time zone) owner to fairlock_engine;
grant execute on function fairlock.price_range(text,boolean,timestamp with time zone) to fairlock_engine;

create function fairlock.price_text(p_value numeric) returns text language sql immutable set search_path=pg_catalog, pg_temp as 6d652b16d65bcf84;
alter function fairlock.price_text(numeric) owner to fairlock_engine;
grant execute on function fairlock.price_text(numeric) to fairlock_app;
grant execute on function fairlock.price_text(numeric) to fairlock_engine;

create function fairlock.prices_kept_since(OUT minutes timestamp with time zone, OUT hours timestamp with time zone) returns record language sql stable security definer set search_path=pg_catalog, pg_temp, TimeZone=UTC as c4881253524c4421;
alter function fairlock.prices_kept_since() owner to fairlock_engine;
grant execute on function fairlock.prices_kept_since() to fairlock_engine;

create function fairlock.prove_factor(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as ba226ec61c1b495c;
alter function fairlock.prove_factor(jsonb) owner to fairlock_engine;
grant execute on function fairlock.prove_factor(jsonb) to fairlock_engine;

create function fairlock.provenance(o fairlock.offers, q fairlock.market_quotes, p_price numeric) returns jsonb language sql stable set search_path=pg_catalog, pg_temp as 876ea34dce8044d1;
alter function fairlock.provenance(fairlock.offers,fairlock.market_quotes,numeric) owner to fairlock_engine;
grant execute on function fairlock.provenance(fairlock.offers,fairlock.market_quotes,numeric) to fairlock_engine;

create function fairlock.publish(p_kind text, p_people uuid[], p_trade uuid, p_data jsonb DEFAULT '{}'::jsonb) returns void language plpgsql set search_path=pg_catalog, pg_temp as e0c946930c1ec4a2;
alter function fairlock.publish(text,uuid[],uuid,jsonb) owner to fairlock_engine;
grant execute on function fairlock.publish(text,uuid[],uuid,jsonb) to fairlock_engine;

create function fairlock.publish_announcement_news(a fairlock.announcements, p_kind text) returns void language sql set search_path=pg_catalog, pg_temp as d6e9a817e53b79e2;
alter function fairlock.publish_announcement_news(fairlock.announcements,text) owner to fairlock_engine;
grant execute on function fairlock.publish_announcement_news(fairlock.announcements,text) to fairlock_engine;

create function fairlock.publish_quotes(p jsonb) returns integer language plpgsql security definer set search_path=pg_catalog, pg_temp as cb48a2d6d26eac39;
alter function fairlock.publish_quotes(jsonb) owner to fairlock_engine;
grant execute on function fairlock.publish_quotes(jsonb) to fairlock_app;
grant execute on function fairlock.publish_quotes(jsonb) to fairlock_engine;

create function fairlock.purge_payment_details(p_most integer) returns integer language plpgsql security definer set search_path=pg_catalog, pg_temp as a9a804f4a0332143;
alter function fairlock.purge_payment_details(integer) owner to fairlock_engine;
grant execute on function fairlock.purge_payment_details(integer) to fairlock_app;
grant execute on function fairlock.purge_payment_details(integer) to fairlock_engine;

create function fairlock.push_key() returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as fc7e5d4f3484aecb;
alter function fairlock.push_key() owner to fairlock_engine;
grant execute on function fairlock.push_key() to fairlock_app;
grant execute on function fairlock.push_key() to fairlock_engine;

create function fairlock.put_facts(p_at timestamp with time zone, p_markets jsonb) returns void language sql set search_path=pg_catalog, pg_temp as 22e15f0016eb07eb;
alter function fairlock.put_facts(timestamp with time zone,jsonb) owner to fairlock_engine;
grant execute on function fairlock.put_facts(timestamp with time zone,jsonb) to fairlock_engine;

create function fairlock.put_on_board(p_at timestamp with time zone, p_prices jsonb) returns text[] language sql set search_path=pg_catalog, pg_temp as 05948cb25778dd5d;
alter function fairlock.put_on_board(timestamp with time zone,jsonb) owner to fairlock_engine;
grant execute on function fairlock.put_on_board(timestamp with time zone,jsonb) to fairlock_engine;

create function fairlock.quotes_json(p_symbol text, p_currency text) returns jsonb language sql stable set search_path=pg_catalog, pg_temp as e231743979428b5f;
alter function fairlock.quotes_json(text,text) owner to fairlock_engine;
grant execute on function fairlock.quotes_json(text,text) to fairlock_app;
grant execute on function fairlock.quotes_json(text,text) to fairlock_engine;

create function fairlock.rate_trade(p_trade uuid, p_rating numeric, p_feedback text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as c10a54be43e8bd81;
alter function fairlock.rate_trade(uuid,numeric,text) owner to fairlock_engine;
grant execute on function fairlock.rate_trade(uuid,numeric,text) to fairlock_engine;

create function fairlock.rating_json(p_trade uuid, p_rated uuid, p_rating numeric, p_feedback text) returns jsonb language sql stable as ecf3bfef74717e96;
alter function fairlock.rating_json(uuid,uuid,numeric,text) owner to fairlock_engine;
grant execute on function fairlock.rating_json(uuid,uuid,numeric,text) to fairlock_app;
grant execute on function fairlock.rating_json(uuid,uuid,numeric,text) to fairlock_engine;

create function fairlock.reaches(p_role text, p_scope text) returns boolean language sql immutable as 2ac5050c7ce88b6b;
alter function fairlock.reaches(text,text) owner to fairlock_engine;
grant execute on function fairlock.reaches(text,text) to fairlock_engine;

create function fairlock.read_messages(p_trade uuid, p_up_to integer) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 503a78f59fa666fc;
alter function fairlock.read_messages(uuid,integer) owner to fairlock_engine;
grant execute on function fairlock.read_messages(uuid,integer) to fairlock_engine;

create function fairlock.read_notice(p_notice uuid) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 00ab0238d01175a1;
alter function fairlock.read_notice(uuid) owner to fairlock_engine;
grant execute on function fairlock.read_notice(uuid) to fairlock_engine;

create function fairlock.read_notices(p_up_to timestamp with time zone) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 1ade183d4ad31164;
alter function fairlock.read_notices(timestamp with time zone) owner to fairlock_engine;
grant execute on function fairlock.read_notices(timestamp with time zone) to fairlock_engine;

create function fairlock.reassign_dispute(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as e91fe86024637206;
alter function fairlock.reassign_dispute(jsonb) owner to fairlock_engine;
grant execute on function fairlock.reassign_dispute(jsonb) to fairlock_engine;

create function fairlock.record_change() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as 5b1c69004e06f81f;
alter function fairlock.record_change() owner to fairlock_engine;
grant execute on function fairlock.record_change() to fairlock_engine;

create function fairlock.record_event(p_action text, p_subject text, p_subject_id uuid, p_reason text DEFAULT NULL::text, p_details jsonb DEFAULT NULL::jsonb, p_changes jsonb DEFAULT NULL::jsonb) returns void language plpgsql set search_path=pg_catalog, pg_temp as 3603d98e735979be;
alter function fairlock.record_event(text,text,uuid,text,jsonb,jsonb) owner to fairlock_engine;
grant execute on function fairlock.record_event(text,text,uuid,text,jsonb,jsonb) to fairlock_engine;

create function fairlock.record_prices(p jsonb) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as dd7348d93eea6443;
alter function fairlock.record_prices(jsonb) owner to fairlock_engine;
grant execute on function fairlock.record_prices(jsonb) to fairlock_app;
grant execute on function fairlock.record_prices(jsonb) to fairlock_engine;

create function fairlock.record_row(p_table text, p_key text, p_shown text[], p_ignored text[], p_old jsonb, p_new jsonb) returns void language plpgsql set search_path=pg_catalog, pg_temp as 63e305fce7de6f59;
alter function fairlock.record_row(text,text,text[],text[],jsonb,jsonb) owner to fairlock_engine;
grant execute on function fairlock.record_row(text,text,text[],text[],jsonb,jsonb) to fairlock_engine;

create function fairlock.recount_person(p_user uuid) returns void language plpgsql set search_path=pg_catalog, pg_temp as 9f33c309219ccb26;
alter function fairlock.recount_person(uuid) owner to fairlock_engine;
grant execute on function fairlock.recount_person(uuid) to fairlock_engine;

create function fairlock.recount_volume(p_user uuid) returns void language plpgsql set search_path=pg_catalog, pg_temp as 62311c51f85f053b;
alter function fairlock.recount_volume(uuid) owner to fairlock_engine;
grant execute on function fairlock.recount_volume(uuid) to fairlock_engine;

create function fairlock.recuse_dispute(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as fa0af4d22ba92228;
alter function fairlock.recuse_dispute(jsonb) owner to fairlock_engine;
grant execute on function fairlock.recuse_dispute(jsonb) to fairlock_engine;

create function fairlock.reference_rate(p_currency text) returns numeric language sql stable set search_path=pg_catalog, pg_temp as 0b129f6e1b8d16b5;
alter function fairlock.reference_rate(text) owner to fairlock_engine;
grant execute on function fairlock.reference_rate(text) to fairlock_app;
grant execute on function fairlock.reference_rate(text) to fairlock_engine;

create function fairlock.refuse(p_code text, p_details jsonb DEFAULT NULL::jsonb) returns jsonb language sql immutable as f509839c7b4ac486;
alter function fairlock.refuse(text,jsonb) owner to fairlock_engine;
grant execute on function fairlock.refuse(text,jsonb) to fairlock_engine;

create function fairlock.refuse_banned_maker() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as 2f4ec2a5e88be9c9;
alter function fairlock.refuse_banned_maker() owner to fairlock_engine;
grant execute on function fairlock.refuse_banned_maker() to fairlock_engine;

create function fairlock.refuse_banned_side() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp as 78f8a693e7032504;
alter function fairlock.refuse_banned_side() owner to fairlock_engine;
grant execute on function fairlock.refuse_banned_side() to fairlock_engine;

create function fairlock.refuse_blocked(p_until timestamp with time zone) returns jsonb language sql as d1c664acdc160578;
alter function fairlock.refuse_blocked(timestamp with time zone) owner to fairlock_engine;
grant execute on function fairlock.refuse_blocked(timestamp with time zone) to fairlock_engine;

create function fairlock.refuse_cooldown(p_user uuid) returns jsonb language plpgsql stable set search_path=pg_catalog, pg_temp as dc65ff7cd0bdc7b8;
alter function fairlock.refuse_cooldown(uuid) owner to fairlock_engine;
grant execute on function fairlock.refuse_cooldown(uuid) to fairlock_engine;

create function fairlock.refuse_email_change(p_change uuid, p_hash bytea) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 0fda8e703ebec15c;
alter function fairlock.refuse_email_change(uuid,bytea) owner to fairlock_engine;
grant execute on function fairlock.refuse_email_change(uuid,bytea) to fairlock_app;
grant execute on function fairlock.refuse_email_change(uuid,bytea) to fairlock_engine;

create function fairlock.refuse_erasure(p_user uuid, p_with_balance boolean) returns text[] language sql stable set search_path=pg_catalog, pg_temp as 7fdd8c1d6065f80a;
alter function fairlock.refuse_erasure(uuid,boolean) owner to fairlock_engine;
grant execute on function fairlock.refuse_erasure(uuid,boolean) to fairlock_engine;

create function fairlock.refuse_message(p_trade uuid, p_role text) returns jsonb language plpgsql stable set search_path=pg_catalog, pg_temp as e14f7cbd37878b4b;
alter function fairlock.refuse_message(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.refuse_message(uuid,text) to fairlock_engine;

create function fairlock.refuse_part(d public.crypto_disputes, p_part text) returns jsonb language plpgsql stable set search_path=pg_catalog, pg_temp as 35d61e46aa0f80c0;
alter function fairlock.refuse_part(public.crypto_disputes,text) owner to fairlock_engine;
grant execute on function fairlock.refuse_part(public.crypto_disputes,text) to fairlock_engine;

create function fairlock.refuse_requirement(p_requirement text, p_needed jsonb) returns jsonb language sql immutable as a969b58beb459821;
alter function fairlock.refuse_requirement(text,jsonb) owner to fairlock_engine;
grant execute on function fairlock.refuse_requirement(text,jsonb) to fairlock_engine;

create function fairlock.refuse_scope(p_operation text) returns jsonb language sql stable set search_path=pg_catalog, pg_temp as 94fcec78ca034763;
alter function fairlock.refuse_scope(text) owner to fairlock_engine;
grant execute on function fairlock.refuse_scope(text) to fairlock_engine;

create function fairlock.refuse_stale_factor() returns jsonb language plpgsql stable set search_path=pg_catalog, pg_temp as 776454aa30760bfd;
alter function fairlock.refuse_stale_factor() owner to fairlock_engine;
grant execute on function fairlock.refuse_stale_factor() to fairlock_engine;

create function fairlock.refuse_take(o fairlock.offers, p_taker uuid, p_amount numeric, p_method text, p_version integer) returns jsonb language plpgsql stable set search_path=pg_catalog, pg_temp as 20427333ccdf3fda;
alter function fairlock.refuse_take(fairlock.offers,uuid,numeric,text,integer) owner to fairlock_engine;
grant execute on function fairlock.refuse_take(fairlock.offers,uuid,numeric,text,integer) to fairlock_engine;

create function fairlock.refuse_together(p_taker uuid, p_maker uuid) returns jsonb language plpgsql stable set search_path=pg_catalog, pg_temp as 007e748015987504;
alter function fairlock.refuse_together(uuid,uuid) owner to fairlock_engine;
grant execute on function fairlock.refuse_together(uuid,uuid) to fairlock_engine;

create function fairlock.refuse_unproven(p_user uuid, p_session uuid, p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 5bd92696a4012567;
alter function fairlock.refuse_unproven(uuid,uuid,jsonb) owner to fairlock_engine;
grant execute on function fairlock.refuse_unproven(uuid,uuid,jsonb) to fairlock_engine;

create function fairlock.refuse_unsound_offer(o fairlock.offers) returns jsonb language plpgsql stable set search_path=pg_catalog, pg_temp as 99c140003107a7c4;
alter function fairlock.refuse_unsound_offer(fairlock.offers) owner to fairlock_engine;
grant execute on function fairlock.refuse_unsound_offer(fairlock.offers) to fairlock_engine;

create function fairlock.refuse_upload(p_bytes integer) returns jsonb language sql stable set search_path=pg_catalog, pg_temp as bc4278b6d4594b29;
alter function fairlock.refuse_upload(integer) owner to fairlock_engine;
grant execute on function fairlock.refuse_upload(integer) to fairlock_engine;

create function fairlock.refuse_words(d public.crypto_disputes, p_kind text, p_most integer) returns jsonb language sql stable set search_path=pg_catalog, pg_temp as f728a1b5513ca848;
alter function fairlock.refuse_words(public.crypto_disputes,text,integer) owner to fairlock_engine;
grant execute on function fairlock.refuse_words(public.crypto_disputes,text,integer) to fairlock_engine;

create function fairlock.register_person(p_email text, p_name text, p_password_hash text) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as c53d2dd96a70efb1;
alter function fairlock.register_person(text,text,text) owner to fairlock_engine;
grant execute on function fairlock.register_person(text,text,text) to fairlock_app;
grant execute on function fairlock.register_person(text,text,text) to fairlock_engine;

create function fairlock.remove_passkey(p_passkey uuid) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 29acebcfdbc7b88b;
alter function fairlock.remove_passkey(uuid) owner to fairlock_engine;
grant execute on function fairlock.remove_passkey(uuid) to fairlock_engine;

create function fairlock.remove_payment_method(p_method uuid) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 901308fa0a2a2b34;
alter function fairlock.remove_payment_method(uuid) owner to fairlock_engine;
grant execute on function fairlock.remove_payment_method(uuid) to fairlock_engine;

create function fairlock.rename_passkey(p_passkey uuid, p_name text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as ca11bb0b7c973ec3;
alter function fairlock.rename_passkey(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.rename_passkey(uuid,text) to fairlock_engine;

create function fairlock.renew_session(p_token_hash bytea) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as e1a79876b038e47c;
alter function fairlock.renew_session(bytea) owner to fairlock_engine;
grant execute on function fairlock.renew_session(bytea) to fairlock_engine;

create function fairlock.replace_arbitrator(d public.crypto_disputes, p_ended_as text, p_by uuid, p_person uuid, p_assigned_by uuid) returns uuid language plpgsql set search_path=pg_catalog, pg_temp as 637ca118e4509ce8;
alter function fairlock.replace_arbitrator(public.crypto_disputes,text,uuid,uuid,uuid) owner to fairlock_engine;
grant execute on function fairlock.replace_arbitrator(public.crypto_disputes,text,uuid,uuid,uuid) to fairlock_engine;

create function fairlock.replace_data_key(p_old uuid, p_new uuid, p_wrapped bytea, p_key_encryption_key text) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 3b9c75333d6ade04;
alter function fairlock.replace_data_key(uuid,uuid,bytea,text) owner to fairlock_engine;
grant execute on function fairlock.replace_data_key(uuid,uuid,bytea,text) to fairlock_app;
grant execute on function fairlock.replace_data_key(uuid,uuid,bytea,text) to fairlock_engine;

create function fairlock.replace_payment_method(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 1f3e5077f581003f;
alter function fairlock.replace_payment_method(jsonb) owner to fairlock_engine;
grant execute on function fairlock.replace_payment_method(jsonb) to fairlock_engine;

create function fairlock.replace_recovery_codes(p_hashes jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 88f3d268e808ed9a;
alter function fairlock.replace_recovery_codes(jsonb) owner to fairlock_engine;
grant execute on function fairlock.replace_recovery_codes(jsonb) to fairlock_engine;

create function fairlock.reply_in_dispute(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 12ce0922e0ef0006;
alter function fairlock.reply_in_dispute(jsonb) owner to fairlock_engine;
grant execute on function fairlock.reply_in_dispute(jsonb) to fairlock_engine;

create function fairlock.report(p_report text, p_from date, p_to date, p_by text) returns jsonb language plpgsql stable set search_path=pg_catalog, pg_temp as 18eb233ba0c742cf;
alter function fairlock.report(text,date,date,text) owner to fairlock_engine;
grant execute on function fairlock.report(text,date,date,text) to fairlock_engine;

create function fairlock.report_damage(p_file uuid) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as f8aa69dc0efba0fa;
alter function fairlock.report_damage(uuid) owner to fairlock_engine;
grant execute on function fairlock.report_damage(uuid) to fairlock_app;
grant execute on function fairlock.report_damage(uuid) to fairlock_engine;

create function fairlock.report_disputes(p_from date, p_to date, p_by text) returns SETOF jsonb language sql stable set search_path=pg_catalog, pg_temp as ece7d1c776625651;
alter function fairlock.report_disputes(date,date,text) owner to fairlock_engine;
grant execute on function fairlock.report_disputes(date,date,text) to fairlock_engine;

create function fairlock.report_escrows() returns SETOF jsonb language sql stable set search_path=pg_catalog, pg_temp as 314563b2f19ba81f;
alter function fairlock.report_escrows() owner to fairlock_engine;
grant execute on function fairlock.report_escrows() to fairlock_engine;

create function fairlock.report_fees(p_from date, p_to date) returns SETOF jsonb language sql stable set search_path=pg_catalog, pg_temp as 796b3987e14b39b2;
alter function fairlock.report_fees(date,date) owner to fairlock_engine;
grant execute on function fairlock.report_fees(date,date) to fairlock_engine;

create function fairlock.report_liabilities() returns SETOF jsonb language sql stable set search_path=pg_catalog, pg_temp as 4bc82979a365dd6e;
alter function fairlock.report_liabilities() owner to fairlock_engine;
grant execute on function fairlock.report_liabilities() to fairlock_engine;

create function fairlock.report_volume(p_from date, p_to date) returns SETOF jsonb language sql stable set search_path=pg_catalog, pg_temp as 27d83ebcf8b4ce58;
alter function fairlock.report_volume(date,date) owner to fairlock_engine;
grant execute on function fairlock.report_volume(date,date) to fairlock_engine;

create function fairlock.reports_state() returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as b03c7be8efa35833;
alter function fairlock.reports_state() owner to fairlock_engine;
grant execute on function fairlock.reports_state() to fairlock_app;
grant execute on function fairlock.reports_state() to fairlock_engine;

create function fairlock.reseal_value(p_table text, p_column text, p_row text, p_from text, p_to text) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 877b0a3f83d5606a;
alter function fairlock.reseal_value(text,text,text,text,text) owner to fairlock_engine;
grant execute on function fairlock.reseal_value(text,text,text,text,text) to fairlock_app;
grant execute on function fairlock.reseal_value(text,text,text,text,text) to fairlock_engine;

create function fairlock.resend_deliveries(p_webhook uuid, p_delivery uuid, p_since timestamp with time zone) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as b5a38681a1f8be8a;
alter function fairlock.resend_deliveries(uuid,uuid,timestamp with time zone) owner to fairlock_engine;
grant execute on function fairlock.resend_deliveries(uuid,uuid,timestamp with time zone) to fairlock_engine;

create function fairlock.reset_factors(p_user uuid, p_reason text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 0c26dc045837e27d;
alter function fairlock.reset_factors(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.reset_factors(uuid,text) to fairlock_engine;

create function fairlock.reset_material(p_reset uuid, p_hash bytea) returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as 03f619bfd1859d93;
alter function fairlock.reset_material(uuid,bytea) owner to fairlock_engine;
grant execute on function fairlock.reset_material(uuid,bytea) to fairlock_app;
grant execute on function fairlock.reset_material(uuid,bytea) to fairlock_engine;

create function fairlock.reset_totp(p_reset uuid, p_hash bytea) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 9512af1e68b3052a;
alter function fairlock.reset_totp(uuid,bytea) owner to fairlock_engine;
grant execute on function fairlock.reset_totp(uuid,bytea) to fairlock_app;
grant execute on function fairlock.reset_totp(uuid,bytea) to fairlock_engine;

create function fairlock.retire_liabilities(p_most integer) returns integer language plpgsql security definer set search_path=pg_catalog, pg_temp as 212962c92e673632;
alter function fairlock.retire_liabilities(integer) owner to fairlock_engine;
grant execute on function fairlock.retire_liabilities(integer) to fairlock_app;
grant execute on function fairlock.retire_liabilities(integer) to fairlock_engine;

create function fairlock.review_access(p_grant uuid, p_justified boolean, p_review text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 8f4b2b8d7c89ed08;
alter function fairlock.review_access(uuid,boolean,text) owner to fairlock_engine;
grant execute on function fairlock.review_access(uuid,boolean,text) to fairlock_engine;

create function fairlock.revoke_access(p_grant uuid) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 9969977724406604;
alter function fairlock.revoke_access(uuid) owner to fairlock_engine;
grant execute on function fairlock.revoke_access(uuid) to fairlock_engine;

create function fairlock.rfc3339(p_time timestamp with time zone) returns text language sql stable as bdbb2f1c721b4465;
alter function fairlock.rfc3339(timestamp with time zone) owner to fairlock_engine;
grant execute on function fairlock.rfc3339(timestamp with time zone) to fairlock_app;
grant execute on function fairlock.rfc3339(timestamp with time zone) to fairlock_engine;

create function fairlock.roles_on_duty() returns SETOF text language plpgsql stable set search_path=pg_catalog, pg_temp as 02dd3d371bb9da69;
alter function fairlock.roles_on_duty() owner to fairlock_engine;
grant execute on function fairlock.roles_on_duty() to fairlock_engine;

create function fairlock.roll_up_prices(p_at timestamp with time zone, p_currencies text[]) returns void language plpgsql set search_path=pg_catalog, pg_temp, TimeZone=UTC as 748f7d85e18e11fe;
alter function fairlock.roll_up_prices(timestamp with time zone,text[]) owner to fairlock_engine;
grant execute on function fairlock.roll_up_prices(timestamp with time zone,text[]) to fairlock_engine;

create function fairlock.room_of(p public.crypto_profiles, p_day date) returns numeric language sql immutable as c0e48b2018fe34f6;
alter function fairlock.room_of(public.crypto_profiles,date) owner to fairlock_engine;
grant execute on function fairlock.room_of(public.crypto_profiles,date) to fairlock_engine;

create function fairlock.rotate_webhook_secret(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as cf84047b4e236405;
alter function fairlock.rotate_webhook_secret(jsonb) owner to fairlock_engine;
grant execute on function fairlock.rotate_webhook_secret(jsonb) to fairlock_engine;

create function fairlock.rule_dispute(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 7cf5e1b40441121c;
alter function fairlock.rule_dispute(jsonb) owner to fairlock_engine;
grant execute on function fairlock.rule_dispute(jsonb) to fairlock_engine;

create function fairlock.sample_note(p_sample boolean) returns jsonb language sql immutable set search_path=pg_catalog, pg_temp as b40eaa33093ce808;
alter function fairlock.sample_note(boolean) owner to fairlock_engine;
grant execute on function fairlock.sample_note(boolean) to fairlock_app;
grant execute on function fairlock.sample_note(boolean) to fairlock_engine;

create function fairlock.say_in_dispute(p jsonb, p_kind text, p_part text, p_ruling uuid) returns void language plpgsql set search_path=pg_catalog, pg_temp as 8053361240d39a5e;
alter function fairlock.say_in_dispute(jsonb,text,text,uuid) owner to fairlock_engine;
grant execute on function fairlock.say_in_dispute(jsonb,text,text,uuid) to fairlock_engine;

create function fairlock.scope_of(p_operation text) returns text language sql immutable as fd3b8393bc75b66b;
alter function fairlock.scope_of(text) owner to fairlock_engine;
grant execute on function fairlock.scope_of(text) to fairlock_engine;

create function fairlock.sealed_columns() returns TABLE(relation text, name text, owner text, row_key text, key_type text, is_bytes boolean) language sql stable set search_path=pg_catalog, pg_temp as 42a5cb703b8249b7;
alter function fairlock.sealed_columns() owner to fairlock_engine;
grant execute on function fairlock.sealed_columns() to fairlock_engine;

create function fairlock.sealed_condition(c record) returns text language plpgsql immutable set search_path=pg_catalog, pg_temp as 43ffca54d7cc0658;
alter function fairlock.sealed_condition(record) owner to fairlock_engine;
grant execute on function fairlock.sealed_condition(record) to fairlock_engine;

create function fairlock.sealed_method_json(m public.crypto_payment_methods) returns jsonb language sql stable as 7089cc8c4c516567;
alter function fairlock.sealed_method_json(public.crypto_payment_methods) owner to fairlock_engine;
grant execute on function fairlock.sealed_method_json(public.crypto_payment_methods) to fairlock_engine;

create function fairlock.sealed_text(c record) returns text language plpgsql immutable set search_path=pg_catalog, pg_temp as fd8967f3dda14ce4;
alter function fairlock.sealed_text(record) owner to fairlock_engine;
grant execute on function fairlock.sealed_text(record) to fairlock_engine;

create function fairlock.sealed_with(p_sealed text) returns uuid language sql immutable as c18d333cbf40faa8;
alter function fairlock.sealed_with(text) owner to fairlock_engine;
grant execute on function fairlock.sealed_with(text) to fairlock_engine;

create function fairlock.search_audit(p jsonb) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as fb03f5848615cc1e;
alter function fairlock.search_audit(jsonb) owner to fairlock_engine;
grant execute on function fairlock.search_audit(jsonb) to fairlock_app;
grant execute on function fairlock.search_audit(jsonb) to fairlock_engine;

create function fairlock.second_arbitrator_amount(p_currency text) returns numeric language sql stable set search_path=pg_catalog, pg_temp as 9e7e7d9cfe8a1200;
alter function fairlock.second_arbitrator_amount(text) owner to fairlock_engine;
grant execute on function fairlock.second_arbitrator_amount(text) to fairlock_engine;

create function fairlock.set_duty(p_role text, p_hours jsonb) returns void language plpgsql set search_path=pg_catalog, pg_temp as 3399ffac058c101b;
alter function fairlock.set_duty(text,jsonb) owner to fairlock_engine;
grant execute on function fairlock.set_duty(text,jsonb) to fairlock_engine;

create function fairlock.set_kyc(p_user uuid, p_level text, p_reason text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 2aba9e088cc50565;
alter function fairlock.set_kyc(uuid,text,text) owner to fairlock_engine;
grant execute on function fairlock.set_kyc(uuid,text,text) to fairlock_engine;

create function fairlock.set_kyc_level(p_level text, p_daily numeric, p_monthly numeric) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 282fbb9d7e29c271;
alter function fairlock.set_kyc_level(text,numeric,numeric) owner to fairlock_engine;
grant execute on function fairlock.set_kyc_level(text,numeric,numeric) to fairlock_engine;

create function fairlock.set_ruling_due(d public.crypto_disputes, p_due timestamp with time zone) returns void language plpgsql set search_path=pg_catalog, pg_temp as 6c680e185af817d1;
alter function fairlock.set_ruling_due(public.crypto_disputes,timestamp with time zone) owner to fairlock_engine;
grant execute on function fairlock.set_ruling_due(public.crypto_disputes,timestamp with time zone) to fairlock_engine;

create function fairlock.set_staff_role(p_user uuid, p_role text, p_granted boolean) returns void language plpgsql security definer set search_path=pg_catalog, pg_temp as afbcd82ec014d73d;
alter function fairlock.set_staff_role(uuid,text,boolean) owner to fairlock_engine;
grant execute on function fairlock.set_staff_role(uuid,text,boolean) to fairlock_engine;

create function fairlock.set_withdrawal_limits(p_currency text, p_daily numeric, p_monthly numeric) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 04b0cda7b15b34c8;
alter function fairlock.set_withdrawal_limits(text,numeric,numeric) owner to fairlock_engine;
grant execute on function fairlock.set_withdrawal_limits(text,numeric,numeric) to fairlock_engine;

create function fairlock.settle_due_ruling(p_dispute uuid) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 73cad6676e6f3b12;
alter function fairlock.settle_due_ruling(uuid) owner to fairlock_engine;
grant execute on function fairlock.settle_due_ruling(uuid) to fairlock_app;
grant execute on function fairlock.settle_due_ruling(uuid) to fairlock_engine;

create function fairlock.settle_ruling(d public.crypto_disputes, r fairlock.dispute_rulings) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 9c180a11e15d8d8e;
alter function fairlock.settle_ruling(public.crypto_disputes,fairlock.dispute_rulings) owner to fairlock_engine;
grant execute on function fairlock.settle_ruling(public.crypto_disputes,fairlock.dispute_rulings) to fairlock_engine;

create function fairlock.settlement(p_outcome text, p_amount numeric, p_seller_fee numeric, p_buyer_fee numeric, p_buyer_amount numeric, OUT to_buyer numeric, OUT to_seller numeric, OUT buyer_fee numeric, OUT seller_fee numeric) returns record language plpgsql immutable set search_path=pg_catalog, pg_temp as a1ec32c7ee68f379;
alter function fairlock.settlement(text,numeric,numeric,numeric,numeric) owner to fairlock_engine;
grant execute on function fairlock.settlement(text,numeric,numeric,numeric,numeric) to fairlock_engine;

create function fairlock.shipped_rate(p_currency text) returns numeric language sql immutable as c318ae26582ca79d;
alter function fairlock.shipped_rate(text) owner to fairlock_engine;
grant execute on function fairlock.shipped_rate(text) to fairlock_engine;

create function fairlock.show_payment_details(p_trade uuid) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 796362c92ceef891;
alter function fairlock.show_payment_details(uuid) owner to fairlock_engine;
grant execute on function fairlock.show_payment_details(uuid) to fairlock_app;
grant execute on function fairlock.show_payment_details(uuid) to fairlock_engine;

create function fairlock.sign_audit_block(p_block bigint, p_key text, p_signature bytea) returns void language sql security definer set search_path=pg_catalog, pg_temp as 7acfcceec0269fcc;
alter function fairlock.sign_audit_block(bigint,text,bytea) owner to fairlock_engine;
grant execute on function fairlock.sign_audit_block(bigint,text,bytea) to fairlock_app;
grant execute on function fairlock.sign_audit_block(bigint,text,bytea) to fairlock_engine;

create function fairlock.sign_in_material(p_email text, p_address inet, p_session uuid, p_token_hash bytea) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 31d35c811659372f;
alter function fairlock.sign_in_material(text,inet,uuid,bytea) owner to fairlock_engine;
grant execute on function fairlock.sign_in_material(text,inet,uuid,bytea) to fairlock_app;
grant execute on function fairlock.sign_in_material(text,inet,uuid,bytea) to fairlock_engine;

create function fairlock.sign_in_totp(p_user uuid, p_password_hash text) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 238ad47f61309454;
alter function fairlock.sign_in_totp(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.sign_in_totp(uuid,text) to fairlock_app;
grant execute on function fairlock.sign_in_totp(uuid,text) to fairlock_engine;

create function fairlock.sign_out_everywhere(p_user uuid) returns timestamp with time zone language plpgsql set search_path=pg_catalog, pg_temp as acaec2a5c0f1c5c4;
alter function fairlock.sign_out_everywhere(uuid) owner to fairlock_engine;
grant execute on function fairlock.sign_out_everywhere(uuid) to fairlock_engine;

create function fairlock.sold_of(p_whole numeric, p_trade uuid, p_all numeric) returns numeric language sql stable set search_path=pg_catalog, pg_temp as 398a08b7c2e31e0e;
alter function fairlock.sold_of(numeric,uuid,numeric) owner to fairlock_engine;
grant execute on function fairlock.sold_of(numeric,uuid,numeric) to fairlock_engine;

create function fairlock.staff_method_json(m public.crypto_payment_methods) returns jsonb language sql stable as 3c1f01ed883bf0d9;
alter function fairlock.staff_method_json(public.crypto_payment_methods) owner to fairlock_engine;
grant execute on function fairlock.staff_method_json(public.crypto_payment_methods) to fairlock_engine;

create function fairlock.standing_json(p_user uuid) returns jsonb language sql stable set search_path=pg_catalog, pg_temp as 91df2f5ef267b5e3;
alter function fairlock.standing_json(uuid) owner to fairlock_engine;
grant execute on function fairlock.standing_json(uuid) to fairlock_engine;

create function fairlock.start_dispute(p_trade uuid, p_actor text, p_dispute uuid, p_reason text, p_description text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 8a94dc341766c28f;
alter function fairlock.start_dispute(uuid,text,uuid,text,text) owner to fairlock_engine;
grant execute on function fairlock.start_dispute(uuid,text,uuid,text,text) to fairlock_engine;

create function fairlock.start_email_change(p_email text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as e1ba8b5d6213f3c5;
alter function fairlock.start_email_change(text) owner to fairlock_engine;
grant execute on function fairlock.start_email_change(text) to fairlock_engine;

create function fairlock.start_password_reset(p_user uuid, p_kind text) returns uuid language plpgsql set search_path=pg_catalog, pg_temp as 2e97722cd14faffc;
alter function fairlock.start_password_reset(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.start_password_reset(uuid,text) to fairlock_engine;

create function fairlock.start_totp(p_sealed text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 64bb5ffd58e2e985;
alter function fairlock.start_totp(text) owner to fairlock_engine;
grant execute on function fairlock.start_totp(text) to fairlock_engine;

create function fairlock.still_arbitrates(p_trade uuid) returns boolean language plpgsql security definer set search_path=pg_catalog, pg_temp as 5ae3217fc62d8181;
alter function fairlock.still_arbitrates(uuid) owner to fairlock_engine;
grant execute on function fairlock.still_arbitrates(uuid) to fairlock_app;
grant execute on function fairlock.still_arbitrates(uuid) to fairlock_engine;

create function fairlock.still_granted(p_scope text, p_id uuid) returns boolean language plpgsql security definer set search_path=pg_catalog, pg_temp as cc96680d917116c8;
alter function fairlock.still_granted(text,uuid) owner to fairlock_engine;
grant execute on function fairlock.still_granted(text,uuid) to fairlock_app;
grant execute on function fairlock.still_granted(text,uuid) to fairlock_engine;

create function fairlock.stop_totp() returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 56ac79d1131a101f;
alter function fairlock.stop_totp() owner to fairlock_engine;
grant execute on function fairlock.stop_totp() to fairlock_engine;

create function fairlock.store_recovery_codes(p_user uuid, p_hashes jsonb) returns void language plpgsql set search_path=pg_catalog, pg_temp as 200a1badd2b024c3;
alter function fairlock.store_recovery_codes(uuid,jsonb) owner to fairlock_engine;
grant execute on function fairlock.store_recovery_codes(uuid,jsonb) to fairlock_engine;

create function fairlock.subscribe_push(p jsonb) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 664c32d3cb5a4007;
alter function fairlock.subscribe_push(jsonb) owner to fairlock_engine;
grant execute on function fairlock.subscribe_push(jsonb) to fairlock_engine;

create function fairlock.sweep(p_most integer) returns integer language plpgsql security definer set search_path=pg_catalog, pg_temp as 469f4780234a8df5;
alter function fairlock.sweep(integer) owner to fairlock_engine;
grant execute on function fairlock.sweep(integer) to fairlock_app;
grant execute on function fairlock.sweep(integer) to fairlock_engine;

create function fairlock.sweep_files(p_most integer) returns integer language plpgsql set search_path=pg_catalog, pg_temp as fceef28e34aac561;
alter function fairlock.sweep_files(integer) owner to fairlock_engine;
grant execute on function fairlock.sweep_files(integer) to fairlock_engine;

create function fairlock.sweep_live(p_most integer) returns integer language plpgsql security definer set search_path=pg_catalog, pg_temp, enable_seqscan=off as 9bba784c7d6ab6d4;
alter function fairlock.sweep_live(integer) owner to fairlock_engine;
grant execute on function fairlock.sweep_live(integer) to fairlock_app;
grant execute on function fairlock.sweep_live(integer) to fairlock_engine;

create function fairlock.sweep_price_locks(p_most integer) returns void language sql as 82ee98c6222c4f12;
alter function fairlock.sweep_price_locks(integer) owner to fairlock_engine;
grant execute on function fairlock.sweep_price_locks(integer) to fairlock_engine;

create function fairlock.sweep_push(p_most integer) returns void language sql as 80f21314555d9fd1;
alter function fairlock.sweep_push(integer) owner to fairlock_engine;
grant execute on function fairlock.sweep_push(integer) to fairlock_engine;

create function fairlock.sweep_requests(p_most integer) returns integer language plpgsql set search_path=pg_catalog, pg_temp as d56a1cfdf1dc069d;
alter function fairlock.sweep_requests(integer) owner to fairlock_engine;
grant execute on function fairlock.sweep_requests(integer) to fairlock_engine;

create function fairlock.sweep_webhooks(p_most integer) returns integer language plpgsql set search_path=pg_catalog, pg_temp as ebdf26d1f9ed13ce;
alter function fairlock.sweep_webhooks(integer) owner to fairlock_engine;
grant execute on function fairlock.sweep_webhooks(integer) to fairlock_engine;

create function fairlock.take_challenge(p_purpose text, p_challenge bytea, p_credential bytea) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 8789eb3f55b20ac4;
alter function fairlock.take_challenge(text,bytea,bytea) owner to fairlock_engine;
grant execute on function fairlock.take_challenge(text,bytea,bytea) to fairlock_app;
grant execute on function fairlock.take_challenge(text,bytea,bytea) to fairlock_engine;

create function fairlock.take_mail(p_lease interval) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 9f4fb2ef77724541;
alter function fairlock.take_mail(interval) owner to fairlock_engine;
grant execute on function fairlock.take_mail(interval) to fairlock_app;
grant execute on function fairlock.take_mail(interval) to fairlock_engine;

create function fairlock.take_offer(p_offer uuid, p_amount numeric, p_method text, p_method_id uuid, p_version integer, p_worst numeric, p_lock uuid) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 4723c6d170ded464;
alter function fairlock.take_offer(uuid,numeric,text,uuid,integer,numeric,uuid) owner to fairlock_engine;
grant execute on function fairlock.take_offer(uuid,numeric,text,uuid,integer,numeric,uuid) to fairlock_engine;

create function fairlock.take_push_messages(p_most integer, p_lease interval) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as 17c81ae620f4f988;
alter function fairlock.take_push_messages(integer,interval) owner to fairlock_engine;
grant execute on function fairlock.take_push_messages(integer,interval) to fairlock_app;
grant execute on function fairlock.take_push_messages(integer,interval) to fairlock_engine;

create function fairlock.take_up_news(p_id bigint) returns integer language plpgsql set search_path=pg_catalog, pg_temp as 8cfcfaa2bb7e563c;
alter function fairlock.take_up_news(bigint) owner to fairlock_engine;
grant execute on function fairlock.take_up_news(bigint) to fairlock_engine;

create function fairlock.take_webhook_deliveries(p_sound integer, p_failing integer, p_lease interval) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as e224a86d09ed8a46;
alter function fairlock.take_webhook_deliveries(integer,integer,interval) owner to fairlock_engine;
grant execute on function fairlock.take_webhook_deliveries(integer,integer,interval) to fairlock_app;
grant execute on function fairlock.take_webhook_deliveries(integer,integer,interval) to fairlock_engine;

create function fairlock.tell(p_news fairlock.outbox[]) returns void language plpgsql set search_path=pg_catalog, pg_temp, enable_seqscan=off, plan_cache_mode=force_generic_plan as 572fdd71f8c7abea;
alter function fairlock.tell(fairlock.outbox[]) owner to fairlock_engine;
grant execute on function fairlock.tell(fairlock.outbox[]) to fairlock_engine;

create function fairlock.tell_case(d public.crypto_disputes, p_kind text, p_data jsonb) returns void language plpgsql set search_path=pg_catalog, pg_temp as 8e299414718c1d14;
alter function fairlock.tell_case(public.crypto_disputes,text,jsonb) owner to fairlock_engine;
grant execute on function fairlock.tell_case(public.crypto_disputes,text,jsonb) to fairlock_engine;

create function fairlock.tell_chat(p_row fairlock.outbox) returns void language plpgsql set search_path=pg_catalog, pg_temp as a558bcf8aee67a63;
alter function fairlock.tell_chat(fairlock.outbox) owner to fairlock_engine;
grant execute on function fairlock.tell_chat(fairlock.outbox) to fairlock_engine;

create function fairlock.tell_push(p_notice uuid) returns void language sql as 25c72bae9a1cae46;
alter function fairlock.tell_push(uuid) owner to fairlock_engine;
grant execute on function fairlock.tell_push(uuid) to fairlock_engine;

create function fairlock.tell_webhooks(p_news fairlock.outbox) returns integer language plpgsql set search_path=pg_catalog, pg_temp as c1ae21509ecd9757;
alter function fairlock.tell_webhooks(fairlock.outbox) owner to fairlock_engine;
grant execute on function fairlock.tell_webhooks(fairlock.outbox) to fairlock_engine;

create function fairlock.tend_price_history() returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp, TimeZone=UTC, lock_timeout=5s as 18352ad123e45f0f;
alter function fairlock.tend_price_history() owner to ;
grant execute on function fairlock.tend_price_history() to fairlock_app;

create function fairlock.test_webhook(p_id uuid) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 8d8326996923930a;
alter function fairlock.test_webhook(uuid) owner to fairlock_engine;
grant execute on function fairlock.test_webhook(uuid) to fairlock_engine;

create function fairlock.told_of() returns TABLE(kind text, who text) language sql immutable as 51a24208eaf261eb;
alter function fairlock.told_of() owner to fairlock_engine;
grant execute on function fairlock.told_of() to fairlock_engine;

create function fairlock.totp_material(p_user uuid, p_why text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 3ced029a681ecc50;
alter function fairlock.totp_material(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.totp_material(uuid,text) to fairlock_engine;

create function fairlock.trader_json(t fairlock.traders) returns jsonb language sql stable as 60025d1a4df92afb;
alter function fairlock.trader_json(fairlock.traders) owner to fairlock_engine;
grant execute on function fairlock.trader_json(fairlock.traders) to fairlock_app;
grant execute on function fairlock.trader_json(fairlock.traders) to fairlock_engine;

create function fairlock.trader_profile(p_user uuid) returns jsonb language sql stable security definer set search_path=pg_catalog, pg_temp as fc33def83b88b8c8;
alter function fairlock.trader_profile(uuid) owner to fairlock_engine;
grant execute on function fairlock.trader_profile(uuid) to fairlock_app;
grant execute on function fairlock.trader_profile(uuid) to fairlock_engine;

create function fairlock.trusts(p_owner uuid, p_person uuid) returns boolean language sql stable set search_path=pg_catalog, pg_temp as a1e03958463c2993;
alter function fairlock.trusts(uuid,uuid) owner to fairlock_engine;
grant execute on function fairlock.trusts(uuid,uuid) to fairlock_engine;

create function fairlock.uncount_volume(p_seller uuid, p_buyer uuid, p_value numeric, p_day date) returns void language plpgsql set search_path=pg_catalog, pg_temp as b91cbe743ac2fdf1;
alter function fairlock.uncount_volume(uuid,uuid,numeric,date) owner to fairlock_engine;
grant execute on function fairlock.uncount_volume(uuid,uuid,numeric,date) to fairlock_engine;

create function fairlock.unmark_person(p_person uuid, p_mark text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as baf4988a3638a7fa;
alter function fairlock.unmark_person(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.unmark_person(uuid,text) to fairlock_engine;

create function fairlock.unopened_prices(OUT parent regclass, OUT since timestamp with time zone) returns SETOF record language sql stable security definer set search_path=pg_catalog, pg_temp, TimeZone=UTC as 389dd938808683ea;
alter function fairlock.unopened_prices() owner to fairlock_engine;
grant execute on function fairlock.unopened_prices() to fairlock_engine;

create function fairlock.unread_chats(p_before uuid, p_most integer) returns jsonb language plpgsql stable security definer set search_path=pg_catalog, pg_temp, enable_seqscan=off as cc4f8e0afb91f34c;
alter function fairlock.unread_chats(uuid,integer) owner to fairlock_engine;
grant execute on function fairlock.unread_chats(uuid,integer) to fairlock_app;
grant execute on function fairlock.unread_chats(uuid,integer) to fairlock_engine;

create function fairlock.unsigned_audit_blocks(p_most integer) returns TABLE(number bigint, hash bytea) language sql stable security definer set search_path=pg_catalog, pg_temp as b4d865f766b87838;
alter function fairlock.unsigned_audit_blocks(integer) owner to fairlock_engine;
grant execute on function fairlock.unsigned_audit_blocks(integer) to fairlock_app;
grant execute on function fairlock.unsigned_audit_blocks(integer) to fairlock_engine;

create function fairlock.unsubscribe_push(p_endpoint text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as e792ab108fade83b;
alter function fairlock.unsubscribe_push(text) owner to fairlock_engine;
grant execute on function fairlock.unsubscribe_push(text) to fairlock_engine;

create function fairlock.use_api_key(p_key uuid, p_token_hash bytea, p_address inet) returns TABLE(user_id uuid, scopes text, requests_per_minute integer) language plpgsql set search_path=pg_catalog, pg_temp as 4830879c8bf663c2;
alter function fairlock.use_api_key(uuid,bytea,inet) owner to fairlock_engine;
grant execute on function fairlock.use_api_key(uuid,bytea,inet) to fairlock_engine;

create function fairlock.use_passkey(p_passkey uuid, p_user uuid, p_counter bigint, p_backed_up boolean) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 9eb2c60ebd809a1c;
alter function fairlock.use_passkey(uuid,uuid,bigint,boolean) owner to fairlock_engine;
grant execute on function fairlock.use_passkey(uuid,uuid,bigint,boolean) to fairlock_engine;

create function fairlock.usual_preferences() returns jsonb language sql immutable as 91a9cdcf7b7a3d63;
alter function fairlock.usual_preferences() owner to fairlock_engine;
grant execute on function fairlock.usual_preferences() to fairlock_app;
grant execute on function fairlock.usual_preferences() to fairlock_engine;

create function fairlock.values_sealed_with(p_key uuid, p_table text, p_column text, p_after text, p_most integer) returns jsonb language plpgsql stable security definer set search_path=pg_catalog, pg_temp as 5ae64f85a2ec9ab0;
alter function fairlock.values_sealed_with(uuid,text,text,text,integer) owner to fairlock_engine;
grant execute on function fairlock.values_sealed_with(uuid,text,text,text,integer) to fairlock_app;
grant execute on function fairlock.values_sealed_with(uuid,text,text,text,integer) to fairlock_engine;

create function fairlock.waiting(p_count bigint, p_since timestamp with time zone) returns jsonb language sql stable as 193b93c5d458d1ea;
alter function fairlock.waiting(bigint,timestamp with time zone) owner to fairlock_engine;
grant execute on function fairlock.waiting(bigint,timestamp with time zone) to fairlock_engine;

create function fairlock.wallet_json(p_user uuid, p_currency text) returns jsonb language sql stable set search_path=pg_catalog, pg_temp as 26dafaf305ddd9df;
alter function fairlock.wallet_json(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.wallet_json(uuid,text) to fairlock_engine;

create function fairlock.wallet_of(p_user uuid, p_currency text) returns uuid language plpgsql set search_path=pg_catalog, pg_temp as 42c20438bcd17050;
alter function fairlock.wallet_of(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.wallet_of(uuid,text) to fairlock_engine;

create function fairlock.wants(p_preferences jsonb, p_group text, p_way text) returns boolean language sql immutable as 7fa77d023b52ac83;
alter function fairlock.wants(jsonb,text,text) owner to fairlock_engine;
grant execute on function fairlock.wants(jsonb,text,text) to fairlock_app;
grant execute on function fairlock.wants(jsonb,text,text) to fairlock_engine;

create function fairlock.webhook_delivery_json(d fairlock.webhook_deliveries) returns jsonb language sql stable as e4759007e296ab70;
alter function fairlock.webhook_delivery_json(fairlock.webhook_deliveries) owner to fairlock_engine;
grant execute on function fairlock.webhook_delivery_json(fairlock.webhook_deliveries) to fairlock_app;
grant execute on function fairlock.webhook_delivery_json(fairlock.webhook_deliveries) to fairlock_engine;

create function fairlock.webhook_json(p_id uuid, p_url text, p_events text[], p_description text, p_status text, p_disabled_reason text, p_previous_secret_until timestamp with time zone, p_created_at timestamp with time zone, p_updated_at timestamp with time zone) returns jsonb language sql stable as 79ecb8d6ef031722;
alter function fairlock.webhook_json(uuid,text,text[],text,text,text,timestamp with time zone,timestamp with time zone,timestamp with time zone) owner to fairlock_engine;
grant execute on function fairlock.webhook_json(uuid,text,text[],text,text,text,timestamp with time zone,timestamp with time zone,timestamp with time zone) to fairlock_app;
grant execute on function fairlock.webhook_json(uuid,text,text[],text,text,text,timestamp with time zone,timestamp with time zone,timestamp with time zone) to fairlock_engine;

create function fairlock.webhook_json(w fairlock.webhooks) returns jsonb language sql stable as 071411517a5f00e8;
alter function fairlock.webhook_json(fairlock.webhooks) owner to fairlock_engine;
grant execute on function fairlock.webhook_json(fairlock.webhooks) to fairlock_engine;

create function fairlock.webhook_words(w fairlock.webhooks) returns jsonb language sql immutable as 2c04f8d8b195b1fe;
alter function fairlock.webhook_words(fairlock.webhooks) owner to fairlock_engine;
grant execute on function fairlock.webhook_words(fairlock.webhooks) to fairlock_engine;

create function fairlock.weigh_take(o fairlock.offers, p_taker uuid, p_price numeric, p_value numeric, OUT value numeric, OUT day date, OUT refusal jsonb) returns record language plpgsql set search_path=pg_catalog, pg_temp as 30df62f9fbee0242;
alter function fairlock.weigh_take(fairlock.offers,uuid,numeric,numeric) owner to fairlock_engine;
grant execute on function fairlock.weigh_take(fairlock.offers,uuid,numeric,numeric) to fairlock_engine;

create function fairlock.window_json(p_limit numeric, p_used numeric, p_resets date) returns jsonb language sql stable as 9d6f985e4bfa4476;
alter function fairlock.window_json(numeric,numeric,date) owner to fairlock_engine;
grant execute on function fairlock.window_json(numeric,numeric,date) to fairlock_engine;

create function fairlock.wish_password_reset(p_email text) returns jsonb language plpgsql security definer set search_path=pg_catalog, pg_temp as e1e6c7857941f0d9;
alter function fairlock.wish_password_reset(text) owner to fairlock_engine;
grant execute on function fairlock.wish_password_reset(text) to fairlock_app;
grant execute on function fairlock.wish_password_reset(text) to fairlock_engine;

create function fairlock.with_limits_in_force(w public.crypto_wallets) returns public.crypto_wallets language plpgsql set search_path=pg_catalog, pg_temp as 4c75a524e93120bf;
alter function fairlock.with_limits_in_force(public.crypto_wallets) owner to fairlock_engine;
grant execute on function fairlock.with_limits_in_force(public.crypto_wallets) to fairlock_engine;

create function fairlock.withdraw_announcement(p_id uuid) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as a1f6042dd758e240;
alter function fairlock.withdraw_announcement(uuid) owner to fairlock_engine;
grant execute on function fairlock.withdraw_announcement(uuid) to fairlock_engine;

create function fairlock.withdraw_email_change() returns jsonb language sql set search_path=pg_catalog, pg_temp as f99cdd82d0241abe;
alter function fairlock.withdraw_email_change() owner to fairlock_engine;
grant execute on function fairlock.withdraw_email_change() to fairlock_engine;

create function fairlock.withdraw_kyc(p_request uuid) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 30a8edcb88d79ca9;
alter function fairlock.withdraw_kyc(uuid) owner to fairlock_engine;
grant execute on function fairlock.withdraw_kyc(uuid) to fairlock_engine;

create function fairlock.withdrawal_limits_json(p_user uuid, p_currency text) returns jsonb language plpgsql set search_path=pg_catalog, pg_temp as 663cd7a03307b797;
alter function fairlock.withdrawal_limits_json(uuid,text) owner to fairlock_engine;
grant execute on function fairlock.withdrawal_limits_json(uuid,text) to fairlock_engine;

create function fairlock.withdrawals_paused_until(p_user uuid) returns timestamp with time zone language sql set search_path=pg_catalog, pg_temp as 05e05053cbabc8c4;
alter function fairlock.withdrawals_paused_until(uuid) owner to fairlock_engine;
grant execute on function fairlock.withdrawals_paused_until(uuid) to fairlock_engine;

create function fairlock.withdrawn_on(w public.crypto_wallets, p_day date, OUT daily numeric, OUT monthly numeric) returns record language sql immutable as 9329743ed3fff38a;
alter function fairlock.withdrawn_on(public.crypto_wallets,date) owner to fairlock_engine;
grant execute on function fairlock.withdrawn_on(public.crypto_wallets,date) to fairlock_engine;

create function fairlock.wrap_anew(p_keys jsonb, p_to text) returns integer language plpgsql set search_path=pg_catalog, pg_temp as 4a83a9cd99142947;
alter function fairlock.wrap_anew(jsonb,text) owner to fairlock_engine;
grant execute on function fairlock.wrap_anew(jsonb,text) to fairlock_engine;

create function fairlock.write_payment_method(p jsonb, p_type text, p_label text) returns public.crypto_payment_methods language plpgsql set search_path=pg_catalog, pg_temp as 0a57c08287c80976;
alter function fairlock.write_payment_method(jsonb,text,text) owner to fairlock_engine;
grant execute on function fairlock.write_payment_method(jsonb,text,text) to fairlock_engine;

create function ledger.check_zero_sum() returns trigger language plpgsql set search_path=pg_catalog, pg_temp as a57e8e9751559977;
alter function ledger.check_zero_sum() owner to ;
grant execute on function ledger.check_zero_sum() to public;

create function ledger.follow_balance() returns trigger language plpgsql set search_path=pg_catalog, pg_temp as 2fa77eece1786d2a;
alter function ledger.follow_balance() owner to ;
grant execute on function ledger.follow_balance() to public;

create function ledger.open_account(p_id uuid, p_kind text, p_currency text, p_user uuid) returns void language plpgsql security definer set search_path=pg_catalog, pg_temp as 937ecbab6ea62bf4;
alter function ledger.open_account(uuid,text,text,uuid) owner to fairlock_ledger;
grant execute on function ledger.open_account(uuid,text,text,uuid) to fairlock_engine;
grant execute on function ledger.open_account(uuid,text,text,uuid) to fairlock_ledger;

create function ledger.post(p_kind text, p_accounts uuid[], p_amounts numeric[], p_system uuid, p_trade uuid, p_reason text) returns bigint language plpgsql security definer set search_path=pg_catalog, pg_temp as 436749546c61aced;
alter function ledger.post(text,uuid[],numeric[],uuid,uuid,text) owner to fairlock_ledger;
grant execute on function ledger.post(text,uuid[],numeric[],uuid,uuid,text) to fairlock_engine;
grant execute on function ledger.post(text,uuid[],numeric[],uuid,uuid,text) to fairlock_ledger;

create function ledger.post_each(p_kinds text[], p_accounts uuid[], p_amounts numeric[], p_reason text) returns bigint[] language plpgsql security definer set search_path=pg_catalog, pg_temp as fd875a33eddad028;
alter function ledger.post_each(text[],uuid[],numeric[],text) owner to fairlock_ledger;
grant execute on function ledger.post_each(text[],uuid[],numeric[],text) to fairlock_engine;
grant execute on function ledger.post_each(text[],uuid[],numeric[],text) to fairlock_ledger;

create function ledger.refuse_change() returns trigger language plpgsql set search_path=pg_catalog, pg_temp as f3ceb41332f8576d;
alter function ledger.refuse_change() owner to ;
grant execute on function ledger.refuse_change() to public;

create function ledger.roll_up() returns bigint language plpgsql security definer set search_path=pg_catalog, pg_temp as deb5fa2c24f7edb6;
alter function ledger.roll_up() owner to fairlock_ledger;
grant execute on function ledger.roll_up() to fairlock_app;
grant execute on function ledger.roll_up() to fairlock_ledger;

create function ledger.system_account(p_kind text, p_currency text) returns uuid language sql immutable as a8491fe0d4332ea3;
alter function ledger.system_account(text,text) owner to fairlock_ledger;
grant execute on function ledger.system_account(text,text) to fairlock_engine;
grant execute on function ledger.system_account(text,text) to fairlock_ledger;
