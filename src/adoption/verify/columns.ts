/**
 * A column that the mapping determines: what it has to be, told from the old row `o`, and what it is in the new row `n`,
 * in types that can be compared. Written a second time, apart from what carries the rows, so that a mistake there is
 * found here.
 */
export type Column = {
  name: string
  kind: 'text' | 'money' | 'time'
  old: string
  new: string
  /** Where the old row has no value, the new one may have one of its own. */
  optional?: true
}

/** Old rows of a table and what became of them. */
export type Comparison = {
  table: string
  /** What `carried` says they became: one of the market's tables, or offers. */
  target: string
  columns: Column[]
  /** The column of the new row that the audit log knows it by; once Fairlock itself changed the row, it is its own. */
  subjectId?: string
}

const money = (column: string) => `fairlock_adoption.money(o.${column})`
const word = (kind: string, column: string) => `fairlock_adoption.mapped('${kind}', o.${column})`
const text = (name: string, old: string, fresh = `n.${name}`): Column => ({
  name,
  kind: 'text',
  old,
  new: fresh,
})
const amount = (name: string, fresh = `n.${name}`): Column => ({
  name,
  kind: 'money',
  old: money(name),
  new: fresh,
})
const time = (name: string): Column => ({
  name,
  kind: 'time',
  old: `o.${name}`,
  new: `n.${name}`,
  optional: true,
})
const trimmed = (name: string, fresh = name): Column =>
  text(name, `nullif(btrim(o.${name}), '')`, `nullif(btrim(n.${fresh}), '')`)
/** The person that the old row names: their id is what they were carried to. */
const person = (fresh = 'n.user_id') => text('user_id', 'person.target_id', fresh)

const TRADE = [text('pair', 'fairlock_adoption.pair(o.pair)'), text('side', word('side', 'side'))]

export const COMPARISONS: Comparison[] = [
  {
    table: 'users',
    target: 'users',
    columns: [text('email', `nullif(lower(btrim(o.email)), '')`, 'lower(n.email)'), time('created_at')],
    subjectId: 'n.id',
  },
  {
    table: 'crypto_profiles',
    target: 'crypto_profiles',
    columns: [
      person(),
      { ...text('kyc_status', word('kyc_status', 'kyc_status')), optional: true },
      time('kyc_verified_at'),
      trimmed('wallet_address'),
      trimmed('wallet_provider'),
      trimmed('risk_tolerance'),
      trimmed('investment_strategy'),
      time('created_at'),
    ],
    subjectId: 'n.user_id',
  },
  {
    table: 'crypto_wallets',
    target: 'crypto_wallets',
    // Balances are added up by person and currency: see money.ts.
    columns: [person(), text('currency', word('currency', 'currency'))],
  },
  {
    table: 'crypto_wallets',
    target: 'outside_wallets',
    columns: [person(), trimmed('wallet_address', 'address'), amount('balance', 'n.last_known_balance')],
    subjectId: 'n.id',
  },
  {
    table: 'crypto_transactions',
    target: 'crypto_transactions',
    columns: [
      person(),
      amount('amount'),
      text('currency', word('currency', 'currency')),
      amount('transaction_fee'),
      {
        name: 'network_fee + platform_fee',
        kind: 'money',
        old: 'n.transaction_fee',
        new: 'n.network_fee + n.platform_fee',
      },
      text('status', word('transaction_status', 'status')),
      text('transaction_type', word('transaction_type', 'transaction_type')),
      trimmed('transaction_hash'),
      trimmed('from_address'),
      trimmed('to_address'),
      time('timestamp'),
      time('created_at'),
    ],
  },
  {
    table: 'crypto_trades',
    target: 'crypto_trades',
    columns: [
      person(`case when n.side = 'buy' then coalesce(n.buyer_id, n.user_id) else n.user_id end`),
      ...TRADE,
      amount('price'),
      amount('amount'),
      {
        name: 'total_value',
        kind: 'money',
        old: 'fairlock_adoption.total_of(n.price, n.amount, n.pair)',
        new: 'n.total_value',
      },
      text('status', word('trade_status', 'status')),
      time('timestamp'),
      time('created_at'),
    ],
  },
  {
    table: 'crypto_trades',
    target: 'offers',
    columns: [
      person('n.maker_id'),
      ...TRADE,
      amount('price'),
      amount('amount', 'n.total_amount'),
      time('created_at'),
    ],
    subjectId: 'n.id',
  },
  {
    table: 'crypto_prices',
    target: 'crypto_prices',
    columns: [
      text('symbol', 'upper(btrim(o.symbol))'),
      {
        name: 'price_usd',
        kind: 'money',
        // Fairlock's own feed writes prices, too.
        old: `case when n.last_updated = o.last_updated then round(${money('price_usd')}, 8) else n.price_usd end`,
        new: 'n.price_usd',
      },
    ],
  },
]
