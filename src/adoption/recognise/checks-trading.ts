import {
  amountChecks,
  type Check,
  carried,
  decimalsCheck,
  documentChecks,
  feeChecks,
  figureCheck,
  idCheck,
  momentChecks,
  quarantined,
  setAside,
  USER_MISSING,
} from './check.ts'

const UNTIL_MAPPED = 'stays until the mapping has it'
/** Types of which old platforms write what left with a minus sign. */
const LEAVING = `coalesce(o.w_transaction_type in ('withdrawal', 'sell', 'fee', 'adjustment'), false)`
const SMALL = `o.m_amount > -1000000000000 and o.m_amount < 1000000000000`

export const TRANSACTION_CHECKS: Check[] = [
  idCheck,
  USER_MISSING,
  ...amountChecks(
    'amount',
    'amount',
    `${SMALL} and (trunc(o.m_amount, 8) = 0 or o.m_amount < 0 and not ${LEAVING})`,
  ),
  quarantined(
    'currency_unknown',
    'currency',
    'o.w_currency is null',
    'stays until the mapping has the currency',
  ),
  quarantined('status_unknown', 'status', 'o.w_status is null', UNTIL_MAPPED),
  quarantined('type_unknown', 'transaction_type', 'o.w_transaction_type is null', UNTIL_MAPPED),
  quarantined(
    'wallet_of_another',
    'wallet_id',
    'wallet.user_id <> o.user_id',
    'stays until somebody says whose it is',
  ),
  setAside(
    'wallet_missing',
    'wallet_id',
    'o.wallet_id is not null and wallet.key is null',
    'carried without wallet',
  ),
  setAside(
    'wallet_outside',
    'wallet_id',
    'not wallet.custody',
    'carried without wallet, which has no statement here; which one it was is kept',
  ),
  setAside(
    'sign_dropped',
    'amount',
    `o.m_amount < 0 and ${LEAVING} and o.w_transaction_type <> 'adjustment'`,
    'the amount without sign: the type says which way',
  ),
  decimalsCheck('amount'),
  ...feeChecks('transaction_fee'),
  setAside(
    'fee_above_amount',
    'transaction_fee',
    `o.m_transaction_fee > abs(o.m_amount) and o.m_transaction_fee < 1000000000000`,
    'carried without fee: its meaning is unclear',
  ),
  figureCheck('confirmations', 'pg_temp.try_bigint(o.confirmations) between 0 and 2147483647'),
  ...['block_number', 'gas_limit', 'gas_used'].map((column) =>
    figureCheck(column, `pg_temp.try_bigint(o.${column}) >= 0`),
  ),
  figureCheck('gas_price', 'o.m_gas_price >= 0 and o.m_gas_price < 1000000000000'),
  ...momentChecks('timestamp', 'created_at, or another time of the row'),
  ...momentChecks('created_at', 'another time of the row, or that of the adoption'),
  ...documentChecks('metadata'),
]

/** The other party, by the mapping's keys. */
const NAMED = 'o.named'

export const TRADE_CHECKS: Check[] = [
  idCheck,
  USER_MISSING,
  quarantined('status_unknown', 'status', 'o.w_status is null', UNTIL_MAPPED),
  quarantined(
    'live_trade',
    'status',
    `o.w_status = 'live'`,
    'carried as soon as the old application has completed or cancelled it',
  ),
  quarantined('side_unknown', 'side', 'o.w_side is null', UNTIL_MAPPED),
  quarantined(
    'pair_unknown',
    'pair',
    'pairs.known is not true',
    'stays until the mapping has both currencies',
  ),
  quarantined(
    'pair_not_traded',
    'pair',
    `o.w_status = 'open' and pairs.known and not pairs.offered`,
    'Fairlock sells coins for currencies: stays until it is cancelled in the old application',
  ),
  ...amountChecks('price', 'price'),
  ...amountChecks('amount', 'amount'),
  quarantined(
    'self_trade',
    'metadata',
    `o.w_status <> 'open' and lower(${NAMED}) = o.user_id`,
    'no trade of two people',
  ),
  quarantined(
    'counterparty_missing',
    'metadata',
    `o.w_status not in ('open', 'live') and ${NAMED} is not null and other.key is null`,
    'waits for the other person',
  ),
  carried(
    'counterparty_none',
    'metadata',
    `o.w_status in ('completed', 'cancelled', 'expired') and ${NAMED} is null`,
    'a record of one side: nobody wrote down who the other was',
  ),
  setAside(
    'transaction_missing',
    'transaction_id',
    `o.w_status <> 'open' and o.transaction_id is not null and movement.key is null`,
    'carried without transaction',
  ),
  setAside(
    'transaction_of_another',
    'transaction_id',
    `o.w_status <> 'open' and movement.user_id not in (o.user_id, coalesce(other.key, o.user_id))`,
    'carried without transaction',
  ),
  decimalsCheck('price'),
  decimalsCheck('amount'),
  setAside(
    'total_differs',
    'total_value',
    `o.total_value is not null and (abs(o.m_total_value - round(trunc(o.m_price, 8) * trunc(o.m_amount, 8), 8)) < 0.01)
      is not true`,
    'price times amount, rounded as Fairlock does',
  ),
  ...feeChecks('fee'),
  setAside(
    'currency_unknown',
    'fee_currency',
    `btrim(o.fee_currency) <> '' and o.w_fee_currency is null`,
    'carried without the currency of the fee',
  ),
  ...momentChecks('timestamp', 'created_at, or another time of the row'),
  ...momentChecks('created_at', 'another time of the row, or that of the adoption'),
  ...documentChecks('metadata'),
]
