import { LIMIT_ERRORS } from './errors-of-limits.ts'

/**
 * Every way Fairlock says no: the stable code, the HTTP status, and the sentence a person reads. Codes with a
 * `sqlstate` are raised by the database; the others are refusals that the command functions return (or, for what never
 * reaches the database, the API itself). `docs/errors.md` is compared with this table by a test.
 */
export const ERRORS = {
  invalid_request: { status: 400, title: 'The request is not of the form this call takes.' },
  invalid_json: { status: 400, title: 'The body is not valid JSON.' },
  invalid_value: { status: 422, title: 'A value is outside what can be kept.' },
  not_signed_in: {
    status: 401,
    title: 'Sign in first: the token is missing, unknown, ended or over.',
    sqlstate: 'FL001',
  },
  wrong_credentials: { status: 401, title: 'The e-mail address or the password is wrong.' },
  totp_required: {
    status: 401,
    title: 'The password is right. Send a second factor as well: totp or recoveryCode, or use a passkey.',
  },
  csrf: { status: 403, title: 'The browser says that a page of somebody else sent this. Nothing was done.' },
  admin_only: { status: 403, title: 'Only an administrator may do this.' },
  address_not_allowed: {
    status: 403,
    title: 'This API key may not be used from your address.',
    sqlstate: 'FL002',
  },
  session_only: {
    status: 403,
    title: 'An API key cannot do this. Sign in with your password or passkey.',
  },
  scope_missing: { status: 403, title: 'This API key does not have the scope that this call needs.' },
  staff_only: { status: 403, title: 'Only staff whose role reaches this may do it, and only while on duty.' },
  arbitrator_only: { status: 403, title: 'Only an arbitrator who is assigned to this dispute may do this.' },
  dispute_right_limited: {
    status: 403,
    title:
      'You opened several disputes that were decided against you, and may open none for a while. If the seller does not ' +
      'release in time, one is opened for you all the same.',
  },
  own_request: {
    status: 403,
    title: 'Somebody else has to decide this: it was asked for by you, or it is about you.',
  },
  second_factor_required: {
    status: 403,
    title: 'Prove your second factor first: send totp where the call takes it, or POST /v1/me/step-up.',
  },
  wrong_second_factor: {
    status: 403,
    title: 'The code is wrong, too old, or was used already. Wait for the next one.',
  },
  passkey_refused: {
    status: 403,
    title: 'The passkey was not accepted. Ask for new options and try again.',
  },
  passkey_cloned: {
    status: 403,
    title: 'The counter of this passkey did not move on: there may be a copy of it. It has been disabled.',
  },
  staff_factor_required: {
    status: 403,
    title: 'Staff need a second factor here. Set one up first: POST /v1/me/two-factor.',
  },
  banned: {
    status: 403,
    title: 'You cannot start anything new while you are banned; what is in escrow can still end.',
    sqlstate: 'FL012',
  },
  cooling_down: {
    status: 403,
    title:
      'You let several trades lapse and have to wait before you start anything new; what is under way goes on.',
  },
  offer_not_for_you: { status: 403, title: 'You and the maker of this offer do not trade with each other.' },
  requirements_not_met: {
    status: 403,
    title: 'The maker set a requirement for this offer that you do not meet.',
  },
  wrong_password: {
    status: 403,
    title: 'The current password is wrong.',
    field: 'currentPassword',
  },
  password_required: {
    status: 403,
    title: 'It is a while since you signed in: send currentPassword as well.',
    field: 'currentPassword',
  },
  not_found: { status: 404, title: 'There is nothing here that you may see.' },
  method_not_allowed: { status: 405, title: 'This address exists, but not with this method.' },
  email_taken: { status: 409, title: 'Somebody has registered with this e-mail address.', field: 'email' },
  display_name_taken: { status: 409, title: 'This name is taken.', field: 'displayName' },
  own_offer: { status: 409, title: 'You cannot take your own offer.' },
  offer_not_open: { status: 409, title: 'The offer is not on the market any more.' },
  offer_closed: { status: 409, title: 'A closed offer stays closed; create a new one.' },
  offer_changed: {
    status: 409,
    title: 'The maker has changed the offer since you saw it. Look at it again.',
  },
  no_market_price: {
    status: 409,
    title:
      'The offer follows the market, whose price is too old or too uncertain now. It comes back by itself.',
  },
  price_moved: { status: 409, title: 'The price is another now: price says which.', field: 'price' },
  price_is_fixed: {
    status: 409,
    title: 'The price of this offer is fixed: send its version with the take, and there is nothing to lock.',
  },
  price_lock_unknown: {
    status: 409,
    title: 'You have no such lock on this offer: it was used, replaced by a newer one, or over long ago.',
    field: 'priceLockId',
  },
  price_lock_expired: {
    status: 409,
    title: 'The lock is over: its time has run out, or the maker has changed the offer.',
    field: 'priceLockId',
  },
  too_many_price_locks: {
    status: 409,
    title: 'You hold the prices of as many offers as one person may at once. Take one, or wait.',
  },
  ...LIMIT_ERRORS,
  not_enough_left: { status: 409, title: 'Less is left of the offer than you want to take.' },
  outside_working_hours: { status: 409, title: 'The maker takes trades at other hours.' },
  too_many_offers: {
    status: 409,
    title: 'You have as many open offers as one person may have. Close one first.',
  },
  too_many_live_trades: {
    status: 409,
    title: 'You have as many live trades as one person may take. End one first.',
  },
  too_many_api_keys: {
    status: 409,
    title: 'You have as many API keys as one person may have. Delete one first.',
  },
  too_many_webhooks: {
    status: 409,
    title: 'You have as many webhooks as one person may have. Delete one first.',
  },
  webhook_not_live: {
    status: 409,
    title: 'The webhook is paused or disabled. Set it going first: { "paused": false }.',
  },
  too_many_push_subscriptions: {
    status: 409,
    title: 'As many browsers are subscribed as one person may have. Unsubscribe one first.',
  },
  too_many_passkeys: {
    status: 409,
    title: 'You have as many passkeys as one person may have. Delete one first.',
  },
  passkey_known: { status: 409, title: 'This passkey has been added already.' },
  passkeys_need_name: {
    status: 409,
    title:
      'Browsers allow passkeys at a name only. Open the address in `open`, or have the operator set FAIRLOCK_PUBLIC_URL.',
  },
  two_factor_on: { status: 409, title: 'One-time codes are switched on already. Switch them off first.' },
  two_factor_off: { status: 409, title: 'One-time codes are not switched on, and none wait for it.' },
  no_second_factor: { status: 409, title: 'You have no second factor. Add one-time codes or a passkey.' },
  insufficient_funds: {
    status: 409,
    title: 'The wallet does not hold enough for this.',
    constraint: 'accounts_never_negative',
  },
  too_many_payment_methods: {
    status: 409,
    title: 'You have as many payment methods as one person may have. Remove one first.',
  },
  payment_method_bound: {
    status: 409,
    title: 'This trade has an account already, and it stays: the buyer may have paid to it.',
  },
  no_payment_method: {
    status: 409,
    title: 'The seller has not said yet where to pay to. Ask them in the chat, and do not pay before.',
  },
  payment_details_not_shown: {
    status: 409,
    title: 'The seller’s account is shown while the coins are held: from funding to the end of the trade.',
  },
  verification_asked: {
    status: 409,
    title: 'This payment method is verified, or waits to be looked at.',
  },
  verification_decided: {
    status: 409,
    title: 'There is nothing to decide: nobody asked, or somebody has decided.',
  },
  move_not_allowed: { status: 409, title: 'The trade is in a state in which you cannot do this.' },
  already_rated: { status: 409, title: 'You have rated this trade already; a rating never changes.' },
  nothing_to_answer: { status: 409, title: 'The other side has not rated you in this trade.' },
  already_answered: { status: 409, title: 'You have answered this rating already.' },
  list_full: { status: 409, title: 'The list is full. Take somebody off it first.' },
  deadline_passed: { status: 409, title: 'The time for this is over; the trade is about to end.' },
  deadline_not_reached: { status: 409, title: 'The deadline has not been reached yet.' },
  chat_closed: {
    status: 409,
    title:
      'The chat of this trade is closed: its time after the end of the trade is over. You can still read it.',
  },
  too_many_messages: { status: 409, title: 'The chat of this trade holds as many messages as one may.' },
  disputed_already: {
    status: 409,
    title: 'There is a dispute about this trade already; disputeId names it.',
  },
  dispute_over: { status: 409, title: 'The dispute has ended.' },
  dispute_stage: {
    status: 409,
    title: 'At the stage at which the dispute is, this is not what comes next. Look at it again.',
  },
  conflict_of_interest: {
    status: 409,
    title:
      'This person cannot arbitrate here: no arbitrator, banned, a side of the trade or lately of another with one of the ' +
      'sides, or in this dispute before.',
    field: 'arbitratorId',
  },
  appeal_over: { status: 409, title: 'The time to appeal is over.' },
  nothing_to_appeal: { status: 409, title: 'The ruling is in your favour: there is nothing to appeal.' },
  question_answered: { status: 409, title: 'You have answered this question already.' },
  too_many_statements: { status: 409, title: 'You have said as much in this dispute as one person may.' },
  access_decided: { status: 409, title: 'Somebody has decided this request already.' },
  access_over: {
    status: 409,
    title: 'The time of this access is over, or it was revoked. Ask again if it is still needed.',
  },
  break_glass_unreviewed: {
    status: 409,
    title: 'An earlier break-glass of yours has to be reviewed by somebody else first.',
  },
  nothing_to_review: {
    status: 409,
    title: 'This is no break-glass, or it has been reviewed already.',
  },
  too_many_access_requests: {
    status: 409,
    title: 'You have as many undecided requests as one person may have. Take one back first.',
  },
  too_much_evidence: {
    status: 409,
    title: 'The dispute, or your side of it, has as many files as it may have.',
  },
  too_many_files: {
    status: 409,
    title: 'You have uploaded as much as one person may without using it. Use a file, or wait a day.',
  },
  kyc_request_open: { status: 409, title: 'You have an undecided request already. Wait, or withdraw it.' },
  kyc_level_reached: {
    status: 409,
    title: 'You have this KYC level, or a higher one, already.',
    field: 'level',
  },
  kyc_request_decided: { status: 409, title: 'This request has been decided or withdrawn already.' },
  kyc_request_claimed: { status: 409, title: 'Somebody else is working on this request.' },
  kyc_request_unclaimed: { status: 409, title: 'Claim the request first: who decides has looked at it.' },
  too_many_files_sent: {
    status: 409,
    title: 'The files you have sent in this trade are as large as they may be together. Send smaller ones.',
  },
  conflict: { status: 409, title: 'Something else changed this at the same moment. Look again and repeat.' },
  data_key_retired: {
    status: 409,
    title: 'The keys are being renewed at this moment. Repeat the request.',
    sqlstate: 'FL097',
  },
  person_erased: { status: 409, title: 'This person has been erased; nothing new is kept about them.' },
  request_timeout: { status: 408, title: 'The request came too slowly. Send it again.' },
  body_too_large: { status: 413, title: 'The body is larger than this call takes (1 MB).' },
  file_too_large: { status: 413, title: 'The file is larger than files may be here.', field: 'file' },
  file_gone: { status: 410, title: 'The person whose file this was has been erased, and it with them.' },
  address_too_long: {
    status: 414,
    title: 'The address is longer than any here, or asks for too many things at once.',
  },
  unsupported_media_type: {
    status: 415,
    title:
      'Send JSON, with Content-Type: application/json; where the call takes a file, multipart/form-data.',
  },
  file_type_not_allowed: {
    status: 415,
    title: 'Files may be PNG, JPEG, WebP, PDF or plain text in UTF-8, by what is in them.',
    field: 'file',
  },
  unknown_file: {
    status: 422,
    title: 'You have uploaded no such file for this, or it has been used already.',
    field: 'fileId',
  },
  file_unreadable: {
    status: 422,
    title: 'The file is damaged, too large to be shown, or two kinds of file in one.',
    field: 'file',
  },
  weak_password: { status: 422, title: 'The password is too easy to guess or is known from a leak.' },
  invalid_token: {
    status: 422,
    title: 'The link is unknown, was used or replaced, or its time is over. Ask for a new one.',
  },
  same_email: { status: 422, title: 'This is your e-mail address already.', field: 'email' },
  unknown_pair: {
    status: 422,
    title: 'The pair is not a known crypto currency against a known fiat currency.',
  },
  unknown_currency: { status: 422, title: 'The currency is not one that is traded here.' },
  invalid_subject: {
    status: 422,
    title: 'Name a person, or for the scope "case" a trade: one of the two.',
  },
  invalid_period: { status: 422, title: 'Access can begin within the next 90 days.', field: 'startsAt' },
  not_yourself: { status: 422, title: 'That is you.' },
  unknown_user: { status: 422, title: 'There is no such person.' },
  invalid_pricing: { status: 422, title: 'The margin, floor and ceiling of the price are not possible.' },
  invalid_amounts: { status: 422, title: 'The amounts of the offer contradict each other.' },
  invalid_expiry: { status: 422, title: 'What expires must expire in the future.' },
  target_refused: {
    status: 422,
    title: 'Nothing is sent to this address.',
  },
  addresses_needed: {
    status: 422,
    title: 'An API key that may withdraw needs a list of addresses it works from.',
    field: 'addresses',
  },
  invalid_working_hours: { status: 422, title: 'The working hours are not possible.' },
  amount_outside_offer: { status: 422, title: 'The amount is outside what the offer allows.' },
  unknown_payment_method: {
    status: 422,
    title: 'There is no such payment method. GET /v1/payment-method-types lists those there are.',
    field: 'paymentMethodTypes',
  },
  not_your_payment_method: {
    status: 422,
    title: 'This is not a payment method of yours that can be paid to.',
    field: 'paymentMethodId',
  },
  payment_method_not_offered: { status: 422, title: 'The offer does not take this payment method.' },
  invalid_preference: {
    status: 422,
    title: 'There is no such preference, or it cannot be switched off.',
  },
  invalid_buyer_amount: {
    status: 422,
    title: 'Only a split has an amount for the buyer: more than 0 and less than a release would give.',
    field: 'buyerAmount',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'This idempotency key belongs to another request. Use a new key.',
  },
  too_many_requests: { status: 429, title: 'Too many requests. Wait as long as Retry-After says.' },
  too_many_uploads: {
    status: 429,
    title: 'You are uploading other files at this moment. Wait until they are done.',
  },
  too_many_exports: {
    status: 429,
    title: 'You are downloading another export at this moment. Wait until it is done.',
  },
  too_many_streams: {
    status: 429,
    title: 'You have as many streams of events open as one person may have. Close one first.',
  },
  headers_too_large: { status: 431, title: 'The headers are larger than 16 kB together.' },
  internal: { status: 500, title: 'Something is broken on our side. Nothing was changed.' },
  file_damaged: {
    status: 500,
    title:
      'The file is not any more what was uploaded, and is not shown. The operator can see this in the log.',
  },
  no_keyring: { status: 503, title: 'The operator has not set up a keyring; nothing can be sealed.' },
  keyring_unavailable: {
    status: 503,
    title: 'What is sealed cannot be opened right now, and nothing is sealed. Try again in a moment.',
  },
  uploads_busy: { status: 503, title: 'Too many files arrive at this moment. Try again in a few seconds.' },
  exports_busy: {
    status: 503,
    title: 'This server is sending as many exports as it may. Try again in a few seconds.',
  },
  streams_full: {
    status: 503,
    title: 'This server has as many streams of events open as it may have. Try again in a moment.',
  },
  unavailable: { status: 503, title: 'The database does not answer. Try again in a moment.' },
} as const satisfies Record<string, ErrorEntry>

export type ErrorEntry = {
  status: number
  title: string
  sqlstate?: string
  constraint?: string
  field?: string
}
export type ErrorCode = keyof typeof ERRORS
