-- Erasing a person: their data keys are destroyed, which ends what they sealed in every copy of the database, and what
-- is personal goes, table by table. What the books, the other side of a trade and the log need stays, under their id.
grant delete on public.crypto_payment_methods, fairlock.credentials, fairlock.sessions, fairlock.api_keys,
  fairlock.notices, fairlock.password_resets, fairlock.email_changes, fairlock.passkeys, fairlock.passkey_challenges,
  fairlock.recovery_codes to fairlock_engine;
grant update (wallet_address, wallet_provider, investment_strategy, risk_tolerance, security_settings,
  notification_preferences, preferred_currencies, preferred_payment_methods, trading_pairs, two_factor_enabled)
  on public.crypto_profiles to fairlock_engine;
grant update (wallet_address, wallet_provider, is_connected) on public.crypto_wallets to fairlock_engine;
grant update (payment_details, metadata, buyer_feedback, seller_feedback) on public.crypto_trades to fairlock_engine;
grant update (metadata) on public.crypto_escrows to fairlock_engine;
grant update (destination_name, destination_description, metadata) on public.crypto_transactions to fairlock_engine;
grant update (answer) on fairlock.idempotency_keys to fairlock_engine;
grant update (data) on fairlock.notices to fairlock_engine;

set local role fairlock_engine;

-- What becomes of every table that names people, in this order; $1 is the person. set: what is written over their rows;
-- empty: the rows go; null: they stay, and why. A test compares the list with the catalog.
create function fairlock.erasure_rules() returns table (relation text, mine text, set text, why text)
language sql immutable
as $$ values
  ('fairlock.data_keys', 'owner_id = $1 and state <> ''destroyed''', $s$ state = 'destroyed', wrapped = null,
    retired_at = coalesce(retired_at, clock_timestamp()), destroyed_at = clock_timestamp() $s$,
    'destroyed: what they sealed is dead, in old backups too'),
  ('fairlock.offers', 'maker_id = $1', $s$ status = 'closed', closed_at = coalesce(closed_at, clock_timestamp()),
    version = version + 1, updated_at = clock_timestamp(), terms = null $s$, 'closed, without their terms: trades refer to them'),
  ('fairlock.price_locks', 'user_id = $1', '', 'gone: promises of some seconds'),
  ('fairlock.file_parts', 'owner_id = $1', '', 'gone: their key is destroyed'),
  ('fairlock.files', 'owner_id = $1', 'about = null',
    'without names: that there was a file, its hash, size and time are evidence'),
  ('fairlock.evidence', 'added_by = $1', 'note = case when owner_id is null then note end',
    'without notes: which files were shown to whom is the dispute''s'),
  ('fairlock.file_views', 'viewer_id = $1', null, 'who looked at whose file: the record of looks'),
  ('fairlock.sessions', 'user_id = $1', '', 'gone'),
  ('fairlock.api_keys', 'user_id = $1', '', 'gone'),
  ('fairlock.recovery_codes', 'user_id = $1', '', 'gone'),
  ('fairlock.passkey_challenges', 'user_id = $1', '', 'gone'),
  ('fairlock.passkeys', 'user_id = $1', '', 'gone'),
  ('fairlock.password_resets', 'user_id = $1', '', 'gone'),
  ('fairlock.password_reset_wishes', 'lower(email) = lower((select email from public.users where id = $1))', '', 'gone'),
  ('fairlock.email_changes', 'user_id = $1', '', 'gone'),
  ('fairlock.push_subscriptions', 'user_id = $1', '', 'gone, with the messages under way'),
  ('fairlock.notices', 'user_id = $1', '', 'gone'),
  ('fairlock.push_keys', 'owner_id = $1', null, 'nobody''s: the market''s own key pair, whose owner is always empty'),
  ('fairlock.webhook_secrets', 'user_id = $1', '', 'gone'),
  ('fairlock.webhooks', 'user_id = $1', '', 'gone, with their deliveries'),
  ('fairlock.messages', 'author_id = $1', $s$ text = null, erased = true, warnings = '[]' $s$,
    'without their words: that something was written, and when, is the other side''s record as well'),
  ('fairlock.chat_channels', '$1 in (seller_id, buyer_id)', null, 'the chats of trades: ids, numbers and read marks'),
  ('fairlock.outbox', '$1 = any (people)', null, 'ids on their way, for a second'),
  ('fairlock.live_events', 'user_id = $1', '', 'gone'),
  ('fairlock.announcements', '$1 in (created_by, withdrawn_by)', null, 'what staff told everybody: the record of staff'),
  ('fairlock.news_set_aside', '$1 = any (people)', null, 'ids of news that the operator has to look at'),
  ('fairlock.idempotency_keys', 'user_id = $1', '', 'gone: nobody can sign in to repeat a request'),
  ('fairlock.adopted_secrets', 'user_id = $1', '', 'gone: their key is destroyed'),
  ('fairlock.staff_roles', 'user_id = $1', '', 'gone'),
  ('public.crypto_payment_methods', 'user_id = $1', '', 'gone, with the index of the account'),
  ('public.crypto_profiles', 'user_id = $1', $s$ display_name = fairlock.erased_name($1), country = null,
    two_factor_enabled = false, two_factor_secret = null, wallet_address = null, wallet_provider = null,
    investment_strategy = null, risk_tolerance = null, security_settings = null, notification_preferences = null,
    preferred_currencies = null, preferred_payment_methods = null, trading_pairs = null, updated_at = now() $s$,
    'without name, country, factors and preferences: the other sides of trades see who is no more'),
  ('public.crypto_wallets', 'user_id = $1', $s$ encrypted_private_key = null, backup_phrase_encrypted = null,
    wallet_address = null, wallet_provider = null, is_connected = false $s$,
    'without keys and address: the books have an account for each'),
  ('fairlock.outside_wallets', 'user_id = $1', '', 'gone: they were information only'),
  ('public.crypto_trades', '$1 in (user_id, buyer_id)', $s$ payment_details = null, metadata = null,
    buyer_feedback = null, seller_feedback = null $s$,
    'without payment details, what they wrote and what was written of them: the rest is the other side''s record as well'),
  ('fairlock.ratings', '$1 in (rated_id, rater_id)', 'answer = null',
    'without texts: the numbers are in the other side''s means'),
  ('fairlock.counterparties', '$1 in (low_id, high_id)', null, 'that two ids traded, and the sums that means are made of'),
  ('fairlock.faults', '$1 in (user_id, forgiven_by)', null, 'whose duty was not done, by id: the record of the house'),
  ('fairlock.marked_people', '$1 in (owner_id, person_id)', '', 'gone, from the lists of others too'),
  ('public.crypto_transactions', 'user_id = $1',
    $s$ destination_name = case when category in ('trade', 'adjustment') then destination_name end,
    destination_description = case when category in ('trade', 'adjustment') then destination_description end,
    metadata = null $s$,
    'without names (those of trades and adjustments name nobody): amounts and addresses on a public chain are the books'''),
  ('public.users', 'id = $1', $s$ email = fairlock.erased_name($1) || '@erased.invalid' $s$,
    'the bare id: trades, books and log refer to it'),
  ('fairlock.credentials', 'user_id = $1', '', 'gone'),
  ('public.crypto_escrows', '$1 in (seller_id, buyer_id)', 'metadata = null',
    'custody of two people, without what another platform noted of it'),
  ('public.crypto_disputes', '$1 in (raised_by, against_user_id, resolved_by, lost_by)', null,
    'between whom and how it ended; what they claimed is sealed, and dead with their key'),
  ('fairlock.dispute_assignments', '$1 in (arbitrator_id, assigned_by, ended_by)', null, 'who arbitrated: the record of staff'),
  ('fairlock.dispute_rulings', '$1 in (arbitrator_id, consented_by)', null, 'what was decided about two people''s coins'),
  ('fairlock.dispute_entries', '$1 in (author_id, owner_id, asked_id)', null,
    'sealed: with their key what they said is dead, that they said something stays'),
  ('fairlock.kyc_requests', 'user_id = $1', $s$ statement_sealed = null,
    status = case status when 'asked' then 'withdrawn' else status end, ended_at = coalesce(ended_at, clock_timestamp()) $s$,
    'without their words, which are dead with their key: what staff decided, and why'),
  ('fairlock.bans', '$1 in (user_id, banned_by, lifted_by)', null, 'who was barred and why: the record of staff'),
  ('fairlock.access_grants', '$1 in (staff_id, person_id, approver_id, revoked_by, reviewed_by)', null,
    'who looked at whom and why: the record of staff'),
  ('fairlock.erasures', 'user_id = $1', null, 'that and when they were erased'),
  ('fairlock.liability_leaves', 'user_id = $1', 'user_id = null, nonce = null',
    'without name and secret: nobody can say any more whose leaf it was, the sums above it stay'),
  ('ledger.accounts', 'user_id = $1', null, 'the books'),
  ('ledger.transfers', 'actor_id = $1', null, 'the books, with the reasons that staff gave'),
  ('audit.events', '$1 in (actor_id, subject_id)', null, 'the log, by id; it can lose nothing without showing it')
$$;

-- What an erased person is called: the end of their id, which is random, behind a sign that no name or address may have,
-- or somebody could take it before and hinder the erasure.
create function fairlock.erased_name(p_user uuid) returns text
language sql immutable
as $$ select 'erased:' || right(p_user::text, 12) $$;

-- Why a person cannot be erased yet; empty when they can, or have been.
create function fairlock.refuse_erasure(p_user uuid, p_with_balance boolean) returns text[]
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case when exists (select from fairlock.erasures where user_id = p_user) then '{}' else array_remove(array[
    (select format('%s live trades have to end first.', count(*)) from public.crypto_trades
     where p_user in (user_id, buyer_id) and status in ('pending', 'funded', 'paid', 'disputed') having count(*) > 0),
    (select 'The wallets hold ' || string_agg(balance::text || ' ' || currency, ', ') || ': pay it out, or say '
       || '--with-balance, and it stays in the books as money that nobody can ask for.'
     from public.crypto_wallets where user_id = p_user and balance <> 0 having count(*) > 0 and not p_with_balance)
  ], null) end
$$;

-- Ends everything the person is signed in with, so that no request of theirs begins after this.
create function fairlock.sign_out_everywhere(p_user uuid) returns timestamptz
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update fairlock.sessions set ended_at = clock_timestamp() where user_id = p_user and ended_at is null;
  update fairlock.api_keys set ended_at = clock_timestamp() where user_id = p_user and ended_at is null;
  return clock_timestamp();
end $$;

-- How many rows each rule finds, and with p_do what it says is done. In one transaction: a person is erased or not.
create function fairlock.erase_person(p_user uuid, p_reason text, p_with_balance boolean, p_do boolean) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  r record;
  v_name text;
  v_count bigint;
  v_refused text[];
  v_rows jsonb := '[]';
begin
  -- Whoever writes something new about the person waits for this row, or is waited for.
  perform from public.users where id = p_user for update;
  if exists (select from fairlock.erasures where user_id = p_user) then
    return jsonb_build_object('erasedAt', (select erased_at from fairlock.erasures where user_id = p_user));
  end if;
  v_refused := fairlock.refuse_erasure(p_user, p_with_balance);
  if p_do and cardinality(v_refused) > 0 then
    return jsonb_build_object('refused', v_refused);
  end if;
  perform set_config('fairlock.reason', p_reason, true);
  v_name := (select display_name from public.crypto_profiles where user_id = p_user);
  for r in select * from fairlock.erasure_rules() loop
    if not p_do or r.set is null then
      execute format('select count(*) from %s where %s', r.relation, r.mine) into v_count using p_user;
    elsif r.set = '' then
      execute format('delete from %s where %s', r.relation, r.mine) using p_user;
      get diagnostics v_count = row_count;
    else
      execute format('update %s set %s where %s', r.relation, r.set, r.mine) using p_user;
      get diagnostics v_count = row_count;
    end if;
    v_rows := v_rows || jsonb_build_object('table', r.relation, 'rows', v_count, 'why', r.why,
      'fate', case when r.set is null then 'kept' when r.set = '' then 'deleted' else 'overwritten' end);
  end loop;
  if p_do then
    perform fairlock.forget_name(p_user, v_name);
    insert into fairlock.erasures (user_id, reason) values (p_user, p_reason);
    perform fairlock.record_event('person.erased', 'users', p_user, p_reason);
  end if;
  return jsonb_build_object('rows', v_rows, 'refused', v_refused);
end $$;

-- The person's name in what other people were answered or told. Answers may have it as it was before a change, so there
-- it is found by the id, which jsonb prints right before it.
create function fairlock.forget_name(p_user uuid, p_name text) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_old text := to_jsonb(p_name)::text;
  v_new text := to_jsonb(fairlock.erased_name(p_user))::text;
begin
  -- The only answers with what two people wrote about each other.
  delete from fairlock.idempotency_keys
  where operation in ('rate_trade', 'answer_rating') and position(p_user::text in answer::text) > 0;
  update fairlock.idempotency_keys set answer = regexp_replace(replace(answer::text, v_old, v_new),
    format('("id": "%s", "displayName": )"([^"\\]|\\.)*"', p_user), '\1' || v_new, 'g')::jsonb
  where position(p_user::text in answer::text) > 0;
  update fairlock.notices set data = replace(data::text, v_old, v_new)::jsonb where position(v_old in data::text) > 0;
end $$;
reset role;
