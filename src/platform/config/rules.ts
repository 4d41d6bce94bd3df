/** A number or a yes that the operator chooses and the rules in the database read: a column of fairlock.settings. */
export type Rule = { column: string; fallback: string; about: string } & (
  | { kind: 'integer'; least: number; most: number }
  | { kind: 'flag' }
  /** From 0 to 10 with up to six decimals; the column holds the rate, a hundredth of it. */
  | { kind: 'percent' }
)

/** The rules of the house, by the variable that sets each. `fairlock serve` and `fairlock db up` write them all. */
export const RULES: Record<string, Rule> = {
  FAIRLOCK_MAKER_FEE_PERCENT: {
    column: 'maker_fee_rate',
    fallback: '0.1',
    about: "The maker's fee, percent of the amount",
    kind: 'percent',
  },
  FAIRLOCK_TAKER_FEE_PERCENT: {
    column: 'taker_fee_rate',
    fallback: '0.2',
    about: "The taker's fee, percent of the amount",
    kind: 'percent',
  },
  FAIRLOCK_FUNDING_MINUTES: {
    column: 'funding_window_minutes',
    fallback: '30',
    about: 'How long a seller has to fund a trade',
    kind: 'integer',
    least: 1,
    most: 1440,
  },
  FAIRLOCK_RELEASE_MINUTES: {
    column: 'release_window_minutes',
    fallback: '1440',
    about: 'How long a seller has to release',
    kind: 'integer',
    least: 10,
    most: 20_160,
  },
  FAIRLOCK_OPEN_OFFERS_PER_USER: {
    column: 'open_offers_per_user',
    fallback: '50',
    about: 'Offers one person may have open',
    kind: 'integer',
    least: 1,
    most: 1000,
  },
  FAIRLOCK_LIVE_TRADES_PER_USER: {
    column: 'live_trades_per_user',
    fallback: '20',
    about: 'Live trades one person may have taken',
    kind: 'integer',
    least: 1,
    most: 100_000,
  },
  FAIRLOCK_WITHDRAWAL_PAUSE_HOURS: {
    column: 'withdrawal_pause_hours',
    fallback: '24',
    about: 'No withdrawals for so long after a change of password, second factor or e-mail address',
    kind: 'integer',
    least: 0,
    most: 720,
  },
  FAIRLOCK_EMAIL_CHANGE_DELAY_HOURS: {
    column: 'email_change_delay_hours',
    fallback: '24',
    about: 'How long the old e-mail address can say no to a new one',
    kind: 'integer',
    least: 0,
    most: 720,
  },
  FAIRLOCK_SESSION_IDLE_HOURS: {
    column: 'session_idle_hours',
    fallback: '168',
    about: 'A session that was not used for so long is over',
    kind: 'integer',
    least: 1,
    most: 720,
  },
  FAIRLOCK_STEP_UP_MINUTES: {
    column: 'step_up_minutes',
    fallback: '5',
    about: 'For how long a second factor that was proven counts',
    kind: 'integer',
    least: 1,
    most: 60,
  },
  FAIRLOCK_STAFF_NEED_FACTOR: {
    column: 'staff_need_factor',
    fallback: 'false',
    about: 'Staff roles count only for people with a second factor',
    kind: 'flag',
  },
  FAIRLOCK_GRANT_HOURS: {
    column: 'grant_hours',
    fallback: '8',
    about: 'Hours that access of staff is granted for at most',
    kind: 'integer',
    least: 1,
    most: 168,
  },
  FAIRLOCK_BREAK_GLASS_MINUTES: {
    column: 'break_glass_minutes',
    fallback: '30',
    about: 'How long a break-glass opens',
    kind: 'integer',
    least: 1,
    most: 240,
  },
  FAIRLOCK_BREAK_GLASS_REVIEW_DAYS: {
    column: 'break_glass_review_days',
    fallback: '3',
    about: 'Days to review a break-glass before its person may not break another',
    kind: 'integer',
    least: 0,
    most: 90,
  },
  FAIRLOCK_FILE_MEGABYTES: {
    column: 'file_megabytes',
    fallback: '20',
    about: 'How large one uploaded file may be, in MiB',
    kind: 'integer',
    least: 1,
    most: 100,
  },
  FAIRLOCK_EVIDENCE_PER_DISPUTE: {
    column: 'evidence_per_dispute',
    fallback: '20',
    about: 'Evidence files that one dispute may have',
    kind: 'integer',
    least: 1,
    most: 200,
  },
}
