import pg from 'pg'
import type { Market } from '../support/market.ts'

/** One checksum per table, whatever the order of its rows; the rate limiter's counters aside. */
export async function checksums(market: Market): Promise<Record<string, string>> {
  const client = new pg.Client(market.database.superuserUrl)
  await client.connect()
  try {
    const { rows } = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname in ('public', 'fairlock', 'ledger', 'audit') and tablename <> 'rate_limits' order by 1`,
    )
    const sums: Record<string, string> = {}
    for (const { name } of rows) {
      const found = await client.query<{ sum: string }>(
        `select count(*) || ' rows ' || md5(coalesce(string_agg(md5(t::text), '' order by md5(t::text)), '')) as sum
         from ${name} t`,
      )
      sums[name] = found.rows[0]?.sum ?? ''
    }
    return sums
  } finally {
    await client.end()
  }
}
