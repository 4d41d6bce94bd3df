import type { Database } from '../../platform/index.ts'

const BATCH = 500

/** Purges the details of removed methods whose time has come; returns how many. */
export async function purgePaymentDetails(db: Database): Promise<number> {
  let purged = 0
  while (true) {
    const { rows } = await db.pool.query<{ count: number }>(
      'select fairlock.purge_payment_details($1) as count',
      [BATCH],
    )
    const count = rows[0]?.count ?? 0
    purged += count
    if (count < BATCH) return purged
  }
}
