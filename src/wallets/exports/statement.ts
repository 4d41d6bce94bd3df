import { Decimal } from 'decimal.js'
import { sql } from 'kysely'
import { query } from '../../platform/index.ts'
import { MOVEMENTS, type Period, within } from '../queries.ts'
import type { Cells, Columns } from './csv.ts'
import { type Reader, throughCursor } from './cursor.ts'

/** Enough digits for any sum of numeric(20, 8): nothing is ever rounded here. */
const Exact = Decimal.clone({ precision: 60 })

/** What a statement says of each movement, in this order. */
export const STATEMENT_COLUMNS: Columns = {
  time: 'text',
  type: 'text',
  category: 'text',
  currency: 'text',
  amount: 'number',
  available_change: 'number',
  available: 'number',
  held: 'number',
  network_fee: 'number',
  platform_fee: 'number',
  exchange_rate: 'number',
  fiat_value: 'number',
  fiat_currency: 'text',
  destination_name: 'text',
  destination_description: 'text',
  counterparty_id: 'text',
  counterparty_name: 'text',
  trade_id: 'text',
  status: 'text',
  id: 'text',
}

type Opening = { time: string | null; end: string; currency: string; available: string; held: string }
type Balance = { available: Decimal; held: Decimal }

/**
 * The movements of a period, oldest first, with what could be used and what was held after each; before them the opening
 * balance of each wallet, after them the closing one. The balances are counted back from what the wallet shows in the
 * same snapshot, so that a statement up to now ends with it.
 */
export async function* statementRows(
  reader: Reader,
  person: string,
  period: Period,
): AsyncGenerator<Cells[], void, undefined> {
  const openings = await readOpenings(reader, person, period)
  const balances = new Map<string, Balance>(
    openings.map(({ currency, available, held }) => [
      currency,
      { available: new Exact(available), held: new Exact(held) },
    ]),
  )
  yield openings.map((one) =>
    balanceRow('opening_balance', one.time, one.currency, balances.get(one.currency)!),
  )
  const movements = sql`
    select fairlock.rfc3339(x.created_at) as time, x.transaction_type as type, x.category, x.currency,
      x.amount::text as amount, fairlock.available_change(x)::text as available_change,
      fairlock.held_change(x)::text as held_change, x.network_fee::text as network_fee,
      x.platform_fee::text as platform_fee, x.exchange_rate::text as exchange_rate, x.fiat_value::text as fiat_value,
      x.fiat_currency, x.destination_name, x.destination_description, other.user_id as counterparty_id,
      other.display_name as counterparty_name, x.trade_id, x.status, x.id
    from ${MOVEMENTS}
    where x.user_id = ${person}::uuid ${within(period)}
    order by x.created_at, x.id`
  for await (const rows of throughCursor(reader, movements))
    yield rows.map((row) => withBalance(row, balances))
  yield openings.map((one) =>
    balanceRow('closing_balance', one.end, one.currency, balances.get(one.currency)!),
  )
}

async function readOpenings(
  reader: Reader,
  person: string,
  { from, to, currency }: Period,
): Promise<Opening[]> {
  const compiled = sql`
    with since as (
      select x.currency, sum(fairlock.available_change(x)) as available, sum(fairlock.held_change(x)) as held
      from crypto_transactions x
      where x.user_id = ${person}::uuid ${within({ from, currency })} group by x.currency
    ), holding as (
      select currency, sum(amount) as amount from crypto_escrows
      where seller_id = ${person}::uuid and status in ('funded', 'disputed') group by currency
    )
    select fairlock.rfc3339(${from ?? null}::timestamptz) as time,
      fairlock.rfc3339(least(${to ?? null}::timestamptz, now())) as end, w.currency,
      (w.balance - coalesce(since.available, 0))::text as available,
      (coalesce(holding.amount, 0) - coalesce(since.held, 0))::text as held
    from crypto_wallets w
    left join since on since.currency = w.currency left join holding on holding.currency = w.currency
    where w.user_id = ${person}::uuid ${currency === undefined ? sql`` : sql`and w.currency = ${currency}`}
    order by w.currency`.compile(query)
  const { rows } = await reader.query<Opening>(compiled.sql, [...compiled.parameters])
  return rows
}

function withBalance({ held_change = null, ...row }: Cells, balances: Map<string, Balance>): Cells {
  const before = balances.get(row.currency ?? '')
  const { available_change = null } = row
  // Of rows from before Fairlock nobody knows what they did to a balance.
  if (before === undefined || available_change === null) return row
  const after = {
    available: before.available.plus(available_change),
    held: before.held.plus(held_change ?? 0),
  }
  balances.set(row.currency ?? '', after)
  return { ...row, ...shown(after) }
}

function balanceRow(type: string, time: string | null, currency: string, balance: Balance): Cells {
  return { time, type, currency, ...shown(balance) }
}

function shown({ available, held }: Balance): Cells {
  return { available: available.toFixed(8), held: held.toFixed(8) }
}
