import type { Database } from '../platform/index.ts'

/** Takes offers off the market whose time is over. Returns how many. */
export async function closeExpiredOffers(db: Database): Promise<number> {
  const result = await db.pool.query<{ closed: number }>(
    'select fairlock.close_expired_offers(200) as closed',
  )
  return result.rows[0]?.closed ?? 0
}

/** How many listings one transaction moves, and how many transactions one run makes at most. */
const BATCH = 2000
const BATCHES = 50

/**
 * Moves floating offers that the market has carried past their floor or ceiling to where they belong, as far as the
 * quote's own trigger has not. Returns how many listings it moved. A search is right before it, and faster after it.
 */
export async function anchorOffers(db: Database): Promise<number> {
  let moved = 0
  for (let i = 0; i < BATCHES; i++) {
    const result = await db.pool.query<{ moved: number }>('select fairlock.anchor_offers($1) as moved', [
      BATCH,
    ])
    const now = result.rows[0]?.moved ?? 0
    if (now === 0) break
    moved += now
  }
  return moved
}
