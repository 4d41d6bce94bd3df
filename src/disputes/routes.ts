import { sql } from 'kysely'
import { Type } from 'typebox'
import {
  type App,
  answers,
  type Database,
  IdempotencyHeaders,
  IdParams,
  Problem,
  query,
  strict,
} from '../platform/index.ts'

/** The address is there, so that programs can be written against it; disputes themselves come with their issue. */
export function disputeRoutes(app: App, { db }: { db: Database }): void {
  app.post(
    '/v1/trades/:id/dispute',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['Trades'],
        summary: 'Open a dispute: not in this version yet, the coins stay in escrow',
        params: IdParams,
        headers: IdempotencyHeaders,
        body: strict({
          reason: Type.String({ minLength: 1, maxLength: 100 }),
          description: Type.Optional(Type.String({ maxLength: 4000 })),
        }),
        response: answers(201, Type.Null()),
      },
    },
    async (request) => {
      const seen = sql`select from crypto_trades where id = ${request.params.id}`.compile(query)
      if ((await db.read(request.caller, seen)).length === 0) throw new Problem('not_found')
      throw new Problem('disputes_not_open_yet')
    },
  )
}
