import { sql } from 'kysely'
import { MOVEMENTS, type Period, within } from '../queries.ts'
import type { Cells, Columns } from './csv.ts'
import { type Reader, throughCursor } from './cursor.ts'

/** What a tax program needs to know of each coin that came or went, in this order. */
export const TAX_COLUMNS: Columns = {
  time: 'text',
  type: 'text',
  asset: 'text',
  quantity: 'number',
  fee_quantity: 'number',
  net_quantity: 'number',
  rate: 'number',
  fiat_currency: 'text',
  gross_value: 'number',
  fee_value: 'number',
  net_value: 'number',
  usd_value: 'number',
  counterparty_id: 'text',
  trade_id: 'text',
  id: 'text',
}

/**
 * One row for each acquisition, disposal and transfer of a period, oldest first; what is held and given back is neither.
 * `quantity` is what was traded: of a sale what the buyer paid for, of a purchase what was paid for. With the fee beside
 * it (added by the seller, taken from what the buyer gets) it makes `net_quantity`, what left the wallet or came into it.
 * `usd_value` is the gross value in US dollars at the rate of exchange of the take, empty when nobody could tell it.
 * There is no gain: every country has a method of its own.
 */
export function taxRows(
  reader: Reader,
  person: string,
  period: Period,
): AsyncGenerator<Cells[], void, undefined> {
  return throughCursor(
    reader,
    sql`
      select fairlock.rfc3339(x.created_at) as time,
        case x.transaction_type when 'buy' then 'acquisition' when 'sell' then 'disposal' when 'fee' then 'fee'
          else case when fairlock.available_change(x) > 0 then 'transfer_in' else 'transfer_out' end end as type,
        x.currency as asset, traded.quantity::text as quantity, x.platform_fee::text as fee_quantity,
        abs(x.amount)::text as net_quantity, x.exchange_rate::text as rate, x.fiat_currency,
        worth.gross::text as gross_value, worth.fee::text as fee_value,
        case x.transaction_type when 'buy' then worth.gross - worth.fee when 'sell' then worth.gross - worth.fee
          else worth.gross end::text as net_value,
        round(case when x.trade_id is null then case x.fiat_currency when 'USD' then x.fiat_value end
          else t.reference_value * traded.quantity / t.amount end, 2)::text as usd_value,
        other.user_id as counterparty_id, x.trade_id, x.id
      from ${MOVEMENTS}
      left join fairlock.currencies fiat on fiat.code = x.fiat_currency
      cross join lateral (
        select case x.transaction_type when 'buy' then x.amount + x.platform_fee
          when 'sell' then x.amount - x.platform_fee else abs(x.amount) end as quantity
      ) traded
      cross join lateral (
        select case when x.trade_id is null then round(x.fiat_value, fiat.decimals)
            else round(traded.quantity * x.exchange_rate, fiat.decimals) end as gross,
          coalesce(round(x.platform_fee * x.exchange_rate, fiat.decimals), 0) as fee
      ) worth
      where x.user_id = ${person}::uuid and x.category is not null and x.status = 'completed'
        and x.transaction_type in ('buy', 'sell', 'adjustment', 'deposit', 'withdrawal', 'fee') ${within(period)}
      order by x.created_at, x.id`,
  )
}
