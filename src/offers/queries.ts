import { type CompiledQuery, sql } from 'kysely'
import type { Static } from 'typebox'
import { query } from '../platform/index.ts'
import type { Offer } from './schemas.ts'

type Row = { at: string; id: string; body: Static<typeof Offer> }
type Found = { at: string[]; id: string; body: Static<typeof Offer> }
export type Search = {
  pair?: string | null
  side?: 'sell' | 'buy' | null
  paymentMethodType?: string | null
  amount?: string | null
}

/** Where a walk through the market is: pair and side, the market's price when it came there, the last offer's place and id. */
export type MarketPlace = [pair: string, side: 'sell' | 'buy', market: string, best: string, id: string]

/**
 * The market, best price now first for who takes: the cheapest of the sell offers, the dearest of the buy offers; without a
 * pair or side one after the other. fairlock.find_offers says how, and how a walk stays in order while the market moves.
 * Who is signed in does not meet the offers of people with whom they do not trade.
 */
export function searchOffers(
  { pair = null, side = null, paymentMethodType = null, amount = null }: Search,
  limit: number,
  after: MarketPlace | null,
  isSignedIn = false,
): CompiledQuery<Found> {
  const [atPair, atSide, market, best, id] = after ?? [null, null, null, null, null]
  return sql<Found>`
    select array[pair, side, coalesce(trim_scale(market)::text, ''), best::text] as at, id, body
    from fairlock.find_offers(${pair}, ${side}, ${paymentMethodType}, ${amount}::numeric, ${limit + 1}::integer,
      ${isSignedIn ? sql`array(select fairlock.apart())` : sql`null`},
      ${atPair}, ${atSide}, nullif(${market}, '')::numeric, ${best}::numeric, ${id}::uuid)`.compile(query)
}

/** One's own offers, newest first, closed ones too. */
export function ownOffers(limit: number, after: [string, string] | null): CompiledQuery<Row> {
  return sql<Row>`
    select to_char(o.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, o.id, fairlock.offer_json(o) as body
    from fairlock.offers o
    where o.maker_id = (select fairlock.acting_user())
      ${after === null ? sql`` : sql`and (o.created_at, o.id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
    order by o.created_at desc, o.id desc limit ${limit + 1}`.compile(query)
}

export function offerById(id: string): CompiledQuery<{ body: Static<typeof Offer> }> {
  return sql<{ body: Static<typeof Offer> }>`
    select fairlock.offer_json(o) as body from fairlock.offers o where o.id = ${id}`.compile(query)
}
