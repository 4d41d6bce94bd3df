import { setTimeout as sleep } from 'node:timers/promises'
import { openSigner } from '../../src/audit/index.ts'
import { rollUp } from '../../src/ledger/index.ts'
import { countDays, takeSnapshot } from '../../src/operations/index.ts'
import type { Market } from '../support/market.ts'

/** The day's trades added up, and a snapshot in which everybody who has coins has a leaf. */
export async function seedLiabilities({ database, db, sealer }: Market): Promise<void> {
  // Transactions of other tests on the same server hold the ledger's mark back until they end.
  for (let tries = 0; (await countDays(db)) === 0; tries++) {
    if (tries === 300) throw new Error('the ledger was not rolled up')
    await rollUp(db)
    await sleep(50)
  }
  const signer = await openSigner(database.ownerUrl, db, sealer)
  await takeSnapshot(database.ownerUrl, signer)
}
