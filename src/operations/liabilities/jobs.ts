import type { Signer } from '../../audit/index.ts'
import type { Database } from '../../platform/index.ts'
import { publishHeads } from './heads.ts'
import { takeSnapshot } from './snapshot.ts'

const ROWS_PER_STEP = 10_000
const MOST_STEPS = 100

type Work = {
  readonly ownerUrl: string
  readonly db: Database
  readonly signer: Signer
  readonly file: string
}

/** Takes the snapshot that is due, lets go of what is old, and publishes what is not published yet. */
export async function tendLiabilities({ ownerUrl, db, signer, file }: Work): Promise<void> {
  await takeSnapshot(ownerUrl, signer, { whenDue: true })
  await retireLiabilities(db)
  await publishHeads(db, file)
}

/** Removes leaves and nodes of snapshots older than the house keeps them. */
export async function retireLiabilities(db: Database): Promise<void> {
  for (let step = 0; step < MOST_STEPS; step++) {
    const { rows } = await db.pool.query<{ gone: number }>('select fairlock.retire_liabilities($1) as gone', [
      ROWS_PER_STEP,
    ])
    if (rows[0]!.gone === 0) return
  }
}
