import { createHash } from 'node:crypto'
import { DIRT } from './dirt.ts'
import type { Companion, Dirt, OldTable } from './kind.ts'
import type { Variant } from './shape.ts'

/** How much there is of a kind of dirt, and which rows they are. */
export type Injected = Pick<Dirt, 'code' | 'table' | 'outcome'> & { reason: string | null; keys: string[] }

type Values = Record<string, string>

/** The kinds that a variant lets in. */
export function dirtOf(variant: Variant): Dirt[] {
  return DIRT.filter((dirt) => dirt.only === undefined || dirt.only === variant)
}

/** The statements that put `each` rows of a kind of dirt into the tables, beside the clean rows they need. */
export function injection(dirt: Dirt, seed: number, each: number): { sql: string; injected: Injected } {
  const turns = Math.max(...Object.values(dirt.set).map((value) => (Array.isArray(value) ? value.length : 1)))
  const count = Math.min(Math.max(each, turns), dirt.most ?? Number.POSITIVE_INFINITY)
  const statements: string[] = []
  const keys: string[] = []
  for (let n = 1; n <= count; n += 1) {
    const ids = idsOf(dirt.code, seed, n)
    for (const companion of companionsOf(dirt)) statements.push(insert(...clean(companion, ids)))
    const [table, row] = clean(ROWS[dirt.table], ids)
    for (const [column, value] of Object.entries(dirt.set)) {
      row[column] = fillIn(Array.isArray(value) ? value[n % value.length]! : value, ids)
    }
    statements.push(insert(table, row))
    keys.push(row.id!.slice(1, -1))
  }
  const { code, table, outcome, reason = null } = dirt
  return { sql: statements.join(';\n'), injected: { code, table, outcome, reason, keys } }
}

type Row =
  | Companion
  | 'user'
  | 'stranger'
  | 'dirtyProfile'
  | 'dirtyWallet'
  | 'dirtyTransaction'
  | 'trade'
  | 'dirtyPrice'

const ROWS: Record<OldTable, Row> = {
  users: 'user',
  crypto_profiles: 'dirtyProfile',
  crypto_wallets: 'dirtyWallet',
  crypto_transactions: 'dirtyTransaction',
  crypto_trades: 'trade',
  crypto_prices: 'dirtyPrice',
}

/** The clean rows around a dirty one, in the order in which they refer to each other. */
function companionsOf(dirt: Dirt): Row[] {
  const wanted = dirt.with ?? []
  const found: Row[] = []
  if (dirt.table === 'crypto_prices') return wanted
  if (dirt.table !== 'users') found.push('user')
  if (dirt.table === 'crypto_trades' || wanted.some((one) => /^other/.test(one))) found.push('other')
  if (dirt.table === 'crypto_transactions' && !wanted.includes('wallet')) found.push('wallet')
  if (wanted.includes('strangersTransaction')) found.push('stranger')
  return [...found, ...wanted.filter((one) => one !== 'other')]
}

type Ids = { code: string; seed: number; n: number; of(what: string): string }

function idsOf(code: string, seed: number, n: number): Ids {
  const of = (what: string) => {
    const hex = createHash('md5').update(`${seed}:${code}:${what}:${n}`).digest('hex')
    return `'${hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}'`
  }
  return { code, seed, n, of }
}

function fillIn(value: string, ids: Ids): string {
  return value.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (name === 'n') return String(ids.n)
    if (name === 'symbol') return symbolOf(ids)
    return ids.of(name)
  })
}

const symbolOf = ({ code, n }: Ids) =>
  `'D${createHash('md5').update(code).digest('hex').slice(0, 5).toUpperCase()}${n}'`

/** A row that nothing is wrong with, of the table that `what` belongs to. */
function clean(what: Row, ids: Ids): [OldTable, Values] {
  const { code, n } = ids
  const times = { created_at: "'2024-02-03 09:00:00'", updated_at: "'2024-03-04 10:00:00'" }
  switch (what) {
    case 'user':
    case 'other':
    case 'stranger': {
      const email = `'${code}-${n}${what === 'user' ? '' : `-${what}`}@dirt.example.org'`
      const name = `'${what} ${n} of ${code.replaceAll('_', ' ')}'`
      return ['users', { id: ids.of(what), email, name, role: "'user'", created_at: "'2024-02-01 09:00:00'" }]
    }
    case 'profile':
    case 'dirtyProfile':
      return [
        'crypto_profiles',
        {
          id: ids.of(what),
          user_id: ids.of('user'),
          kyc_status: "'pending'",
          trading_volume: '0',
          ...noTrades(),
          ...times,
        },
      ]
    case 'wallet':
    case 'dirtyWallet':
      return ['crypto_wallets', { ...wallet(ids, what, 'user'), ...times }]
    case 'outsideWallet': {
      const outside = { wallet_provider: "'metamask'", is_connected: 'true' }
      return ['crypto_wallets', { ...wallet(ids, what, 'user'), ...outside, ...times }]
    }
    case 'debtWallet':
      return ['crypto_wallets', { ...wallet(ids, what, 'user'), currency: "'ETH'", balance: '-1', ...times }]
    case 'otherWallet':
      return ['crypto_wallets', { ...wallet(ids, what, 'other'), ...times }]
    case 'transaction':
    case 'dirtyTransaction':
      return [
        'crypto_transactions',
        { ...transaction(ids, what, 'user'), wallet_id: walletOf(what, ids), ...times },
      ]
    case 'strangersTransaction':
      return ['crypto_transactions', { ...transaction(ids, what, 'stranger'), ...times }]
    case 'trade':
      return ['crypto_trades', { ...trade(ids), ...times }]
    case 'price':
    case 'dirtyPrice':
      return ['crypto_prices', { ...price(ids, what), created_at: times.created_at }]
  }
}

const noTrades = () => ({ total_trades: '0', is_verified_trader: 'false' })

const walletOf = (what: Row, ids: Ids) => (what === 'dirtyTransaction' ? ids.of('wallet') : 'null')

function wallet(ids: Ids, what: Row, whose: string): Values {
  return {
    id: ids.of(what),
    user_id: ids.of(whose),
    wallet_address: `'bc1q${ids.code}-${ids.n}${what === 'otherWallet' ? '-other' : ''}'`,
    wallet_provider: "'platform'",
    chain_type: "'bitcoin'",
    balance: '1.25',
    currency: "'BTC'",
    is_primary: 'true',
    is_connected: 'false',
  }
}

function transaction(ids: Ids, what: Row, whose: string): Values {
  return {
    id: ids.of(what),
    user_id: ids.of(whose),
    transaction_hash: `'0x${ids.code}-${ids.n}'`,
    amount: '0.75',
    currency: "'BTC'",
    transaction_fee: '0.0001',
    status: "'completed'",
    transaction_type: "'deposit'",
    timestamp: "'2024-02-10 12:00:00'",
    confirmations: '6',
  }
}

function trade(ids: Ids): Values {
  return {
    id: ids.of('trade'),
    user_id: ids.of('user'),
    pair: "'BTC/EUR'",
    side: "'sell'",
    price: '20000',
    amount: '0.5',
    total_value: '10000',
    fee: '10',
    fee_currency: "'EUR'",
    status: "'completed'",
    order_type: "'limit'",
    timestamp: "'2024-02-11 12:00:00'",
    metadata: `jsonb_build_object('p2p', true, 'buyer_id', ${ids.of('other')})`,
  }
}

function price(ids: Ids, what: Row): Values {
  const figures = { price_usd: '12.5', market_cap: '1000000', price_change_24h: '1.5' }
  return {
    id: ids.of(what),
    symbol: symbolOf(ids),
    name: `'${ids.code}'`,
    ...figures,
    last_updated: "'2024-12-31 12:00:00'",
  }
}

function insert(table: OldTable, row: Values): string {
  return `insert into public.${table} (${Object.keys(row).join(', ')}) values (${Object.values(row).join(', ')})`
}
