import { openSigner } from '../../src/audit/index.ts'
import { countDays, takeSnapshot } from '../../src/operations/index.ts'
import type { Market } from '../support/market.ts'

/** The day's trades added up, and a snapshot in which everybody who has coins has a leaf. */
export async function seedLiabilities({ database, db, sealer }: Market): Promise<void> {
  await db.pool.query('select ledger.roll_up()')
  await db.pool.query('select ledger.roll_up()')
  await countDays(db)
  const signer = await openSigner(database.ownerUrl, db, sealer)
  await takeSnapshot(database.ownerUrl, signer)
}
