import { Type } from 'typebox'
import {
  type App,
  answers,
  type Database,
  decodeCursor,
  encodeCursor,
  IdempotencyHeaders,
  IdParams,
  idempotencyOf,
  isTimeAndId,
  isUuid,
  Page,
  PageQuery,
  strict,
} from '../../platform/index.ts'
import type { Sealer } from '../../platform/sealing/index.ts'
import { namedValues, openDetails, type SealedMethod, statementPlace } from './details.ts'
import { DuplicateGroup, StaffDetails, StaffMethod } from './schemas.ts'

const tags = ['Administration']
const PATH = '/v1/admin/payment-methods'

/** Compliance verifies payment methods and sees accounts that more than one person has. */
export function staffMethodRoutes(app: App, { db, sealer }: { db: Database; sealer: Sealer }): void {
  queueRoute(app, db)
  duplicatesRoute(app, db)
  detailsRoute(app, db, sealer)
  decisionRoute(app, db)
}

function queueRoute(app: App, db: Database): void {
  app.get(
    PATH,
    {
      schema: {
        tags,
        summary: 'Compliance: payment methods to verify, waiting longest first',
        querystring: strict({
          ...PageQuery,
          status: Type.Optional(
            Type.Union([Type.Literal('pending'), Type.Literal('verified'), Type.Literal('rejected')], {
              description: 'pending if not said: those whose owner asked',
            }),
          ),
        }),
        response: answers(200, Page(StaffMethod)),
      },
    },
    async (request) => {
      const { limit = 20, cursor, status = 'pending' } = request.query
      const after = decodeCursor('payment-method-queue', cursor, isTimeAndId)
      const { items } = await db.call<{ items: (StaffMethod & { at: string })[] }>(
        request.caller,
        'select fairlock.payment_method_queue($1, $2, $3, $4) as answer',
        [status, limit + 1, after?.[0] ?? null, after?.[1] ?? null],
      )
      const last = items.length > limit ? items[limit - 1] : undefined
      return {
        items: items.slice(0, limit).map(({ at: _, ...item }) => item),
        nextCursor: last === undefined ? null : encodeCursor('payment-method-queue', [last.at, last.id]),
      }
    },
  )
}

function duplicatesRoute(app: App, db: Database): void {
  app.get(
    `${PATH}/duplicates`,
    {
      schema: {
        tags,
        summary: 'Compliance: accounts that more than one person has or had, newest first',
        querystring: strict(PageQuery),
        response: answers(200, Page(DuplicateGroup)),
      },
    },
    async (request) => {
      const { limit = 20, cursor } = request.query
      const after = decodeCursor('payment-method-duplicates', cursor, isId)
      const { items } = await db.call<{ items: DuplicateGroup[] }>(
        request.caller,
        'select fairlock.duplicate_payment_methods($1, $2) as answer',
        [limit + 1, after?.[0] ?? null],
      )
      const last = items.length > limit ? items[limit - 1] : undefined
      return {
        items: items.slice(0, limit),
        nextCursor: last === undefined ? null : encodeCursor('payment-method-duplicates', [last.id]),
      }
    },
  )
}

function isId(parts: string[]): parts is [string] {
  return parts.length === 1 && isUuid(parts[0]!)
}

function detailsRoute(app: App, db: Database, sealer: Sealer): void {
  app.get(
    `${PATH}/:id/details`,
    {
      schema: {
        tags,
        summary: 'Compliance with a grant (payment_methods): the account of a method; the look is in the log',
        params: IdParams,
        response: answers(200, StaffDetails),
      },
    },
    async (request) => {
      type Row = SealedMethod & StaffMethod & { sealedStatement: string | null }
      const { row, details } = await openDetails(sealer, () =>
        db.call<Row>(request.caller, 'select fairlock.open_payment_method($1) as answer', [
          request.params.id,
        ]),
      )
      const { owner, sealed: _, sealedStatement, ...rest } = row
      const statement = await openStatement(sealer, owner, row.id, sealedStatement)
      return { ...rest, fields: namedValues(row.type, details), statement }
    },
  )
}

async function openStatement(
  sealer: Sealer,
  owner: string,
  id: string,
  sealed: string | null,
): Promise<string | null> {
  if (sealed === null) return null
  const bytes = await sealer.open(owner, statementPlace(id), sealed)
  try {
    return bytes.toString()
  } finally {
    bytes.fill(0)
  }
}

function decisionRoute(app: App, db: Database): void {
  app.post(
    `${PATH}/:id/verification-decision`,
    {
      config: { scope: 'session' },
      schema: {
        tags,
        summary: 'Compliance: verify a payment method, or refuse to, with a reason that its owner is told',
        params: IdParams,
        headers: IdempotencyHeaders,
        body: strict({
          verified: Type.Boolean(),
          reason: Type.String({
            minLength: 1,
            maxLength: 1000,
            pattern: '\\S',
            examples: ['The names agree.'],
          }),
        }),
        response: answers(200, StaffMethod),
      },
    },
    async (request) => {
      const args = { methodId: request.params.id, ...request.body }
      const once = idempotencyOf(request, 'decide_payment_method', args)
      return db.command<StaffMethod>(request.caller, 'decide_payment_method', args, once)
    },
  )
}
