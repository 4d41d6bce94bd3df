import type { Database } from '../platform/index.ts'

/** Adds the appended entries of fees and custody to their accounts (ledger.roll_up). Returns how many it counted in. */
export async function rollUp(db: Database): Promise<number> {
  const result = await db.pool.query<{ entries: string }>('select ledger.roll_up() as entries')
  return Number(result.rows[0]?.entries ?? 0)
}
