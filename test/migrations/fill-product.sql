-- Rows in every table that Fairlock adds beside the specification's. Runs after fill.sql.
update public.crypto_profiles set country = 'DE' where total_trades = 0;

insert into audit.events (at, actor_id, action, subject, subject_id, reason, details, changes, api_key_id)
select now() - interval '20 days' * row_number() over (order by id), id, 'user.ban', 'user', id, 'no-show',
  '{"days": 3}', '{"banned_until": [null, "***"]}', id
from public.users;
insert into audit.blocks (number, from_tx, from_id, to_tx, to_id, events, first_at, last_at, root, previous, sealed_at,
  system_identifier, hash)
select 1, 0, 0, 1000, 0, 2, now(), now(), sha256('root'), sha256('previous'), now(), 7, sha256('block');
insert into audit.leaves (block, ids, times, hashes) select 1, '{1,2}', array[now(), now()], sha256('1') || sha256('2');
insert into audit.signing_keys (id, public_key, sealed_private_key) values ('key', sha256('public'), 'wrapped');
insert into audit.signatures (block, key_id, signature) values (1, 'key', sha256('1') || sha256('2'));

insert into ledger.accounts (id, kind, currency, user_id, balance)
select id, 'trader', currency, user_id, balance from public.crypto_wallets
union all select gen_random_uuid(), 'custody', 'BTC', null, 0;
insert into ledger.transfers (kind, actor_id, reason)
select 'adjustment', id, 'opening balance' from public.users;
insert into ledger.entries (transfer_id, account_id, currency, amount, balance_before, balance_after)
select n, account.id, 'BTC', account.balance, 0, account.balance
from (select *, row_number() over (order by id) as n from ledger.accounts where kind = 'trader' and currency = 'BTC')
  as account;
update ledger.roll_up_mark set entry_id = 7, settled_after = '12345678901';

insert into fairlock.credentials (user_id, password_hash) select id, '$argon2id$' || id from public.users;
insert into fairlock.sessions (id, user_id, token_hash, expires_at, address)
select gen_random_uuid(), id, sha256(id::text::bytea), now() + interval '1 day', '192.0.2.1' from public.users;
insert into fairlock.api_keys (id, user_id, name, token_hash, scopes, addresses, requests_per_minute, expires_at)
select id, id, 'bot', sha256(id::text::bytea), '{read,trade}', '{192.0.2.0/24,2001:db8::/32}', 60, now() + interval '1 day'
from public.users;
update fairlock.credentials set withdrawals_paused_until = now() + interval '3 hours';
update fairlock.sessions set device = 'Firefox on Windows', signed_in_with = 'password', idle_until = now() + interval '7 days';
insert into fairlock.notices (id, user_id, kind, data, mail_to, mail_due_at, mail_attempts, mail_error)
select gen_random_uuid(), id, 'password.changed', '{"device": "curl"}', 'old@example.org', now(), 2, 'no answer'
from public.users;
insert into fairlock.password_reset_wishes (id, email) values (gen_random_uuid(), 'nobody@example.org');
insert into fairlock.password_resets (id, user_id, token_hashes, expires_at, ended_at, outcome, used_from)
select gen_random_uuid(), id, array[sha256('token')], now() + interval '1 hour', now(), 'used', '192.0.2.1'
from public.users;
insert into fairlock.email_changes (id, user_id, old_email, new_email, confirmation_hashes, cancellation_hashes,
  expires_at, confirmed_at, takes_effect_at)
select gen_random_uuid(), id, 'old@example.org', id || '@example.org', array[sha256('yes')], array[sha256('no')],
  now() + interval '1 day', now(), now() + interval '1 day'
from public.users;
update fairlock.credentials set second_factor = true, totp_step = 57000000, totp_session = user_id, factor_failures = 3,
  factor_blocked_until = now() + interval '5 minutes';
update fairlock.sessions set factor_at = now(), factor_method = 'totp', factor_failures = 2, factor_blocked_until = now();
insert into fairlock.recovery_codes (user_id, code_hash, used_at, used_in)
select id, sha256('code' || n::text::bytea), case n when 1 then now() end, case n when 1 then id end
from public.users, generate_series(1, 2) n;
insert into fairlock.passkeys (id, user_id, credential_id, public_key, counter, transports, name, backed_up, rp_id,
  last_used_at, cloned_at)
select id, id, id::text::bytea, sha256(id::text::bytea), 7, '{internal,hybrid}', 'telephone', true, 'localhost', now(),
  now() from public.users;
insert into fairlock.passkey_challenges (challenge, purpose, user_id, session_id, expires_at)
select sha256(id::text::bytea), 'step_up', id, id, now() + interval '5 minutes' from public.users;
update fairlock.settings set step_up_minutes = 15, staff_need_factor = true;
insert into fairlock.staff_roles (user_id, role, granted_by)
select id, 'support', '00000000-0000-4000-8000-000000000001' from public.users limit 5;
insert into fairlock.request_counts values ('hash', 29000000, 17);
insert into fairlock.rate_limits (key, points, expire) values ('login:a', 3, 1700000000000);
insert into fairlock.idempotency_keys (user_id, key, operation, fingerprint, answer)
select id, 'key', 'take', sha256('body'), '{"id": null}' from public.users;

delete from fairlock.currencies where code = 'VES';
insert into fairlock.offers (id, maker_id, side, base_currency, quote_currency, price, total_amount, taken_amount,
  min_amount, max_amount, payment_method_types, payment_window_minutes, countries, working_zone, working_days,
  working_from_minute, working_to_minute)
select ('40000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, id, 'sell', 'BTC', 'EUR', 60000 + n, 2, 0.5,
       0.1, 1, array['sepa', 'revolut'], 30, array['DE', 'FR'], 'Europe/Berlin', '{1,2,3}', 480, 1080
from (select id, row_number() over (order by id) as n from public.users) as makers;
-- Some follow the market, with a floor and a ceiling whose places have more digits than are kept.
update fairlock.offers set pricing = 'floating', price = null, margin_percent = 1.5, floor_price = 50000,
  ceiling_price = 70000.00000001 where right(id::text, 1) in ('2', '5');
insert into fairlock.offer_listings (pair, side, payment_method_type, anchor, rank, anchor_from, anchor_to, offer_id)
select pair, side, method, case pricing when 'fixed' then 'fixed' else 'market' end, coalesce(price, margin_percent),
  case pricing when 'floating' then 49261.08374384236453201971 end,
  case pricing when 'floating' then 68965.51724138916256157635 end, id
from fairlock.offers, unnest('*'::text || payment_method_types) as method;
insert into fairlock.price_locks (id, offer_id, user_id, offer_version, amount, price, provenance, created_at, expires_at)
select gen_random_uuid(), o.id, u.id, 1, 0.1, 60900.5, '{"marginPercent": "1.50"}', now(), now() + interval '30 seconds'
from fairlock.offers o, lateral (select id from public.users where id <> o.maker_id limit 1) u where o.pricing = 'floating';
update fairlock.settings set price_lock_seconds = 60, price_locks_per_user = 2, price_lock_most_percent = 1;
update public.crypto_trades as trade
set offer_id = offer.id, offer_version = offer.version, taker_id = trade.buyer_id,
  price_provenance = '{"market": null}', price_locked_until = now()
from fairlock.offers as offer
where offer.maker_id = trade.user_id;
update fairlock.settings set maker_fee_rate = 0.0005, withdrawal_pause_hours = 48, email_change_delay_hours = 12,
  session_idle_hours = 24;
update fairlock.settings set grant_hours = 4, break_glass_minutes = 15, break_glass_review_days = 1;
insert into fairlock.duty_hours (id, role, weekdays, from_minute, to_minute, time_zone)
values (gen_random_uuid(), 'support', '{1,2,3,4,5}', 480, 1080, 'Europe/Berlin');
insert into fairlock.access_grants (id, staff_id, scope, trade_id, reason, status, starts_at, minutes)
select gen_random_uuid(), u.id, 'case', t.id, 'the dispute of this trade', 'asked', now(), 60
from public.users u, lateral (select id from public.crypto_trades where u.id not in (user_id, buyer_id) limit 1) t;
insert into fairlock.access_grants (id, staff_id, scope, person_id, break_glass, reason, status, starts_at, minutes,
  decided_at, ends_at)
select gen_random_uuid(), least(a.id, b.id), 'person', greatest(a.id, b.id), true, 'an emergency at night', 'granted',
  now(), 30, now(), now() + interval '30 minutes'
from (select id from public.users order by id limit 1) a, (select id from public.users order by id offset 1 limit 1) b;
update fairlock.access_grants set reviewed_at = now(), reviewed_by = (select max(id::text)::uuid from public.users),
  justified = true, review = 'right', status = 'revoked', revoked_at = now(), revoked_by = staff_id
where break_glass;
update fairlock.access_grants set status = 'granted', approver_id = (select id from public.users u
  where u.id <> staff_id order by id limit 1), decided_at = now(), ends_at = starts_at + interval '1 hour'
where not break_glass;

insert into fairlock.key_encryption_keys (id, keyring, state, activated_at, retired_at) values
  ('key-1', 'file', 'decrypt_only', now(), now()), ('key-2', 'file', 'active', now(), null);
insert into fairlock.data_keys (id, owner_id, wrapped, key_encryption_key)
select gen_random_uuid(), id, sha256(id::text::bytea) || sha256(id::text::bytea), 'key-2' from public.users;
update fairlock.rewrap set requested_at = now(), max_rate = 50;
insert into fairlock.erasures (user_id, reason) select id, 'asked for it' from public.users limit 3;

update public.crypto_payment_methods set label = 'my bank', account_index = sha256(id::text::bytea), is_duplicate = true,
  verification_asked_at = now(), verification_statement_sealed = account_details_encrypted,
  verification_reason = 'the names agree', verification_decided_by = user_id;
update public.crypto_payment_methods set is_primary = false, deleted_at = now(), superseded_by = user_id,
  purge_due_at = now() where id = (select id from public.crypto_payment_methods order by id limit 1);
update public.crypto_trades t set payment_method_id = (
  select m.id from public.crypto_payment_methods m where m.user_id = t.user_id order by m.id limit 1);
insert into fairlock.blind_index_keys (id, name, sealed_key) values (gen_random_uuid(), 'payment_accounts', 'sealed');
update fairlock.settings set payment_methods_per_user = 7, payment_details_keep_days = 90;

insert into fairlock.outbox (kind, people, trade_id, data)
select 'trade.taken', array[user_id, buyer_id], id, '{"status": "funded"}' from public.crypto_trades;
insert into fairlock.files (id, owner_id, purpose, media_type, bytes, sha256, width, height, thumbnail_bytes, about,
  subject_id, attached_at)
select id, id, 'evidence', 'image/png', 5, sha256('file'), 4, 3, 2, 'sealed', id, now() from public.users;
insert into fairlock.file_parts (id, file_id, is_thumbnail, number, owner_id, content)
select gen_random_uuid(), id, thumbnail, 0, id, 'sealed' from public.users, unnest(array[true, false]) thumbnail;
insert into fairlock.file_views (id, file_id, viewer_id, what) select id, id, id, 'original' from public.users;
insert into fairlock.evidence (id, dispute_id, file_id, added_by, owner_id, added_part, note)
select f.id, d.id, f.id, f.id, f.id, 'seller', 'sealed' from fairlock.files f, (select id from public.crypto_disputes limit 1) d limit 1;
update fairlock.settings set file_megabytes = 5, evidence_per_dispute = 3;

insert into fairlock.webhooks (id, user_id, url, events, description, status, disabled_reason, previous_secret_until,
  failures, dead)
select id, id, 'https://bot.example.net/' || id, '{trade.*,dispute.opened}', 'my bot', 'disabled', 'failing',
  now() + interval '3 hours', 7, 5 from public.users;
insert into fairlock.webhook_secrets (id, webhook_id, user_id, secret, expires_at)
select gen_random_uuid(), id, user_id, 'sealed', now() + interval '3 hours' from fairlock.webhooks;
insert into fairlock.webhook_deliveries (id, webhook_id, event_id, kind, data, happened_at, state, attempts, tries,
  last_attempt_at, last_status, last_error, finished_at)
select gen_random_uuid(), id, 'evt_1', 'trade.paid', '{"status": "paid"}', now(), 'dead', 12, 9, now(), 503, 'status', now()
from fairlock.webhooks;
insert into fairlock.webhook_deliveries (id, webhook_id, event_id, kind, data, happened_at, due_at, leased_until)
select gen_random_uuid(), id, 'evt_2', 'trade.paid', '{}', now(), now(), now() from fairlock.webhooks;
insert into fairlock.adopted_secrets (id, user_id, table_name, row_key, path, secret)
select gen_random_uuid(), id, 'users', id::text, '{extra,api_key}', 'sealed' from public.users;
insert into fairlock.push_keys (id, public_key, private_key)
values (gen_random_uuid(), decode(repeat('04', 65), 'hex'), 'sealed');
insert into fairlock.push_subscriptions (id, user_id, endpoint, keys, expires_at)
select gen_random_uuid(), id, 'https://push.example.net/' || id, 'sealed', now() + interval '1 day' from public.users;
insert into fairlock.push_messages (id, subscription_id, notice_id, attempts)
select gen_random_uuid(), s.id, n.id, 2 from fairlock.push_subscriptions s
  cross join lateral (select id from fairlock.notices n where n.user_id = s.user_id limit 1) n;
insert into fairlock.counterparties (low_id, high_id, low_ratings, low_sum)
select distinct least(user_id, buyer_id), greatest(user_id, buyer_id), 1, 4.5 from public.crypto_trades;
insert into fairlock.ratings (trade_id, rated_id, rater_id, given_on, answer, feedback_hidden)
select id, user_id, buyer_id, '2024-05-02', 'thanks', true from public.crypto_trades where status = 'completed';
insert into fairlock.faults (id, user_id, trade_id, kind, forgiven_at, forgiven_by, forgiven_for)
select id, buyer_id, id, 'not_paid', now(), user_id, 'the bank was down' from public.crypto_trades where status = 'expired';
insert into fairlock.outside_wallets (id, user_id, address, provider, chain_type, currency, last_known_balance, last_synced_at)
select gen_random_uuid(), id, '0xoutside', 'metamask', 'ethereum', 'ETH', 1.5, now() from public.users;
insert into fairlock.marked_people (owner_id, person_id, mark)
select distinct user_id, buyer_id, 'trusted' from public.crypto_trades;
update fairlock.offers set trusted_only = true where maker_id = (select min(maker_id::text)::uuid from fairlock.offers);
update fairlock.settings set rating_days = 7, cooldown_hours_after_two = 2, cooldown_hours_after_three = 3,
  cooldown_hours_after_five = 5, free_cancellations_a_day = 1;
update public.crypto_profiles set unfinished_trades = 2, counterparties = 3, volumes = '{"BTC": "1.50000000"}',
  payment_seconds = '{60,120}', release_seconds = '{600}', rating_count = 2, rating_sum = 9, rater_count = 1,
  rater_means = 4.5, average_rating = 4.5, weighted_rating = 4.5;
insert into fairlock.chat_channels (id, trade_id, seller_id, buyer_id, last_number, posted, seller_read, buyer_read, for_seller)
select gen_random_uuid(), id, user_id, buyer_id, 2, 1, 2, 1, 1 from public.crypto_trades where buyer_id is not null;
insert into fairlock.messages (id, trade_id, number, kind, author_id, author_role, text, warnings, created_at)
select gen_random_uuid(), trade_id, 1, 'text', buyer_id, 'buyer', repeat('x', 100),
  '[{"code": "link", "from": 0, "to": 9}]', now() from fairlock.chat_channels;
insert into fairlock.messages (id, trade_id, number, kind, code, data, outbox_id, created_at)
select gen_random_uuid(), trade_id, 2, 'system', 'trade.paid', '{"actor": "buyer"}', row_number() over (), now()
from fairlock.chat_channels;
update fairlock.settings set chat_open_days_after_end = 30;
insert into fairlock.live_events (id, user_id, kind, trade_id, data, created_at)
select gen_random_uuid(), user_id, 'trade.taken', id, '{"status": "funded"}', now() from public.crypto_trades;
update fairlock.live_state set swept_to = 3;
insert into fairlock.news_set_aside (id, kind, people, data, created_at, error)
select 1, 'trade.taken', array_agg(id), '{}', now(), '23514: a broken law' from public.users;
update fairlock.notices set in_app = false where kind = (select min(kind) from fairlock.notices);
update fairlock.settings set dispute_answer_hours = 12, second_arbitrator_amounts = 'BTC=1';
update public.crypto_disputes set opened_by = 'buyer', answer_due_at = now(), answered_at = now(),
  ruling_due_at = now() + interval '3 days', escalated_at = now();
update public.crypto_disputes set lost_by = raised_by where status = 'resolved';
insert into fairlock.dispute_assignments (id, dispute_id, arbitrator_id, part, assigned_by, ended_at, ended_by, ended_as)
select gen_random_uuid(), d.id, u.id, 'first', u.id, now(), u.id, 'reassigned'
from public.crypto_disputes d, lateral (select id from public.users where id not in (raised_by, against_user_id) limit 1) u;
insert into fairlock.dispute_rulings (id, dispute_id, arbitrator_id, outcome, buyer_amount, fault_of, is_final, state,
  consented_by, consented_at, appeal_until)
select gen_random_uuid(), dispute_id, arbitrator_id, 'split', 0.12345678, 'nobody', false, 'appealed', d.raised_by, now(), now()
from fairlock.dispute_assignments a join public.crypto_disputes d on d.id = a.dispute_id;
insert into fairlock.dispute_entries (id, dispute_id, kind, author_id, author_part, owner_id, body, asked_id, due_at)
select gen_random_uuid(), dispute_id, 'question', arbitrator_id, 'arbitrator', null, 'sealed', d.raised_by, now()
from fairlock.dispute_assignments a join public.crypto_disputes d on d.id = a.dispute_id;
insert into fairlock.dispute_entries (id, dispute_id, kind, author_id, author_part, owner_id, body, question_id, is_late)
select gen_random_uuid(), dispute_id, 'reply', asked_id, 'buyer', asked_id, 'sealed', id, true
from fairlock.dispute_entries;

insert into fairlock.kyc_requests (id, user_id, level, status, asked_at, claimed_by, claimed_at, decided_by, reason, ended_at)
select gen_random_uuid(), least(a.id, b.id), 'full', 'refused', now(), greatest(a.id, b.id), now(), greatest(a.id, b.id),
  'the picture is not sharp', now()
from (select id from public.users order by id limit 1) a, (select id from public.users order by id offset 1 limit 1) b;
insert into fairlock.kyc_requests (id, user_id, level, statement_sealed)
select gen_random_uuid(), id, 'basic', 'sealed' from public.users;
insert into fairlock.bans (id, user_id, reason, until)
select gen_random_uuid(), user_id, 'no-shows', banned_until from public.crypto_profiles where banned_until is not null;
update fairlock.offers o set hidden_until = p.banned_until from public.crypto_profiles p
where p.user_id = o.maker_id and p.banned_until is not null;
insert into fairlock.announcements (id, title, text, severity, audience, created_by, until, withdrawn_at, withdrawn_by,
  noticed_to)
select id, 'Maintenance', 'On Sunday', 'incident', 'everyone', id, now() + interval '1 day', now(), id, id
from public.users limit 2;
update fairlock.settings set quote_max_age_seconds = 60, quote_least_sources = 3, quote_most_spread_percent = 2,
  reference_max_age_hours = 24;
insert into fairlock.market_quotes (pair, base_currency, quote_currency, price, via, sources, source_count, spread_percent,
  as_of, rate_as_of, is_sample)
values ('ADA/EUR', 'ADA', 'EUR', 0.0000000012345678901, 'cross',
  '[{"source": "one", "price": "0.0000000012345678901", "at": "2026-01-01T00:00:00Z", "used": true}]', 1, 0.1234,
  now() - interval '1 minute', now() - interval '2 hours', true);
update fairlock.settings set price_minutes_days = 8, price_hours_days = 91;
insert into fairlock.price_history (currency, is_sample, at, open, high, low, close, samples, first_at, last_at)
select 'BTC', false, at, 1, 3.5, 1e-9, 2, 4, at, at
from unnest(array[date_trunc('day', now()), now() - interval '400 days', now() + interval '400 days']) at;
insert into fairlock.price_hours select * from fairlock.price_history;
insert into fairlock.price_days select * from fairlock.price_history;
insert into fairlock.price_board (currency, is_sample, at, price_usd, change_30d, facts_at, facts_source, market_cap,
  not_fitting)
values ('BTC', true, now(), 1e-9, 1000000.00000001, now(), 'one', 1e30, '{market_cap}');
update public.crypto_transactions set fiat_currency = 'EUR', destination_description = 'of the old days';
insert into fairlock.daily_trades (day, pair, trades, amount, total_value, fees, reference_value, valued_trades)
values ('2026-01-31', 'BTC/EUR', 3, 0.12345678, 7654.32, 0.00037037, 8123.45, 2);
update fairlock.daily_mark set entry_id = 7;
insert into audit.signing_keys (id, public_key, sealed_private_key)
values ('liabilities', sha256('liabilities'), 'sealed') on conflict do nothing;
insert into fairlock.liability_snapshots (number, id, as_of, previous, head, key_id, public_key, signature, entry_id, unseen)
values (1, gen_random_uuid(), now(), sha256(''), sha256('head'), 'liabilities', sha256('liabilities'),
  sha256('a') || sha256('b'), 12, '{9,10}');
insert into fairlock.liability_trees (snapshot, tree, currency, leaves, total, root)
values (1, 1, 'BTC', 16, 1.23456789, sha256('root'));
insert into fairlock.liability_leaves (snapshot, tree, position, user_id, nonce, available, held)
select 1, 1, 5, id, sha256('nonce'), 1, 0.23456789 from public.users order by id limit 1;
insert into fairlock.liability_nodes (snapshot, tree, level, chunk, nodes)
values (1, 1, 0, 0, sha256('hash') || decode(repeat('00', 16), 'hex'));
update fairlock.settings set liability_hours = 6, liability_keep_days = 30;
update fairlock.kyc_levels set daily_limit = 500, monthly_limit = 5000 where level = 'none';
update public.crypto_profiles set volume_day = '2024-05-02', volume_before = 1.5, current_monthly_volume = 2;
update public.crypto_trades set reference_value = total_value * 1.16, counted_on = '2024-05-02';
update public.crypto_wallets set withdrawn_today = 0.5, withdrawn_this_month = 1, withdrawal_day = '2024-05-02',
  pending_limit_daily = 3, limits_pending_until = now();
update public.crypto_transactions set counted_on = '2024-05-02' where transaction_type = 'withdrawal';
insert into fairlock.price_sources (source, next_at, tried_at, read_at, failing_since, failure, breaker, ticks, reads, failures,
  dropped, outliers)
values ('one', now(), now() - interval '1 minute', now() - interval '1 hour', now() - interval '1 minute', 'timeout', 'open',
  '{"ADA/EUR": ["0.0000000012345678901", "2026-01-01T00:00:00Z"]}', 7, '{"timeout": 3}', '{"null": 2}', 4);
