import type { Market } from '../support/market.ts'
import { withClient } from '../support/server.ts'

/** A round trip for each of more than a hundred tables would take longer than their sums. */
const SUMS = `
  create function pg_temp.checksums() returns jsonb language plpgsql as $$
  declare
    name text;
    sum text;
    sums jsonb := '{}';
  begin
    for name in
      select format('%I.%I', schemaname, tablename) from pg_tables
      where schemaname in ('public', 'fairlock', 'ledger', 'audit') and tablename <> 'rate_limits'
    loop
      execute format(
        $sum$select count(*) || ' rows ' || md5(coalesce(string_agg(md5(t::text), '' order by md5(t::text)), ''))
             from %s t$sum$, name) into sum;
      sums := sums || jsonb_build_object(name, sum);
    end loop;
    return sums;
  end $$`

/** One checksum per table, whatever the order of its rows; the rate limiter's counters aside. */
export function checksums(market: Market): Promise<Record<string, string>> {
  return withClient(market.database.superuserUrl, async (client) => {
    await client.query(SUMS)
    const { rows } = await client.query<{ sums: Record<string, string> }>(
      'select pg_temp.checksums() as sums',
    )
    return rows[0]!.sums
  })
}
