import { type CompiledQuery, sql } from 'kysely'
import type { Static } from 'typebox'
import { query } from '../platform/index.ts'
import type { Offer } from './schemas.ts'

type Row = { at: string; id: string; body: Static<typeof Offer> }
export type Search = {
  pair?: string
  side?: 'sell' | 'buy'
  paymentMethodType?: string
  amount?: string
}

/**
 * The market, best price first for who takes: the cheapest of the sell offers, the dearest of the buy offers. With a
 * payment method it walks the listings, so that a rare method does not read past a million others. `after` is price
 * and id of the last row seen. Who is signed in does not meet the offers of
 * people with whom they do not trade. Without side or pair the order is still by price, within what is found.
 */
export function searchOffers(
  search: Search,
  limit: number,
  after: [string, string] | null,
  isSignedIn = false,
): CompiledQuery<Row> {
  const dearestFirst = search.side === 'buy'
  const direction = dearestFirst ? sql`desc` : sql`asc`
  const beyond = dearestFirst ? sql`<` : sql`>`
  const byMethod = search.paymentMethodType !== undefined
  const key = byMethod ? sql`l.price, l.offer_id` : sql`o.price, o.id`
  const sorted = byMethod
    ? sql`l.price ${direction}, l.offer_id ${direction}`
    : sql`o.price ${direction}, o.id ${direction}`
  const source = byMethod
    ? sql`fairlock.offer_listings l join fairlock.offers o on o.id = l.offer_id`
    : sql`fairlock.offers o`
  const table = byMethod ? sql`l` : sql`o`
  return sql<Row>`
    select o.price::text as at, o.id, fairlock.offer_json(o) as body
    from ${source}
    where o.listed and (o.expires_at is null or o.expires_at > now())
      ${isSignedIn ? sql`and o.maker_id <> all (array(select fairlock.apart()))` : sql``}
      and (o.hidden_until is null or o.hidden_until <= now())
      ${search.pair === undefined ? sql`` : sql`and ${table}.pair = ${search.pair}`}
      ${search.side === undefined ? sql`` : sql`and ${table}.side = ${search.side}`}
      ${byMethod ? sql`and l.payment_method_type = ${search.paymentMethodType}` : sql``}
      ${
        search.amount === undefined
          ? sql``
          : sql`and ${search.amount}::numeric between o.min_amount and least(o.max_amount, o.total_amount - o.taken_amount)`
      }
      ${after === null ? sql`` : sql`and (${key}) ${beyond} (${after[0]}::numeric, ${after[1]}::uuid)`}
    order by ${sorted} limit ${limit + 1}`.compile(query)
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
