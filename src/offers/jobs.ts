import type { Database } from '../platform/index.ts'

/** Takes offers off the market whose time is over. Returns how many. */
export async function closeExpiredOffers(db: Database): Promise<number> {
  const result = await db.pool.query<{ closed: number }>(
    'select fairlock.close_expired_offers(200) as closed',
  )
  return result.rows[0]?.closed ?? 0
}
