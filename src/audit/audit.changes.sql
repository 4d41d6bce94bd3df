-- Which tables leave a line in the log at every change of a row, and what of it the log may hold.
set local role fairlock_engine;

-- key: the column that says whose or which row it was. shown: columns whose old and new value are written; of every
-- other column the log says only that it changed ("***"), so that a column that comes later is hidden until somebody
-- decides otherwise; {*} shows all of a table that holds nothing personal. ignored: columns whose change alone is no
-- news; those of the hot path must be here.
create function audit.watched() returns table (name text, key text, shown text[], ignored text[])
language sql immutable
as $$ values
  ('public.users', 'id', '{id,created_at}'::text[], '{}'::text[]),
  ('public.crypto_profiles', 'user_id', '{user_id,kyc_status,kyc_verified_at,is_verified_trader,banned_until,daily_limit,'
    'monthly_limit,two_factor_enabled}', '{id,created_at,updated_at,trading_volume,total_trades,average_rating,'
    'successful_escrows,disputed_trades,current_daily_volume,current_monthly_volume,unfinished_trades,counterparties,'
    'volumes,payment_seconds,release_seconds,rating_count,rating_sum,rater_count,rater_means,weighted_rating,'
    'volume_day,volume_before}'),
  ('public.crypto_payment_methods', 'id', '{user_id,type,is_verified,verification_status,verified_at,is_primary,'
    'is_duplicate,verification_asked_at,verification_decided_by,deleted_at,superseded_by,purge_due_at}',
    '{id,created_at,updated_at}'),
  ('fairlock.blind_index_keys', 'id', '{name,created_at}', '{id,sealed_for}'),
  ('public.crypto_wallets', 'id', '{user_id,currency,wallet_provider,chain_type,is_primary,is_connected,last_backup,'
    'supported_currencies,withdrawal_limit_daily,withdrawal_limit_monthly,pending_limit_daily,pending_limit_monthly,'
    'limits_pending_until}', '{id,balance,created_at,updated_at,last_synced_at,withdrawn_today,withdrawn_this_month,'
    'withdrawal_day}'),
  ('public.crypto_disputes', 'id', '{trade_id,escrow_id,raised_by,against_user_id,reason,status,resolution,resolved_by,'
    'resolved_at,opened_by,stage,answer_due_at,answered_at,ruling_due_at,escalated_at,lost_by}', '{id,created_at,updated_at}'),
  ('fairlock.dispute_assignments', 'dispute_id', '{*}', '{}'),
  ('fairlock.dispute_rulings', 'dispute_id', '{*}', '{}'),
  ('fairlock.credentials', 'user_id', '{user_id,changed_at,withdrawals_paused_until,second_factor}', '{totp_step,'
    'totp_session,factor_failures,factor_blocked_until}'),
  ('fairlock.recovery_codes', 'user_id', '{user_id,created_at,used_at}', '{used_in}'),
  ('fairlock.passkeys', 'id', '{user_id,backed_up,rp_id,created_at,cloned_at}', '{id,counter,last_used_at}'),
  ('fairlock.password_resets', 'id', '{user_id,created_at,expires_at,ended_at,outcome}', '{id}'),
  ('fairlock.email_changes', 'id', '{user_id,session_id,created_at,expires_at,confirmed_at,takes_effect_at,ended_at,'
    'outcome}', '{id}'),
  ('fairlock.sessions', 'id', '{user_id,created_at,expires_at,ended_at,signed_in_with}', '{id,last_seen_at,idle_until,'
    'factor_at,factor_method,factor_failures,factor_blocked_until}'),
  ('fairlock.api_keys', 'id', '{user_id,scopes,requests_per_minute,created_at,expires_at,ended_at}', '{id,last_used_at}'),
  ('fairlock.webhooks', 'id', '{user_id,events,status,disabled_reason,previous_secret_until,created_at}', '{id,failures,'
    'dead,updated_at}'),
  ('fairlock.webhook_secrets', 'id', '{webhook_id,user_id,created_at,expires_at}', '{id}'),
  ('fairlock.push_subscriptions', 'id', '{user_id,created_at,expires_at}', '{id}'),
  ('fairlock.push_keys', 'id', '{created_at}', '{id}'),
  ('fairlock.adopted_secrets', 'id', '{user_id,table_name,row_key,path,sealed_at}', '{id}'),
  ('fairlock.staff_roles', 'user_id', '{user_id,role,granted_by,granted_at}', '{}'),
  ('fairlock.key_encryption_keys', 'id', '{*}', '{}'),
  -- Being wrapped with another key-encryption key is a line of the rotation's own.
  ('fairlock.data_keys', 'id', '{owner_id,state,created_at,retired_at,destroyed_at}', '{id,wrapped,key_encryption_key}'),
  ('fairlock.rewrap', 'only_row', '{*}', '{only_row}'),
  ('fairlock.access_grants', 'id', '{staff_id,scope,person_id,trade_id,break_glass,status,asked_at,starts_at,minutes,'
    'ends_at,approver_id,decided_at,revoked_at,revoked_by,reviewed_at,reviewed_by,justified}', '{id}'),
  ('fairlock.duty_hours', 'id', '{*}', '{id}'),
  ('fairlock.ratings', 'id', '{trade_id,rated_id,rater_id,given_on,feedback_hidden,answer_hidden}', '{id}'),
  ('fairlock.faults', 'id', '{user_id,trade_id,kind,at,forgiven_at,forgiven_by}', '{id}'),
  ('fairlock.kyc_requests', 'id', '{user_id,level,status,asked_at,claimed_by,claimed_at,decided_by,ended_at}', '{id}'),
  ('fairlock.bans', 'id', '{user_id,started_at,until,banned_by,lifted_at,lifted_by}', '{id}'),
  ('fairlock.erasures', 'user_id', '{*}', '{}'),
  ('fairlock.settings', 'one', '{*}', '{one}'),
  ('fairlock.currencies', 'code', '{*}', '{}'),
  ('fairlock.kyc_levels', 'level', '{*}', '{level}')
$$;

-- Tables that need no such line, and why. Every table is in one of the two lists; a test compares them with the catalog.
create function audit.unwatched() returns table (name text, reason text)
language sql immutable
as $$ values
  ('public.crypto_trades', 'its guard in src/trades writes one line for each move, and of what else changes'),
  ('public.crypto_escrows', 'moves with its trade, whose line says so; its guard in src/escrow writes of what else changes'),
  ('public.crypto_transactions', 'the statement: shows what the append-only ledger holds'),
  ('public.crypto_prices', 'market data, nobody''s'),
  ('fairlock.market_quotes', 'market data, nobody''s'),
  ('fairlock.price_board', 'market data, nobody''s'),
  ('fairlock.price_history', 'market data, nobody''s'),
  ('fairlock.price_hours', 'market data, nobody''s'),
  ('fairlock.price_days', 'market data, nobody''s'),
  ('fairlock.price_sources', 'market data, nobody''s'),
  ('fairlock.dispute_entries', 'append-only; whoever says something writes a line that they did'),
  ('fairlock.offers', 'each command that changes an offer writes its own line; takes are in the trades'' lines'),
  ('fairlock.offer_listings', 'derived from the offers'),
  ('fairlock.daily_trades', 'added up from the ledger'),
  ('fairlock.daily_mark', 'up to where days were added up'),
  ('fairlock.liability_snapshots', 'taking one writes a line with its head; it never changes'),
  ('fairlock.liability_trees', 'covered by the head of their snapshot'),
  ('fairlock.liability_leaves', 'covered by the root of their tree'),
  ('fairlock.liability_nodes', 'covered by the root of their tree'),
  ('fairlock.price_locks', 'promises of some seconds; the trade that is made with one keeps what it was'),
  ('fairlock.idempotency_keys', 'answers already given; forgotten after a week'),
  ('fairlock.outbox', 'news on its way, for a second; what it tells has lines of its own'),
  ('fairlock.chat_channels', 'numbers and read marks of a chat; never go back'),
  ('fairlock.messages', 'never changed or removed, but emptied by an erasure, which has a line of its own'),
  ('fairlock.announcements', 'publishing and withdrawing one leave lines of their own'),
  ('fairlock.live_events', 'what the outbox said, once for each person; gone after a week'),
  ('fairlock.live_state', 'up to where events were swept'),
  ('fairlock.news_set_aside', 'news that could not be told yet; what it tells has lines of its own'),
  ('fairlock.notices', 'the queue of news for people; what they tell has lines of its own'),
  ('fairlock.webhook_deliveries', 'messages to people''s own programs; what they tell has lines of its own'),
  ('fairlock.push_messages', 'notices on their way to browsers'),
  ('fairlock.password_reset_wishes', 'what anybody typed; gone within seconds'),
  ('fairlock.passkey_challenges', 'what authenticators are asked to sign; gone within minutes'),
  ('fairlock.rate_limits', 'counters under hashed keys'),
  ('fairlock.request_counts', 'counters under hashed keys'),
  ('fairlock.payment_method_types', 'the text of src/payment-methods/catalogue, replaced with the code'),
  ('fairlock.evidence', 'adding some writes a line of its own; it never changes'),
  ('fairlock.files', 'an upload and each look at a file write their own lines; a file never changes'),
  ('fairlock.file_parts', 'the sealed content of files'),
  ('fairlock.file_views', 'a log itself'),
  ('fairlock.outside_wallets', 'what an earlier platform knew of other wallets; the take-over keeps what it did'),
  ('fairlock.counterparties', 'added up from trades and ratings'),
  ('fairlock.marked_people', 'somebody''s own list, which nobody else may read'),
  ('fairlock.trade_transitions', 'the text of src/trades/states.ts, replaced with the code')
$$;

-- Only a value that may be shown, a mark for every other, nothing where there is none.
create function audit.masked(p_value jsonb, p_shown boolean) returns jsonb
language sql immutable
as $$ select case when coalesce(p_value, 'null') = 'null' then null when p_shown then p_value else '"***"' end $$;

-- The line of a row that was added ('{}' before), changed or removed ('{}' after), if there is anything to say of it. The
-- reason is the one given to the command, or the command's name; what is done past all commands says which login did it.
create function fairlock.record_row(
  p_table text, p_key text, p_shown text[], p_ignored text[], p_old jsonb, p_new jsonb
) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_key text := coalesce(p_new ->> p_key, p_old ->> p_key);
  v_id uuid;
  v_changes jsonb;
begin
  select jsonb_object_agg(name, jsonb_build_array(audit.masked(p_old -> name, shown), audit.masked(p_new -> name, shown)))
  into v_changes
  from jsonb_object_keys(p_old || p_new) name, lateral (select p_shown = '{*}' or name = any (p_shown)) s (shown)
  where name <> all (p_ignored) and coalesce(p_old -> name, 'null') <> coalesce(p_new -> name, 'null');
  if v_changes is null and p_old <> '{}' and p_new <> '{}' then
    return;
  end if;
  if v_key ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    v_id := v_key::uuid;
  end if;
  perform fairlock.record_event(
    p_table || case when p_old = '{}' then '.added' when p_new = '{}' then '.removed' else '.changed' end, p_table, v_id,
    coalesce(nullif(current_setting('fairlock.reason', true), ''), nullif(current_setting('fairlock.operation', true), ''),
      session_user || ', outside of a command'),
    case when v_id is null then jsonb_build_object('row', v_key) end, v_changes);
end $$;

-- Arguments: key, shown and ignored columns of audit.watched(). What a take-over carries leaves no lines: each row is in the
-- take-over's own record, with the hash of what it was made of, and a signed report says what came of all.
create function fairlock.record_change() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if fairlock.is_carrying() then
    return null;
  end if;
  perform fairlock.record_row(tg_table_name, tg_argv[0], tg_argv[1]::text[], tg_argv[2]::text[],
    case when tg_op = 'INSERT' then '{}' else to_jsonb(old) end, case when tg_op = 'DELETE' then '{}' else to_jsonb(new) end);
  return null;
end $$;
grant execute on function fairlock.record_change(), audit.watched() to session_user;
reset role;

do $$
declare
  t record;
begin
  for t in
    select w.*, (
      select string_agg(quote_ident(attname), ', ') from pg_attribute
      where attrelid = w.name::regclass and attnum > 0 and not attisdropped and attgenerated = '' and attname <> all (w.ignored)
    ) as noticed
    from audit.watched() w
  loop
    execute format('create trigger recorded after insert or delete or update of %s on %s
      for each row execute function fairlock.record_change(%L, %L, %L)', t.noticed, t.name, t.key, t.shown, t.ignored);
  end loop;
end $$;
