import type pg from 'pg'
import { recordPrices } from '../../src/prices/index.ts'

/** A coin on the board, with a minute, an hour and a day of history, and a source that fails. */
export async function seedPrices(database: pg.Client): Promise<void> {
  const price = { currency: 'BTC', priceUsd: '65000' }
  await recordPrices(database, { at: new Date(), prices: [price], markets: [] })
  await database.query(
    `insert into fairlock.price_sources (source, next_at, tried_at, failing_since, failure)
     values ('one', now(), now(), now(), 'timeout')`,
  )
}
