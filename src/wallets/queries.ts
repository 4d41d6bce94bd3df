import { sql } from 'kysely'
import type { Static } from 'typebox'
import type { Movement } from './schemas.ts'

export type MovementRow = { at: string; id: string; body: Static<typeof Movement> }

/** A movement as the API shows it, with the keys that a page of the statement ends with. */
export const MOVEMENT = sql`to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, id,
  jsonb_build_object('id', id, 'type', transaction_type, 'amount', amount::text, 'currency', currency,
    'status', status, 'tradeId', trade_id, 'platformFee', platform_fee::text, 'category', category,
    'exchangeRate', exchange_rate::text, 'createdAt', fairlock.rfc3339(created_at)) as body`
