import type pg from 'pg'
import { recordPrices } from '../../src/prices/index.ts'

/** A coin on the board, with a minute, an hour and a day of history. */
export async function seedPrices(database: pg.Client): Promise<void> {
  const price = { currency: 'BTC', priceUsd: '65000' }
  await recordPrices(database, { at: new Date(), prices: [price], markets: [] })
}
