import type { Session } from '../../platform/migrator/index.ts'
import type { Mapping, WordKind } from '../mapping.ts'
import { COLUMNS, type OldTable, type Shape } from '../tables.ts'
import { keyOf, literal, oldRows, quote, Reader } from '../views.ts'
import type { Check, Outcome } from './check.ts'
import { PRICE_CHECKS, PROFILE_CHECKS, USER_CHECKS, WALLET_CHECKS } from './checks-people.ts'
import { TRADE_CHECKS, TRANSACTION_CHECKS } from './checks-trading.ts'
import { shippedCurrencies } from './currencies.ts'

/** A class of what needs care. Samples are keys of rows, never what is in them. */
export type Care = {
  table: OldTable
  column: string
  code: string
  rows: number
  samples: string[]
  outcome: Outcome
  becomes: string
}

export const SAMPLES = 5

const CHECKS: Record<OldTable, Check[]> = {
  users: USER_CHECKS,
  crypto_profiles: PROFILE_CHECKS,
  crypto_wallets: WALLET_CHECKS,
  crypto_transactions: TRANSACTION_CHECKS,
  crypto_trades: TRADE_CHECKS,
  crypto_prices: PRICE_CHECKS,
}

type WordsOf = Record<string, WordKind | 'currency'>
const WORDS: Partial<Record<OldTable, WordsOf>> = {
  crypto_profiles: { kyc_status: 'kyc_status' },
  crypto_wallets: { currency: 'currency' },
  crypto_transactions: {
    status: 'transaction_status',
    transaction_type: 'transaction_type',
    currency: 'currency',
  },
  crypto_trades: { status: 'trade_status', side: 'side', fee_currency: 'currency' },
}

/**
 * What a table's rows need care of: one scan of it, joined by hash with the keys of those it refers to. A row that will
 * be quarantined is counted for the reasons of that alone, because nothing else of it is carried.
 */
export async function careOf(
  session: Session,
  mapping: Mapping,
  shapes: Shape[],
  shape: Shape,
): Promise<Care[]> {
  const checks = CHECKS[shape.table].filter(
    ({ column }) => column === 'id' || mapping.tables[shape.table][column] !== null,
  )
  const found = await session.query<{ n: number; rows: number; samples: string[] }>(
    careSql(mapping, shapes, shape, checks),
  )
  return found.rows.map(({ n, rows, samples }) => {
    const { column, code, outcome, becomes } = checks[n]!
    return { table: shape.table, column, code, rows, samples, outcome, becomes }
  })
}

function careSql(mapping: Mapping, shapes: Shape[], shape: Shape, checks: Check[]): string {
  const flags = (wanted: (check: Check) => boolean) =>
    `array_remove(array[${checks
      .map((check, n) => (wanted(check) ? `case when ${check.when} then ${n} end` : null))
      .filter((one) => one !== null)
      .join(',\n      ')}]::integer[], null)`
  return `with zones as materialized (
    select lower(name) as name from pg_timezone_names union select lower(abbrev) from pg_timezone_abbrevs
  ),
  pairs as materialized (${pairs(mapping, shape)}),
  repeated as materialized (${repeated(mapping, shape)}),
  judged as materialized (
    select key, refused, others from (
      select o.key, ${flags((check) => check.outcome === 'quarantined')} as refused,
        ${flags((check) => check.outcome !== 'quarantined')} as others
      from (
        select o.*, ${shape.table === 'crypto_trades' ? namedParty(mapping) : 'null'} as named
        from (${rowsToJudge(mapping, shape, checks)} offset 0) o offset 0
      ) o
      ${joins(mapping, shapes, shape)}
      offset 0
    ) all_rows
    where refused <> '{}' or others <> '{}'
  )
  select n, count(*)::float8 as rows, array_agg(key order by key) filter (where place <= ${SAMPLES}) as samples
  from (
    select n, key, row_number() over (partition by n) as place
    from judged, unnest(case when refused = '{}' then others else refused end) n
  ) counted
  group by n order by n`
}

/** The columns that the checks name, read once for each row. */
function rowsToJudge(mapping: Mapping, shape: Shape, checks: Check[]): string {
  const reader = new Reader(mapping, shape, 'pg_temp')
  const text = checks.map((check) => check.when).join('\n')
  const named = new Set([...text.matchAll(/\bo\.(\w+)/g)].map((match) => match[1]!))
  if (shape.table === 'crypto_trades') named.add('j_metadata')
  for (const column of JOINED[shape.table] ?? []) named.add(column)
  const columns = Object.entries(COLUMNS[shape.table]).flatMap(([name, kind]) => {
    const value = reader.column(name, kind)
    const word = WORDS[shape.table]?.[name]
    return [
      named.has(name) ? `${value} as ${quote(name)}` : null,
      named.has(`m_${name}`) ? `${reader.number(name)} as m_${name}` : null,
      named.has(`j_${name}`) ? `${reader.document(name)} as j_${name}` : null,
      word !== undefined && named.has(`w_${name}`)
        ? `pg_temp.mapped('${word}', ${value}) as w_${name}`
        : null,
    ].filter((one) => one !== null)
  })
  if (shape.table === 'crypto_wallets') columns.push(`${custodyOf(reader)} as custody`)
  return `select ${[`t.${quote(keyOf(shape).name)}::text as key`, ...columns].join(',\n    ')}
    from ${quote(shape.schema)}.${quote(shape.table)} t`
}

function custodyOf(reader: Reader): string {
  const names = ['wallet_provider', 'chain_type', 'is_connected']
  return `pg_temp.custody(${names.map((name) => reader.column(name, 'text')).join(', ')})`
}

/** Columns that the joins name. */
const JOINED: Partial<Record<OldTable, string[]>> = {
  crypto_profiles: ['user_id'],
  crypto_wallets: ['user_id'],
  crypto_transactions: ['user_id', 'wallet_id'],
  crypto_trades: ['user_id', 'transaction_id', 'pair'],
}

function namedParty(mapping: Mapping): string {
  const keys = mapping.counterpartyKeys.map((key) => `nullif(btrim(o.j_metadata ->> ${literal(key)}), '')`)
  if (keys.length === 0) return 'null::text'
  return `case when jsonb_typeof(o.j_metadata) = 'object' then coalesce(${keys.join(', ')}) end`
}

function joins(mapping: Mapping, shapes: Shape[], shape: Shape): string {
  const keys = (table: OldTable, columns = '') => {
    const found = shapes.find((one) => one.table === table)!
    const reader = new Reader(mapping, found, 'pg_temp')
    const custody = table === 'crypto_wallets' ? `, ${custodyOf(reader)} as custody` : ''
    const owner = columns === '' ? '' : `, ${reader.column(columns, 'id')} as ${columns}`
    const from = `${quote(found.schema)}.${quote(table)}`
    return `(select t.${quote(keyOf(found).name)}::text as key${owner}${custody} from ${from} t)`
  }
  const person = `left join ${keys('users')} person on person.key = o.user_id`
  switch (shape.table) {
    case 'crypto_profiles':
      return `${person} left join repeated on repeated.key = o.key`
    case 'crypto_wallets':
      return person
    case 'crypto_prices':
      return 'left join repeated on repeated.key = o.key'
    case 'crypto_transactions':
      return `${person} left join ${keys('crypto_wallets', 'user_id')} wallet on wallet.key = o.wallet_id`
    case 'crypto_trades':
      return `${person}
        left join ${keys('users')} other on other.key = lower(o.named)
        left join ${keys('crypto_transactions', 'user_id')} movement on movement.key = o.transaction_id
        left join pairs on pairs.pair = o.pair`
    default:
      return ''
  }
}

/** Rows of which only one can be: a person's oldest profile, a symbol's newest price. */
const ONLY_ONE: Partial<Record<OldTable, { what: string; order: string }>> = {
  crypto_profiles: { what: 'user_id', order: 'created_at, id' },
  crypto_prices: {
    what: `upper(btrim(symbol, E' \\t\\r\\n'))`,
    order: 'last_updated desc nulls last, created_at desc nulls last, id desc',
  },
}

function repeated(mapping: Mapping, shape: Shape): string {
  const one = ONLY_ONE[shape.table]
  if (one === undefined) return 'select null::text as key where false'
  return `select key from (
    select key, row_number() over (partition by ${one.what} order by ${one.order}) as place
    from (${oldRows(mapping, shape, 'pg_temp')}) o where btrim(${one.what}) <> ''
  ) places where place > 1`
}

/** There are few different pairs, and to read one is dear. */
function pairs(mapping: Mapping, shape: Shape): string {
  if (shape.table !== 'crypto_trades') return 'select null::text as pair where false'
  const column = new Reader(mapping, shape, 'pg_temp').column('pair', 'text')
  const coins = shippedCurrencies('crypto').map(literal).join(', ')
  return `select pair, two is not null as known,
      split_part(two, '/', 1) in (${coins}) and split_part(two, '/', 2) not in (${coins}) as offered
    from (
      select distinct ${column} as pair from ${quote(shape.schema)}.${quote(shape.table)} t
    ) p, pg_temp.pair(pair) two
    where pair is not null`
}
