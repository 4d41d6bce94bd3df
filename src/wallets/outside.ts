import { sql } from 'kysely'
import { type Static, Type } from 'typebox'
import {
  type App,
  answers,
  type Database,
  decodeCursor,
  Id,
  isTimeAndId,
  Money,
  Nullable,
  Page,
  PageQuery,
  pageOf,
  query,
  strict,
  Time,
} from '../platform/index.ts'

const OutsideWallet = Type.Object({
  id: Id,
  currency: Type.String(),
  address: Nullable(Type.String()),
  provider: Nullable(Type.String({ examples: ['metamask'] })),
  chain: Nullable(Type.String({ examples: ['ethereum'] })),
  lastKnownBalance: Nullable(Money),
  isPrimary: Type.Boolean(),
  lastSyncedAt: Nullable(Time),
  createdAt: Time,
})
type OutsideWalletRow = { at: string; id: string; body: Static<typeof OutsideWallet> }

/** The list of wallets that a person connected on the platform they come from. */
export function outsideRoute(app: App, db: Database): void {
  app.get(
    '/v1/outside-wallets',
    {
      schema: {
        tags: ['Wallets'],
        summary: 'Wallets outside of the platform that you connected before it moved here, newest first',
        description:
          'For information: their coins were never in the custody of the platform, and the balance is what was last known.',
        querystring: strict(PageQuery),
        response: answers(200, Page(OutsideWallet)),
      },
    },
    async (request) => {
      const { limit = 20, cursor } = request.query
      const after = decodeCursor('outside-wallets', cursor, isTimeAndId)
      const rows = await db.read(
        request.caller,
        sql<OutsideWalletRow>`
          select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, id,
            jsonb_build_object('id', id, 'currency', currency, 'address', address, 'provider', provider,
              'chain', chain_type, 'lastKnownBalance', last_known_balance::text, 'isPrimary', is_primary,
              'lastSyncedAt', fairlock.rfc3339(last_synced_at), 'createdAt', fairlock.rfc3339(created_at)) as body
          from fairlock.outside_wallets
          where user_id = (select fairlock.acting_user())
            ${after === null ? sql`` : sql`and (created_at, id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
          order by created_at desc, id desc limit ${limit + 1}`.compile(query),
      )
      return pageOf('outside-wallets', limit, rows)
    },
  )
}
