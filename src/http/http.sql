-- The one door through which the API changes anything: every command by name, for the acting person, once per
-- idempotency key. What is not listed here, fairlock_app cannot do.
set local role fairlock_engine;

-- Everything below it is looked up by key. A plan made while a table is small would read it from end to end, and a
-- connection keeps its plans until the next ANALYZE of the table.
create function fairlock.command(p_operation text, p jsonb, p_key text, p_fingerprint bytea) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  answer jsonb;
  v_said text;
begin
  if fairlock.acting_user() is null then
    raise exception using errcode = 'FL001', message = 'nobody is signed in';
  end if;
  if fairlock.acting_key() is not null then
    answer := fairlock.refuse_scope(p_operation);
    if answer is not null then
      return answer;
    end if;
  end if;
  -- What the log says of the changes that follow, where they have no reason of their own.
  -- An assignment, which costs a tenth of a statement.
  v_said := set_config('fairlock.operation', p_operation, true) || set_config('fairlock.reason', p ->> 'reason', true);
  if p_key is not null then
    answer := fairlock.earlier_answer(p_key, p_operation, p_fingerprint);
    if answer is not null then
      return answer;
    end if;
  end if;
  -- Said before it is kept under the key: the same request is repeated once the factor has been proven.
  if fairlock.asks_for_factor(p_operation) then
    answer := case when fairlock.is_for_staff(p_operation) and fairlock.lacks_staff_factor()
      and exists (select from fairlock.staff_roles where user_id = fairlock.acting_user())
      then fairlock.refuse('staff_factor_required') else fairlock.refuse_stale_factor() end;
    if answer is not null then
      return answer;
    end if;
  end if;

  case p_operation
    when 'create_offer' then answer := fairlock.create_offer(p);
    when 'change_offer' then answer := fairlock.change_offer((p ->> 'offerId')::uuid, p -> 'change');
    when 'take_offer' then
      answer := fairlock.take_offer((p ->> 'offerId')::uuid, (p ->> 'amount')::numeric(20, 8), p ->> 'paymentMethodType',
        (p ->> 'paymentMethodId')::uuid, (p ->> 'offerVersion')::integer, (p ->> 'price')::numeric(20, 8),
        (p ->> 'priceLockId')::uuid);
    when 'create_price_lock' then answer := fairlock.create_price_lock(p);
    when 'fund_trade' then answer := fairlock.move_trade((p ->> 'tradeId')::uuid, 'fund', false, null);
    when 'pay_trade' then answer := fairlock.move_trade((p ->> 'tradeId')::uuid, 'pay', false, null);
    when 'release_trade' then answer := fairlock.move_trade((p ->> 'tradeId')::uuid, 'release', false, null);
    when 'cancel_trade' then answer := fairlock.move_trade((p ->> 'tradeId')::uuid, 'cancel', false, p ->> 'reason');
    when 'rate_trade' then
      answer := fairlock.rate_trade((p ->> 'tradeId')::uuid, (p ->> 'rating')::numeric(3, 2), p ->> 'feedback');
    when 'answer_rating' then answer := fairlock.answer_rating((p ->> 'tradeId')::uuid, p ->> 'text');
    when 'hide_rating_texts' then answer := fairlock.hide_texts((p ->> 'ratingId')::uuid, p);
    when 'mark_person' then answer := fairlock.mark_person((p ->> 'userId')::uuid, p ->> 'mark');
    when 'unmark_person' then answer := fairlock.unmark_person((p ->> 'userId')::uuid, p ->> 'mark');
    when 'forgive_fault' then answer := fairlock.forgive_fault((p ->> 'faultId')::uuid, p ->> 'reason');
    when 'post_message' then answer := fairlock.post_message(p);
    when 'read_messages' then
      answer := fairlock.read_messages((p ->> 'tradeId')::uuid, (p ->> 'upTo')::integer);
    when 'bind_payment_method' then
      answer := fairlock.bind_payment_method((p ->> 'tradeId')::uuid, (p ->> 'paymentMethodId')::uuid);
    when 'add_payment_method' then answer := fairlock.add_payment_method(p);
    when 'replace_payment_method' then answer := fairlock.replace_payment_method(p);
    when 'change_payment_method' then answer := fairlock.change_payment_method(p);
    when 'remove_payment_method' then answer := fairlock.remove_payment_method((p ->> 'methodId')::uuid);
    when 'ask_payment_verification' then answer := fairlock.ask_payment_verification(p);
    when 'decide_payment_method' then
      answer := fairlock.decide_payment_method((p ->> 'methodId')::uuid, (p ->> 'verified')::boolean, p ->> 'reason');
    when 'open_dispute' then answer := fairlock.open_dispute(p);
    when 'answer_dispute' then answer := fairlock.answer_dispute(p);
    when 'reply_in_dispute' then answer := fairlock.reply_in_dispute(p);
    when 'appeal_dispute' then answer := fairlock.appeal_dispute(p);
    when 'rule_dispute' then answer := fairlock.rule_dispute(p);
    when 'consent_dispute' then answer := fairlock.consent_dispute(p);
    when 'ask_in_dispute' then answer := fairlock.ask_in_dispute(p);
    when 'note_in_dispute' then answer := fairlock.note_in_dispute(p);
    when 'recuse_dispute' then answer := fairlock.recuse_dispute(p);
    when 'reassign_dispute' then answer := fairlock.reassign_dispute(p);
    when 'adjust_balance' then
      answer := fairlock.adjust_balance((p ->> 'userId')::uuid, p ->> 'currency', (p ->> 'amount')::numeric(20, 8),
        p ->> 'reason');
    when 'set_withdrawal_limits' then
      answer := fairlock.set_withdrawal_limits(p ->> 'currency', (p ->> 'daily')::numeric(20, 8),
        (p ->> 'monthly')::numeric(20, 8));
    when 'change_me' then answer := fairlock.change_me(p);
    when 'end_session' then answer := fairlock.end_session((p ->> 'sessionId')::uuid);
    when 'end_other_sessions' then answer := fairlock.end_other_sessions();
    when 'change_password' then answer := fairlock.change_password(p ->> 'was', p ->> 'becomes');
    when 'start_email_change' then answer := fairlock.start_email_change(p ->> 'email');
    when 'withdraw_email_change' then answer := fairlock.withdraw_email_change();
    when 'read_notice' then answer := fairlock.read_notice((p ->> 'noticeId')::uuid);
    when 'announce' then
      answer := case when fairlock.has_role('admin') then fairlock.announce(p) else fairlock.refuse('admin_only') end;
    when 'withdraw_announcement' then
      answer := case when fairlock.has_role('admin') then fairlock.withdraw_announcement((p ->> 'announcementId')::uuid)
        else fairlock.refuse('admin_only') end;
    when 'read_notices' then answer := fairlock.read_notices((p ->> 'upTo')::timestamptz);
    when 'change_notification_preferences' then answer := fairlock.change_notification_preferences(p -> 'preferences');
    when 'renew_session' then answer := fairlock.renew_session(decode(p ->> 'tokenHash', 'hex'));
    when 'prove_factor' then answer := fairlock.prove_factor(p);
    when 'start_totp' then answer := fairlock.start_totp(p ->> 'sealed');
    when 'confirm_totp' then answer := fairlock.confirm_totp(p);
    when 'stop_totp' then answer := fairlock.stop_totp();
    when 'replace_recovery_codes' then answer := fairlock.replace_recovery_codes(p -> 'codeHashes');
    when 'add_passkey' then answer := fairlock.add_passkey(p);
    when 'rename_passkey' then answer := fairlock.rename_passkey((p ->> 'passkeyId')::uuid, p ->> 'name');
    when 'remove_passkey' then answer := fairlock.remove_passkey((p ->> 'passkeyId')::uuid);
    when 'create_api_key' then answer := fairlock.create_api_key(p);
    when 'end_api_key' then answer := fairlock.end_api_key((p ->> 'keyId')::uuid);
    when 'create_webhook' then answer := fairlock.create_webhook(p);
    when 'change_webhook' then answer := fairlock.change_webhook((p ->> 'webhookId')::uuid, p -> 'change');
    when 'delete_webhook' then answer := fairlock.delete_webhook((p ->> 'webhookId')::uuid);
    when 'rotate_webhook_secret' then answer := fairlock.rotate_webhook_secret(p);
    when 'test_webhook' then answer := fairlock.test_webhook((p ->> 'webhookId')::uuid);
    when 'resend_delivery' then
      answer := fairlock.resend_deliveries((p ->> 'webhookId')::uuid, (p ->> 'deliveryId')::uuid, null);
    when 'resend_dead_deliveries' then
      answer := fairlock.resend_deliveries((p ->> 'webhookId')::uuid, null, (p ->> 'since')::timestamptz);
    when 'subscribe_push' then answer := fairlock.subscribe_push(p);
    when 'unsubscribe_push' then answer := fairlock.unsubscribe_push(p ->> 'endpoint');
    when 'set_kyc' then answer := fairlock.set_kyc((p ->> 'userId')::uuid, p ->> 'level', p ->> 'reason');
    when 'set_kyc_level' then
      answer := fairlock.set_kyc_level(p ->> 'level', (p ->> 'dailyLimit')::numeric(20, 8),
        (p ->> 'monthlyLimit')::numeric(20, 8));
    when 'ban' then
      answer := case when fairlock.has_role('admin') or fairlock.has_role('compliance')
        then fairlock.ban_person((p ->> 'userId')::uuid, (p ->> 'until')::timestamptz, p ->> 'reason')
        else fairlock.refuse('admin_only') end;
    when 'ask_kyc' then answer := fairlock.ask_kyc(p);
    when 'withdraw_kyc' then answer := fairlock.withdraw_kyc((p ->> 'requestId')::uuid);
    when 'claim_kyc' then answer := fairlock.claim_kyc((p ->> 'requestId')::uuid, true);
    when 'unclaim_kyc' then answer := fairlock.claim_kyc((p ->> 'requestId')::uuid, false);
    when 'decide_kyc' then
      answer := fairlock.decide_kyc((p ->> 'requestId')::uuid, (p ->> 'approve')::boolean, p ->> 'reason');
    when 'ask_access' then answer := fairlock.ask_access(p, false);
    when 'break_glass' then answer := fairlock.ask_access(p, true);
    when 'approve_access' then
      answer := fairlock.decide_access((p ->> 'grantId')::uuid, true, (p ->> 'minutes')::integer);
    when 'refuse_access' then answer := fairlock.decide_access((p ->> 'grantId')::uuid, false, null);
    when 'add_evidence' then answer := fairlock.add_evidence(p);
    when 'add_file' then answer := fairlock.add_file(p);
    when 'revoke_access' then answer := fairlock.revoke_access((p ->> 'grantId')::uuid);
    when 'review_access' then
      answer := fairlock.review_access((p ->> 'grantId')::uuid, (p ->> 'justified')::boolean, p ->> 'review');
    else
      raise exception using errcode = '42883', message = format('there is no command %s', p_operation);
  end case;

  if p_key is not null then
    insert into fairlock.idempotency_keys (user_id, key, operation, fingerprint, answer)
    values (fairlock.acting_user(), p_key, p_operation, p_fingerprint, answer);
  end if;
  return answer;
end $$;
grant execute on function fairlock.command(text, jsonb, text, bytea) to fairlock_app;

-- Forgets answers nobody will ask for again, sessions and API keys long over and counters that have run out. For the
-- background work; at most p_most of each, so that one run stays short.
create function fairlock.sweep(p_most integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_answers integer;
  v_sessions integer;
  v_keys integer;
begin
  delete from fairlock.idempotency_keys where ctid = any (array(
    select ctid from fairlock.idempotency_keys where created_at < now() - interval '7 days' limit p_most));
  get diagnostics v_answers = row_count;
  delete from fairlock.sessions where ctid = any (array(
    select ctid from fairlock.sessions where expires_at < now() - interval '90 days' limit p_most));
  get diagnostics v_sessions = row_count;
  delete from fairlock.passkey_challenges where ctid = any (array(
    select ctid from fairlock.passkey_challenges where expires_at < now() limit p_most));
  perform fairlock.drop_old_mail(p_most), fairlock.sweep_webhooks(p_most), fairlock.sweep_push(p_most),
    fairlock.sweep_price_locks(p_most);
  delete from fairlock.api_keys where ctid = any (array(
    select ctid from fairlock.api_keys where coalesce(ended_at, expires_at) < now() - interval '90 days' limit p_most));
  get diagnostics v_keys = row_count;
  return v_answers + v_sessions + v_keys + fairlock.sweep_files(p_most)
    + fairlock.sweep_requests(100 * p_most);
end $$;
grant execute on function fairlock.sweep(integer) to fairlock_app;
reset role;
