import { type CompiledQuery, sql } from 'kysely'
import type { Static } from 'typebox'
import { query } from '../platform/index.ts'
import type { Bar, BoardPrice, CoinPrice } from './schemas.ts'

export type IntervalName = 'minute' | 'hour' | 'day'

const TABLES = {
  minute: sql.table('fairlock.price_history'),
  hour: sql.table('fairlock.price_hours'),
  day: sql.table('fairlock.price_days'),
}

/** The coins of the house in the order of their market value, those whose place is not known last, by symbol. */
export function boardPrices(
  limit: number,
  after: [string, string] | null,
): CompiledQuery<{ at: string; id: string; body: Static<typeof BoardPrice> }> {
  return sql<{ at: string; id: string; body: Static<typeof BoardPrice> }>`
    select place::text as at, code as id, fairlock.board_json(c, b) as body
    from fairlock.currencies c left join fairlock.price_board b on b.currency = c.code,
      lateral coalesce(b.market_cap_rank, 2147483647) place
    where c.kind = 'crypto'
      ${after === null ? sql`` : sql`and (place, code) > (${after[0]}::integer, ${after[1]})`}
    order by place, code limit ${limit + 1}`.compile(query)
}

/** One coin with its quotes, and whether the currency that was asked for is one of the house. */
export function coinPrice(
  symbol: string,
  currency: string | null,
): CompiledQuery<{ body: Static<typeof CoinPrice>; isKnown: boolean }> {
  return sql<{ body: Static<typeof CoinPrice>; isKnown: boolean }>`
    select fairlock.board_json(c, b) || jsonb_build_object('quotes', fairlock.quotes_json(c.code, ${currency})) as body,
      ${currency}::text is null or exists (select from fairlock.currencies where code = ${currency}) as "isKnown"
    from fairlock.currencies c left join fairlock.price_board b on b.currency = c.code
    where c.kind = 'crypto' and c.code = ${symbol}`.compile(query)
}

/** Bars of one coin, oldest first; a row without a bar where there is none. None at all: no such coin. */
export function priceHistory(
  symbol: string,
  { interval, from, to }: { interval: IntervalName; from: Date; to: Date },
  limit: number,
  after: string | null,
): CompiledQuery<{ at: string; body: Static<typeof Bar> | null }> {
  return sql<{ at: string; body: Static<typeof Bar> | null }>`
    select h.body ->> 'at' as at, h.body
    from fairlock.currencies c left join fairlock.price_board b on b.currency = c.code
    left join lateral (
      select fairlock.bar_json(bar.open, bar.high, bar.low, bar.close, bar.samples, bar.first_at, bar.last_at,
        bar.is_sample, bar.at) as body
      from ${TABLES[interval]} bar
      where bar.currency = c.code and bar.is_sample = coalesce(b.is_sample, false)
        and bar.at >= ${from} and bar.at < ${to}
        ${after === null ? sql`` : sql`and bar.at > ${after}::timestamptz`}
      order by bar.at limit ${limit + 1}
    ) h on true
    where c.kind = 'crypto' and c.code = ${symbol} order by 1`.compile(query)
}
