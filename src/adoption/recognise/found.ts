import type { Session } from '../../platform/migrator/index.ts'
import { folded, type Mapping, type WordKind } from '../mapping.ts'
import type { OldTable, Shape } from '../tables.ts'
import { oldRows } from '../views.ts'

/** A word of the old database exactly as it is written there, and in how many rows. */
export type FoundWord = { kind: WordKind | 'currency' | 'pair'; word: string; rows: number }
export type FoundWallets = {
  provider: string | null
  chain: string | null
  connected: boolean
  currency: string
  wallets: number
  balance: string
}

const COLUMNS_OF_WORDS: [OldTable, [string, FoundWord['kind']][]][] = [
  ['crypto_profiles', [['kyc_status', 'kyc_status']]],
  [
    'crypto_transactions',
    [
      ['status', 'transaction_status'],
      ['transaction_type', 'transaction_type'],
      ['currency', 'currency'],
    ],
  ],
  [
    'crypto_trades',
    [
      ['status', 'trade_status'],
      ['side', 'side'],
      ['pair', 'pair'],
      ['fee_currency', 'currency'],
    ],
  ],
]
/** A column with more different words than this is no vocabulary; the rest of them is not listed. */
const MOST_WORDS = 500

/** The vocabulary in use: one scan of each table that has one. */
export async function findWords(
  session: Session,
  mapping: Mapping,
  shapes: Shape[],
  onTable: (table: OldTable) => void,
): Promise<FoundWord[]> {
  const words: FoundWord[] = []
  for (const [table, columns] of COLUMNS_OF_WORDS) {
    const shape = shapes.find((one) => one.table === table)
    if (shape === undefined) continue
    onTable(table)
    const names = columns.map(([column]) => `"${column}"`)
    const which = columns.map(([column, kind]) => `when grouping("${column}") = 0 then '${kind}'`)
    const found = await session.query<FoundWord>(
      `select kind, word, rows from (
         select case ${which.join(' ')} end as kind, coalesce(${names.join(', ')}) as word, count(*)::float8 as rows,
           row_number() over (partition by ${names.map((name) => `grouping(${name})`).join(', ')} order by count(*) desc) as n
         from (${oldRows(mapping, shape, 'pg_temp')}) o
         group by grouping sets (${names.map((name) => `(${name})`).join(', ')})
       ) words
       where n <= $1 and word is not null
       order by kind, rows desc, word`,
      [MOST_WORDS],
    )
    words.push(...found.rows)
  }
  return words
}

/** The same word of several tables as one, with the currencies of the wallets. */
export function together(words: FoundWord[], wallets: FoundWallets[]): FoundWord[] {
  const found = new Map<string, FoundWord>()
  const currencies = wallets.map(
    ({ currency, wallets: rows }): FoundWord => ({ kind: 'currency', word: currency, rows }),
  )
  for (const one of [...words, ...currencies]) {
    const key = JSON.stringify([one.kind, one.kind === 'currency' ? one.word.toUpperCase() : one.word])
    const known = found.get(key)
    found.set(key, known === undefined ? one : { ...known, rows: known.rows + one.rows })
  }
  return [...found.values()]
}

/** The wallets by what tells whose coins are in them; balances that cannot be carried are left out of the sums. */
export async function findWallets(
  session: Session,
  mapping: Mapping,
  shapes: Shape[],
): Promise<FoundWallets[]> {
  const shape = shapes.find((one) => one.table === 'crypto_wallets')
  if (shape === undefined) return []
  const found = await session.query<FoundWallets>(
    `select min(provider) as provider, min(chain) as chain, connected, upper(min(currency)) as currency,
       count(*)::float8 as wallets,
       trim_scale(coalesce(sum(balance) filter (where balance >= 0 and balance < 1000000000000), 0))::text as balance
     from (
       select nullif(btrim(wallet_provider, E' \\t\\r\\n'), '') as provider,
         nullif(btrim(chain_type, E' \\t\\r\\n'), '') as chain,
         coalesce(pg_temp.try_boolean(is_connected), false) as connected,
         coalesce(btrim(currency), '') as currency, pg_temp.money(balance) as balance
       from (${oldRows(mapping, shape, 'pg_temp')}) o
     ) w
     group by ${folded("coalesce(provider, '')")}, ${folded("coalesce(chain, '')")}, connected, upper(currency)
     order by connected, sum(balance) filter (where balance > 0 and balance < 1000000000000) desc nulls last,
       provider, chain`,
  )
  return found.rows
}
