import pg from 'pg'
import { publishQuotes } from '../../src/prices/index.ts'
import { testQuotes } from './quotes.ts'

/** What every test finds in its market: prices, so that trades have a value. */
export async function furnish(appUrl: string): Promise<void> {
  const client = new pg.Client(appUrl)
  await client.connect()
  try {
    await publishQuotes(client, testQuotes())
  } finally {
    await client.end()
  }
}
