import pg from 'pg'
import { install, installState, type Mapping, OLD_TABLES, readShapes } from '../../src/adoption/index.ts'
import { type Legacy, makeLegacy } from '../../src/adoption/legacy/index.ts'
import { COLUMNS, type OldTable } from '../../src/adoption/tables.ts'
import { bringUp } from '../../src/cli/bring-up.ts'
import { verifyLedger } from '../../src/ledger/index.ts'
import { asEngine, marketUrls } from '../../src/platform/index.ts'
import { withSession } from '../../src/platform/migrator/index.ts'
import { emptyDatabase, type TestDatabase } from '../support/server.ts'

export type Outcome = { carried: number; unchanged: number; quarantined: number; removed: number }

/** An old platform's database beside which the new schema stands, and a session that carries rows by hand. */
export type Carrying = {
  database: TestDatabase
  legacy: Legacy
  owner: pg.Client
  engine: pg.Client
  /** Carries the rows with these keys, or all of the table. */
  carry(table: OldTable, keys?: string[]): Promise<Outcome>
  /** Works off what waits because of what was carried. */
  drain(): Promise<void>
  /** What `fairlock ledger verify` finds. */
  ledgerProblems(): Promise<string[]>
  end(): Promise<void>
}

const custody = (provider: string | null, connected: boolean, is: boolean) =>
  ['bitcoin', 'ethereum', 'litecoin', 'solana', 'ripple', 'tron', null].map((chain) => ({
    provider,
    chain,
    connected,
    wallets: 1,
    balance: {},
    custody: is,
    certain: true,
  }))

const MAPPING: Omit<Mapping, 'tables'> = {
  version: 1,
  zone: 'UTC',
  statuses: {
    trades: {
      open: 'open',
      pending: 'live',
      paid: 'live',
      completed: 'completed',
      filled: 'completed',
      done: 'completed',
      cancelled: 'cancelled',
    },
    transactions: {
      pending: 'pending',
      completed: 'completed',
      done: 'completed',
      confirmed: 'completed',
      success: 'completed',
      failed: 'failed',
      cancelled: 'cancelled',
    },
    kyc: { pending: 'pending', verified: 'basic', rejected: 'rejected' },
  },
  sides: { buy: 'buy', sell: 'sell', bid: 'buy', ask: 'sell' },
  types: {
    deposit: 'deposit',
    withdrawal: 'withdrawal',
    transfer: 'transfer',
    buy: 'buy',
    sell: 'sell',
    fee: 'fee',
  },
  currencies: {},
  wallets: [
    ...['platform', 'custodial', null].flatMap((provider) => custody(provider, false, true)),
    ...['metamask', 'ledger', 'walletconnect', 'trezor'].flatMap((provider) =>
      custody(provider, true, false),
    ),
  ],
  counterpartyKeys: ['buyer_id', 'counterparty_id'],
  secrets: [],
}

/** Makes an old database, brings the new schema up beside it and carries nothing yet. */
export async function startCarrying(options: Parameters<typeof makeLegacy>[1]): Promise<Carrying> {
  const database = await emptyDatabase()
  const legacy = await makeLegacy(database.ownerUrl, options)
  await withSession(database.ownerUrl, async (session) => {
    await installState(session)
    const shapes = await readShapes(session)
    const tables = Object.fromEntries(
      OLD_TABLES.map((table) => {
        const names = shapes.find((shape) => shape.table === table)?.columns.map(({ name }) => name) ?? []
        const columns = Object.keys(COLUMNS[table])
        return [table, Object.fromEntries(columns.map((name) => [name, names.includes(name) ? name : null]))]
      }),
    ) as Mapping['tables']
    await session.query(
      `insert into fairlock_adoption.state (phase, mapping, recognised) values ('carrying', $1, '{}')`,
      [{ ...MAPPING, tables }],
    )
    await bringUp(database)
    await install(session)
  })
  const owner = await connect(database.ownerUrl)
  const engine = await connect(database.ownerUrl)
  await engine.query(
    `set timezone = 'UTC'; set synchronous_commit = off; set search_path = fairlock_next, public; set role fairlock_engine;
     select set_config('fairlock.carrying', 'on', false), set_config('fairlock.operation', 'adoption', false)`,
  )
  const carry = async (table: OldTable, keys?: string[]) => {
    const all =
      keys ??
      (await engine.query<{ key: string }>(`select key from fairlock_adoption.old_${table}`)).rows.map(
        ({ key }) => key,
      )
    const sum: Outcome = { carried: 0, unchanged: 0, quarantined: 0, removed: 0 }
    for (let at = 0; at < all.length; at += 500) {
      const { rows } = await engine.query<Outcome>(`select * from fairlock_adoption.carry_${table}($1)`, [
        all.slice(at, at + 500),
      ])
      for (const name of Object.keys(sum) as (keyof Outcome)[]) sum[name] += rows[0]![name]
    }
    return sum
  }
  return {
    database,
    legacy,
    owner,
    engine,
    carry,
    async drain() {
      for (;;) {
        const { rows } = await engine.query<{ table_name: OldTable; keys: string[] }>(
          `with taken as (delete from fairlock_adoption.marks returning table_name, key)
           select table_name, array_agg(distinct key) as keys from taken where table_name = any ($1) group by 1`,
          [['users', 'crypto_prices', 'crypto_profiles', 'crypto_wallets']],
        )
        if (rows.length === 0) return
        for (const { table_name, keys } of rows) await carry(table_name, keys)
      }
    },
    async ledgerProblems() {
      const { ownerUrl } = await marketUrls(database)
      const report = await asEngine(ownerUrl, (client) => verifyLedger(client))
      return report.checks.flatMap(({ findings }) =>
        findings.map(({ table, id, what }) => `${table} ${id} ${what}`),
      )
    },
    async end() {
      await Promise.all([owner.end(), engine.end()])
    },
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  await client.connect()
  return client
}
