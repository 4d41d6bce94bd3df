import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { expand, install, installState, type Mapping } from '../../src/adoption/index.ts'
import { oldTables } from '../../src/adoption/old-tables.ts'
import { installTriggers } from '../../src/adoption/triggers.ts'
import { bringUp } from '../../src/cli/bring-up.ts'
import { marketUrls } from '../../src/platform/index.ts'
import { withSession } from '../../src/platform/migrator/index.ts'
import { furnish } from './house.ts'
import { emptyDatabase, type TestDatabase } from './server.ts'

const read = (path: string) => readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')

/** The old platform's tables as the specification has them. */
export const oldTablesSql = () => read('db/migrations/0001-old-tables/up.sql')

/** How a small old platform is read: its own words, the house's wallets in custody. */
export const SMALL_MAPPING: Mapping = {
  version: 1,
  tables: {
    users: own('email created_at'),
    crypto_profiles: own(
      'user_id wallet_address wallet_provider kyc_status kyc_verified_at trading_volume total_trades average_rating ' +
        'is_verified_trader preferred_currencies trading_pairs risk_tolerance investment_strategy ' +
        'notification_preferences security_settings created_at updated_at',
    ),
    crypto_wallets: own(
      'user_id wallet_address wallet_provider chain_type balance currency is_primary is_connected last_synced_at ' +
        'created_at updated_at',
    ),
    crypto_transactions: own(
      'user_id wallet_id transaction_hash from_address to_address amount currency transaction_fee status ' +
        'transaction_type timestamp confirmations block_number gas_price gas_limit gas_used metadata created_at updated_at',
    ),
    crypto_trades: own(
      'user_id transaction_id pair side price amount total_value fee fee_currency status order_type timestamp metadata ' +
        'created_at updated_at',
    ),
    crypto_prices: own(
      'symbol name price_usd price_change_24h volume_24h market_cap market_cap_rank high_24h low_24h ' +
        'circulating_supply total_supply max_supply last_updated created_at',
    ),
  },
  zone: 'Europe/Berlin',
  statuses: {
    trades: { OPEN: 'open', COMPLETED: 'completed', DONE: 'completed', CANCELED: 'cancelled' },
    transactions: { CONFIRMED: 'completed', PENDING: 'pending' },
    kyc: { unverified: 'pending', tier1: 'basic', tier2: 'full' },
  },
  sides: { BUY: 'buy', SELL: 'sell' },
  types: { TRADE_OUT: 'hold', TRADE_IN: 'buy', ADJUST: 'adjustment' },
  currencies: { BTC: 'BTC', ETH: 'ETH' },
  wallets: [
    {
      provider: 'house',
      chain: null,
      connected: false,
      wallets: 9,
      balance: {},
      custody: true,
      certain: true,
    },
    {
      provider: 'metamask',
      chain: null,
      connected: true,
      wallets: 5,
      balance: {},
      custody: false,
      certain: true,
    },
  ],
  counterpartyKeys: ['counterparty_id'],
  secrets: [],
}

function own(columns: string): Record<string, string> {
  return Object.fromEntries(columns.split(' ').map((column) => [column, column]))
}

/**
 * A database in which Fairlock serves beside an old application: the old tables that `oldSql` makes in `public`, the new
 * schema beside them, nothing carried. Its URLs find the new tables by their bare names.
 */
export async function besideDatabase(oldSql: string, mapping = SMALL_MAPPING): Promise<TestDatabase> {
  const database = await emptyDatabase()
  const owner = new pg.Client(database.ownerUrl)
  await owner.connect()
  await owner.query(oldSql)
  await owner.end()
  await withSession(database.ownerUrl, async (session) => {
    await installState(session)
    await session.query(`insert into fairlock_adoption.state (mapping, recognised) values ($1, '{}')`, [
      mapping,
    ])
    await bringUp(database)
    await install(session)
    await installTriggers(session, await oldTables(session))
    await expand(session)
    await session.query(`update fairlock_adoption.state set phase = 'beside'`)
  })
  const urls = await marketUrls(database)
  await furnish(urls)
  return { ...database, ...urls }
}
