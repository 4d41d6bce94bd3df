/**
 * Every function that fairlock_app may execute, by what it goes by. A new one is a new door: say here which kind it is.
 *
 * - plain: formats what it is given, or says what everybody may know; holds nothing of its own
 * - person: answers the acting person, for themselves or under a grant; probed with other people's ids
 * - secret: answers whoever proves something: a token, a code, a challenge; probed with other people's ids and no proof
 * - process: what the API or the background work does for itself, before or without a person. These know no actor, so
 *   they must hold no rule that a person could get around: no route hands a person's arguments to them unchecked
 */
export type Kind = 'plain' | 'person' | 'secret' | 'process'

export const FUNCTIONS: Record<string, Kind> = {
  'fairlock.acting_key': 'plain',
  'fairlock.acting_user': 'plain',
  'fairlock.active_data_key': 'process',
  'fairlock.active_key_encryption_key': 'process',
  'fairlock.add_data_key': 'process',
  'fairlock.allow_mail_token': 'process',
  'fairlock.answer_reset_wishes': 'process',
  'fairlock.api_key_json': 'plain',
  'fairlock.apply_due_email_changes': 'process',
  'fairlock.audit_roots': 'process',
  'fairlock.audit_signing_key': 'process',
  'fairlock.audit_state': 'process',
  'fairlock.authenticate': 'secret',
  'fairlock.broken_law': 'plain',
  'fairlock.close_audit_block': 'process',
  'fairlock.close_expired_offers': 'process',
  'fairlock.command': 'person',
  'fairlock.confirm_email_change': 'secret',
  'fairlock.count_break_glass': 'process',
  'fairlock.count_keys': 'process',
  'fairlock.count_live_trades': 'process',
  'fairlock.count_requests': 'process',
  'fairlock.data_key': 'process',
  'fairlock.destroy_data_key': 'process',
  'fairlock.drop_old_mail': 'process',
  'fairlock.expire_trade': 'process',
  'fairlock.find_person': 'person',
  'fairlock.finish_mail': 'process',
  'fairlock.finish_password_reset': 'secret',
  'fairlock.finish_rewrap': 'process',
  'fairlock.grant_json': 'plain',
  'fairlock.granted': 'person',
  'fairlock.has_answer': 'person',
  'fairlock.has_role': 'person',
  'fairlock.is_working': 'plain',
  'fairlock.keep_challenge': 'person',
  'fairlock.keys_to_renew': 'process',
  'fairlock.look': 'person',
  'fairlock.me': 'person',
  'fairlock.my_security': 'person',
  'fairlock.my_totp': 'person',
  'fairlock.my_wallets': 'person',
  'fairlock.offer_json': 'plain',
  'fairlock.open_audit_months': 'process',
  'fairlock.open_session': 'process',
  'fairlock.overdue_trades': 'process',
  'fairlock.passkey_json': 'plain',
  'fairlock.password_material': 'person',
  'fairlock.refuse_email_change': 'secret',
  'fairlock.register_person': 'process',
  'fairlock.replace_data_key': 'process',
  'fairlock.reseal_value': 'process',
  'fairlock.reset_material': 'secret',
  'fairlock.reset_totp': 'secret',
  'fairlock.rfc3339': 'plain',
  'fairlock.search_audit': 'person',
  'fairlock.sign_audit_block': 'process',
  'fairlock.sign_in_material': 'process',
  'fairlock.sign_in_totp': 'secret',
  'fairlock.still_granted': 'person',
  'fairlock.sweep': 'process',
  'fairlock.take_challenge': 'secret',
  'fairlock.take_mail': 'process',
  'fairlock.trader_json': 'plain',
  'fairlock.unsigned_audit_blocks': 'process',
  'fairlock.values_sealed_with': 'process',
  'fairlock.wish_password_reset': 'process',
  'ledger.roll_up': 'process',
}

/** Functions that tell some staff of other people, by their role; each look of theirs is in the log. */
export const TELLS: Record<string, string[]> = {
  'fairlock.find_person': ['admin', 'compliance', 'support'],
  'fairlock.search_audit': ['admin', 'compliance'],
}
