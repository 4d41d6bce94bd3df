/** How many rows an actor sees through fairlock_app: all of them, or that many. */
type Rows = 'all' | number

/** What the actors may do with a table: nothing that is not said here. */
export type Expectation = {
  /** One for everybody, or by actor: owner, counterparty, other, anonymous, admin, support, compliance, arbitrator. */
  reads?: Rows | [Rows, Rows, Rows, Rows, Rows, Rows, Rows, Rows]
  /** The verbs that fairlock_app has beside select, on all rows. */
  writes?: ('insert' | 'update' | 'delete')[]
  /** How many rows the owner of the schema sees; nothing, if not said. */
  schemaOwner?: Rows
}

const NOTHING: Expectation = {}
const EVERYBODY: Expectation = { reads: 'all' }
const SELF: Expectation = { reads: [1, 1, 1, 0, 1, 1, 1, 1] }
const BOTH_SIDES = (rows: number): Expectation => ({ reads: [rows, rows, 0, 0, 0, 0, 0, 0] })
const TRADERS = (...[owner, counterparty, other]: [number, number, number]): Expectation => ({
  reads: [owner, counterparty, other, 0, 0, 0, 0, 0],
})
// Tables of the job library: the background work signs in as fairlock_app, and they hold nothing of a person's.
const JOBS: Expectation = { reads: 'all', writes: ['insert', 'update', 'delete'], schemaOwner: 'all' }

export const EXPECTED: Record<string, Expectation> = {
  'public.users': SELF,
  'public.crypto_profiles': SELF,
  'public.crypto_wallets': TRADERS(1, 1, 1),
  // The owner's deposit, two holds and a sale; the counterparty's purchase; the other's deposit.
  'public.crypto_transactions': TRADERS(4, 1, 1),
  'public.crypto_trades': BOTH_SIDES(2),
  'public.crypto_escrows': BOTH_SIDES(2),
  'public.crypto_disputes': BOTH_SIDES(1),
  'public.crypto_payment_methods': TRADERS(1, 1, 1),
  'public.crypto_prices': EVERYBODY,

  // Support asked five times, the arbitrator once; administrators and compliance see every request.
  'fairlock.access_grants': { reads: [0, 0, 0, 0, 6, 5, 6, 1] },
  // One to everybody, one to staff, and one that was withdrawn.
  'fairlock.announcements': { reads: [1, 1, 1, 1, 3, 2, 2, 2] },
  'fairlock.api_keys': SELF,
  'fairlock.counterparties': NOTHING,
  'fairlock.chat_channels': NOTHING,
  'fairlock.blind_index_keys': NOTHING,
  // A ban that was lifted.
  'fairlock.bans': { reads: [0, 0, 0, 0, 1, 0, 1, 0] },
  'fairlock.credentials': NOTHING,
  'fairlock.currencies': EVERYBODY,
  'fairlock.kyc_levels': EVERYBODY,
  // What is read of disputes beside their facts, functions give: fairlock.look_at_dispute.
  'fairlock.dispute_assignments': NOTHING,
  'fairlock.dispute_entries': NOTHING,
  'fairlock.dispute_rulings': NOTHING,
  'fairlock.duty_hours': { reads: [0, 0, 0, 0, 1, 1, 1, 1] },
  'fairlock.email_changes': NOTHING,
  'fairlock.faults': { reads: [1, 0, 0, 0, 0, 0, 0, 0] },
  'fairlock.makers': EVERYBODY,
  'fairlock.marked_people': { reads: [1, 0, 0, 0, 0, 0, 0, 0] },
  'fairlock.outside_wallets': TRADERS(1, 0, 0),
  'fairlock.market_quotes': EVERYBODY,
  'fairlock.price_board': EVERYBODY,
  'fairlock.price_days': EVERYBODY,
  'fairlock.price_history': EVERYBODY,
  'fairlock.price_hours': EVERYBODY,
  'fairlock.daily_mark': NOTHING,
  'fairlock.daily_trades': NOTHING,
  'fairlock.liability_leaves': TRADERS(1, 1, 1),
  'fairlock.liability_nodes': NOTHING,
  'fairlock.liability_snapshots': EVERYBODY,
  'fairlock.liability_trees': EVERYBODY,
  'fairlock.price_sources': NOTHING,
  'fairlock.live_events': TRADERS(1, 1, 0),
  'fairlock.live_state': NOTHING,
  'fairlock.news_set_aside': NOTHING,
  'fairlock.notices': { reads: [1, 0, 0, 0, 0, 0, 0, 0] },
  'fairlock.data_keys': NOTHING,
  'fairlock.erasures': NOTHING,
  'fairlock.evidence': NOTHING,
  'fairlock.file_parts': NOTHING,
  'fairlock.file_views': NOTHING,
  'fairlock.files': NOTHING,
  'fairlock.idempotency_keys': NOTHING,
  'fairlock.key_encryption_keys': NOTHING,
  'fairlock.messages': NOTHING,
  'fairlock.kyc_requests': { reads: [1, 0, 0, 0, 0, 0, 0, 0] },
  'fairlock.offer_listings': EVERYBODY,
  // One offer is on the market; the owner and the other trader each have a paused one beside it.
  'fairlock.offers': { reads: [2, 1, 2, 1, 1, 1, 1, 1] },
  'fairlock.outbox': NOTHING,
  'fairlock.passkey_challenges': NOTHING,
  'fairlock.price_locks': NOTHING,
  'fairlock.passkeys': { reads: [1, 0, 0, 0, 0, 0, 0, 0] },
  'fairlock.password_reset_wishes': NOTHING,
  'fairlock.password_resets': NOTHING,
  'fairlock.public_ratings': EVERYBODY,
  // Counters under hashed keys, written by the API before anybody is signed in.
  'fairlock.rate_limits': { reads: 'all', writes: ['insert', 'update', 'delete'] },
  'fairlock.ratings': BOTH_SIDES(1),
  'fairlock.request_counts': NOTHING,
  'fairlock.recovery_codes': NOTHING,
  'fairlock.payment_method_types': EVERYBODY,
  'fairlock.rewrap': NOTHING,
  'fairlock.sessions': SELF,
  // The operator changes them by `fairlock db up`.
  'fairlock.settings': { reads: 'all', schemaOwner: 'all' },
  'fairlock.staff_roles': { reads: [0, 0, 0, 0, 1, 1, 1, 1] },
  'fairlock.adopted_secrets': NOTHING,
  'fairlock.push_keys': NOTHING,
  'fairlock.push_messages': NOTHING,
  'fairlock.push_subscriptions': NOTHING,
  'fairlock.webhooks': { reads: [1, 0, 0, 0, 0, 0, 0, 0] },
  'fairlock.webhook_deliveries': { reads: [1, 0, 0, 0, 0, 0, 0, 0] },
  'fairlock.webhook_secrets': NOTHING,
  'fairlock.trade_transitions': EVERYBODY,
  'fairlock.traders': EVERYBODY,
  'fairlock.trade_views': BOTH_SIDES(2),

  'ledger.accounts': NOTHING,
  'ledger.balances': NOTHING,
  'ledger.entries': NOTHING,
  'ledger.roll_up_mark': NOTHING,
  'ledger.transfers': NOTHING,
  'audit.events': NOTHING,
  'audit.blocks': NOTHING,
  'audit.leaves': NOTHING,
  'audit.signing_keys': NOTHING,
  'audit.signatures': NOTHING,

  'graphile_worker._private_job_queues': JOBS,
  'graphile_worker._private_jobs': JOBS,
  'graphile_worker._private_known_crontabs': JOBS,
  'graphile_worker._private_tasks': JOBS,
  'graphile_worker.jobs': { reads: 'all', schemaOwner: 'all' },
  'graphile_worker.migrations': { reads: 'all', schemaOwner: 'all' },
}

/** What a look shows beside what its person sees anyway; of each scope one is seeded, about the owner or the dispute. */
export const LOOKS: Record<string, Record<string, number>> = {
  person: { 'public.users': 1, 'public.crypto_profiles': 1, 'fairlock.sessions': 1, 'fairlock.faults': 1 },
  money: { 'public.crypto_wallets': 1, 'public.crypto_transactions': 4 },
  trades: {
    'public.crypto_trades': 2,
    'public.crypto_escrows': 2,
    'public.crypto_disputes': 1,
    'fairlock.ratings': 1,
    'fairlock.trade_views': 2,
  },
  payment_methods: { 'public.crypto_payment_methods': 1 },
  case: {
    'public.crypto_trades': 1,
    'public.crypto_escrows': 1,
    'public.crypto_disputes': 1,
    'fairlock.trade_views': 1,
  },
}
