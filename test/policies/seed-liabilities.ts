import { openSigner } from '../../src/audit/index.ts'
import { takeSnapshot } from '../../src/operations/index.ts'
import { countAllDays } from '../support/days.ts'
import type { Market } from '../support/market.ts'

/** The day's trades added up, and a snapshot in which everybody who has coins has a leaf. */
export async function seedLiabilities({ database, db, sealer }: Market): Promise<void> {
  await countAllDays(db)
  const signer = await openSigner(database.ownerUrl, db, sealer)
  await takeSnapshot(database.ownerUrl, signer)
}
