import { sql } from 'kysely'
import { type Static, Type } from 'typebox'
import {
  type App,
  answers,
  type Database,
  Money,
  Nullable,
  query,
  strict,
  Time,
} from '../../platform/index.ts'
import { KycLevel } from '../schemas.ts'
import { Reason } from './schemas.ts'

const Level = Type.Object({ level: KycLevel, dailyLimit: Money, monthlyLimit: Money })
const Window = Type.Object({
  limit: Money,
  used: Money,
  left: Money,
  resetsAt: Type.String({ ...Time, description: 'Midnight in UTC, when what is used counts no more.' }),
})
const Limits = Type.Object({
  kycLevel: KycLevel,
  currency: Type.Literal('USD'),
  daily: Window,
  monthly: Window,
  next: Nullable(Level),
})
const Limit = Type.String({
  pattern: '^(?:0|[1-9]\\d{0,11})(?:\\.\\d{1,8})?$',
  description: 'US dollars; decimal string, at most 12 digits before the point and 8 after it.',
  examples: ['2000'],
})

/** What each KYC level may trade, what is left of it, and how an administrator changes it. */
export function levelRoutes(app: App, db: Database): void {
  app.get(
    '/v1/me/limits',
    {
      schema: {
        tags: ['People'],
        summary: 'What you may trade in a day and a month, and how much of it is used',
        description:
          'Counted in US dollars at each trade’s own price, for both sides, from the take on. A trade that ends without ' +
          'completing is given back. Days and months are those of UTC.',
        response: answers(200, Limits),
      },
    },
    (request) => db.call<Static<typeof Limits>>(request.caller, 'select fairlock.my_limits() as answer', []),
  )
  app.get(
    '/v1/kyc-levels',
    {
      config: { access: 'public' },
      schema: {
        tags: ['People'],
        summary: 'What each KYC level may trade in a day and a month',
        response: answers(
          200,
          Type.Object({
            currency: Type.Literal('USD'),
            items: Type.Array(Level),
            nextCursor: Type.Null(),
          }),
        ),
      },
    },
    async (request) => {
      const rows = await db.read(
        request.caller,
        sql<{ body: Static<typeof Level> }>`
          select fairlock.kyc_level_json(k) as body from fairlock.kyc_levels k order by place`.compile(query),
      )
      return { currency: 'USD' as const, items: rows.map(({ body }) => body), nextCursor: null }
    },
  )
  app.put(
    '/v1/admin/kyc-levels/:level',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['Administration'],
        summary: 'Change what a KYC level may trade; it holds for everybody of the level at once',
        params: strict({ level: KycLevel }),
        body: strict({ dailyLimit: Limit, monthlyLimit: Limit, reason: Reason }),
        response: answers(200, Level),
      },
    },
    (request) =>
      db.command<Static<typeof Level>>(
        request.caller,
        'set_kyc_level',
        { ...request.params, ...request.body },
        null,
      ),
  )
}
