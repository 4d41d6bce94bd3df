import pg from 'pg'
import { asEngine } from '../../src/platform/index.ts'
import { publishQuotes } from '../../src/prices/index.ts'
import { testQuotes } from './quotes.ts'

/**
 * What every test finds in its market: prices, so that trades have a value, and limits that nobody comes near. A test of
 * limits sets those that are shipped.
 */
export async function furnish({ appUrl, ownerUrl }: { appUrl: string; ownerUrl: string }): Promise<void> {
  await setLevels(ownerUrl, { none: RAISED, basic: RAISED, full: RAISED, institution: RAISED })
  const client = new pg.Client(appUrl)
  await client.connect()
  try {
    await publishQuotes(client, testQuotes())
  } finally {
    await client.end()
  }
}

type Level = [daily: number, monthly: number]
const RAISED: Level = [1e11, 1e11]
/** What Fairlock is shipped with, in US dollars. */
export const SHIPPED_LEVELS: Record<string, Level> = {
  none: [200, 1000],
  basic: [2000, 20_000],
  full: [20_000, 200_000],
  institution: [1_000_000, 10_000_000],
}

/** Sets what KYC levels may trade, for those who have the level already too. */
export async function setLevels(ownerUrl: string, levels: Record<string, Level>): Promise<void> {
  await asEngine(ownerUrl, async (client) => {
    for (const [level, limits] of Object.entries(levels)) {
      await client.query(
        'update fairlock.kyc_levels set daily_limit = $2, monthly_limit = $3 where level = $1',
        [level, ...limits],
      )
    }
    await client.query('select fairlock.apply_kyc_levels()')
  })
}
