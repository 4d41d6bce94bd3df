import type { Session } from '../../platform/migrator/index.ts'
import type { Mapping } from '../mapping.ts'
import type { OldTable, Shape } from '../tables.ts'
import { oldRows } from '../views.ts'
import { type Care, SAMPLES } from './care.ts'
import type { Outcome } from './check.ts'

/**
 * Rows of which there should be one. `what` is the value that repeats, `order` says which row is the first and keeps it;
 * the others are counted. (Those that are quarantined for it are among the checks of the rows.)
 */
type Repeated = {
  table: OldTable
  column: string
  code: string
  outcome: Outcome
  becomes: string
  what: string
  where: string
  order: string
}

const address = (column: string) => `lower(btrim(${column}, E' \\t\\r\\n'))`

const REPEATED: Repeated[] = [
  {
    table: 'users',
    column: 'email',
    code: 'email_repeated',
    outcome: 'set aside',
    becomes: 'the older person keeps it, the others are without e-mail',
    what: address('email'),
    where: `btrim(email) <> ''`,
    order: 'created_at, key',
  },
  {
    table: 'crypto_wallets',
    column: 'wallet_address',
    code: 'address_repeated',
    outcome: 'carried',
    becomes: 'all keep it, though it is several people’s',
    what: `btrim(wallet_address, E' \\t\\r\\n')`,
    where: `btrim(wallet_address) <> ''`,
    order: 'user_id',
  },
  {
    table: 'crypto_wallets',
    column: 'currency',
    code: 'wallet_repeated',
    outcome: 'carried',
    becomes: 'one new wallet with the sum; all old ones lead to it',
    what: `user_id || '|' || pg_temp.mapped('currency', currency)`,
    where: `pg_temp.custody(wallet_provider, chain_type, is_connected)
      and (balance is null or pg_temp.money(balance) >= 0 and pg_temp.money(balance) < 1000000000000)`,
    order: 'created_at, key',
  },
  {
    table: 'crypto_transactions',
    column: 'transaction_hash',
    code: 'hash_repeated',
    outcome: 'carried',
    becomes: 'all keep it: one transfer can pay several people',
    what: `btrim(transaction_hash, E' \\t\\r\\n')`,
    where: `btrim(transaction_hash) <> ''`,
    order: 'created_at, key',
  },
]

/** What is there more than once, of the columns that the old table has. */
export async function repeatedOf(session: Session, mapping: Mapping, shape: Shape): Promise<Care[]> {
  const care: Care[] = []
  for (const one of REPEATED) {
    if (one.table !== shape.table || mapping.tables[one.table][one.column] === null) continue
    const found = await session.query<{ rows: number; samples: string[] | null }>(
      // First what repeats, by hash, and only those rows in order: that most repeat is rare.
      `with old as (select key, ${one.what} as what, ${orderColumns(one.order)}
         from (${oldRows(mapping, shape, 'pg_temp')}) o where ${one.where}),
       many as materialized (select what from old where what is not null group by what having count(*) > 1),
       later as materialized (
         select key, dense_rank() over (partition by what order by ${one.order}) as place
         from old where what in (select what from many)
       )
       select count(*)::float8 as rows, (array_agg(key order by key))[1:${SAMPLES}] as samples from later where place > 1`,
    )
    const { rows, samples } = found.rows[0]!
    const { table, column, code, outcome, becomes } = one
    if (rows > 0) care.push({ table, column, code, rows, samples: samples ?? [], outcome, becomes })
  }
  return care
}

const orderColumns = (order: string) =>
  order
    .split(',')
    .map((part) => part.trim().split(' ')[0]!)
    .filter((column) => column !== 'key')
    .join(', ')

/** People who have no profile yet. */
export async function peopleWithoutProfile(
  session: Session,
  mapping: Mapping,
  shapes: Shape[],
): Promise<Care[]> {
  const rows = (table: OldTable) =>
    oldRows(mapping, shapes.find((shape) => shape.table === table)!, 'pg_temp')
  const found = await session.query<{ rows: number; samples: string[] | null }>(
    `with without as materialized (
       select u.key from (${rows('users')}) u
       where not exists (select from (${rows('crypto_profiles')}) p where p.user_id = u.key)
     )
     select count(*)::float8 as rows, (select array_agg(key) from (select key from without limit ${SAMPLES}) few) as samples
     from without`,
  )
  const { rows: count, samples } = found.rows[0]!
  if (count === 0) return []
  const becomes = 'an empty profile is made'
  return [
    {
      table: 'users',
      column: 'id',
      code: 'profile_missing',
      rows: count,
      samples: samples ?? [],
      outcome: 'carried',
      becomes,
    },
  ]
}
