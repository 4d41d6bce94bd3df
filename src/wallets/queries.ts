import { type RawBuilder, sql } from 'kysely'
import type { Static } from 'typebox'
import type { Movement } from './schemas.ts'

export type MovementRow = { at: string; id: string; body: Static<typeof Movement> }

/**
 * Movements, the trade of each and who was on its other side, as far as the policies show them. The name is joined when
 * somebody reads: a row that kept it would have to be found when that person is erased.
 */
export const MOVEMENTS = sql`crypto_transactions x
  left join crypto_trades t on t.id = x.trade_id
  left join fairlock.traders other on other.user_id = case x.user_id when t.user_id then t.buyer_id else t.user_id end`

/** A movement as the API shows it, with the keys that a page of the statement ends with. */
export const MOVEMENT = sql`to_char(x.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, x.id,
  jsonb_build_object('id', x.id, 'type', x.transaction_type, 'amount', x.amount::text, 'currency', x.currency,
    'status', x.status, 'tradeId', x.trade_id, 'networkFee', x.network_fee::text, 'platformFee', x.platform_fee::text,
    'category', x.category, 'exchangeRate', x.exchange_rate::text, 'fiatValue', x.fiat_value::text,
    'fiatCurrency', x.fiat_currency, 'destinationName', x.destination_name,
    'destinationDescription', x.destination_description,
    'counterparty', case when other.user_id is not null then
      jsonb_build_object('id', other.user_id, 'displayName', other.display_name) end,
    'createdAt', fairlock.rfc3339(x.created_at)) as body`

/** What somebody asks for: from a time on, until before another, in one currency, of one category. */
export type Period = {
  from?: string | undefined
  to?: string | undefined
  currency?: string | undefined
  category?: string | undefined
}

/** The conditions of a period, each with "and" before it. */
export function within({ from, to, currency, category }: Period): RawBuilder<unknown> {
  return sql`${from === undefined ? sql`` : sql`and x.created_at >= ${from}::timestamptz`}
    ${to === undefined ? sql`` : sql`and x.created_at < ${to}::timestamptz`}
    ${currency === undefined ? sql`` : sql`and x.currency = ${currency}`}
    ${category === undefined ? sql`` : sql`and x.category = ${category}`}`
}
