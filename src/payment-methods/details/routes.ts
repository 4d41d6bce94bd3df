import { Type } from 'typebox'
import { Code, Factors } from '../../identity/index.ts'
import {
  type App,
  answers,
  type Database,
  decodeCursor,
  encodeCursor,
  IdempotencyHeaders,
  IdParams,
  isTimeAndId,
  MethodType,
  Nullable,
  Page,
  PageQuery,
  strict,
} from '../../platform/index.ts'
import type { Sealer } from '../../platform/sealing/index.ts'
import { PaymentMethods } from './methods.ts'
import { AccountDetails, Label, OpenedPaymentMethod, PaymentMethod, Provider } from './schemas.ts'

const tags = ['Payment methods']
const config = { scope: 'session' } as const
const PATH = '/v1/payment-methods'

/** People's own payment methods. API keys may read the list, without any of an account, and nothing else. */
export function ownMethodRoutes(app: App, { db, sealer }: { db: Database; sealer: Sealer }): void {
  const methods = new PaymentMethods(db, sealer, new Factors(db, sealer))
  readRoutes(app, methods)
  addRoute(app, methods)
  changeRoutes(app, methods)
  verificationRoute(app, methods)
}

function readRoutes(app: App, methods: PaymentMethods): void {
  app.get(
    PATH,
    {
      schema: {
        tags,
        summary: 'Your payment methods, newest first',
        querystring: strict(PageQuery),
        response: answers(200, Page(PaymentMethod)),
      },
    },
    async (request) => {
      const { limit = 20, cursor } = request.query
      const after = decodeCursor('payment-methods', cursor, isTimeAndId)
      const rows = await methods.list(request.caller, limit + 1, after)
      const last = rows.length > limit ? rows[limit - 1] : undefined
      return {
        items: await methods.withHints(request.caller, rows.slice(0, limit)),
        nextCursor: last === undefined ? null : encodeCursor('payment-methods', [last.at, last.id]),
      }
    },
  )
  app.get(
    `${PATH}/:id`,
    {
      config,
      schema: {
        tags,
        summary: 'One of your payment methods with its details; the look is in the log',
        params: IdParams,
        response: answers(200, OpenedPaymentMethod),
      },
    },
    async (request) => methods.open(request.caller, request.params.id),
  )
}

function addRoute(app: App, methods: PaymentMethods): void {
  app.post(
    PATH,
    {
      config,
      schema: {
        tags,
        summary: 'Add a payment method',
        description:
          'Who has a second factor proves it: with totp or recoveryCode here, or by a step-up some minutes before.',
        headers: IdempotencyHeaders,
        body: strict({
          type: MethodType,
          provider: Provider,
          details: AccountDetails,
          label: Type.Optional(Nullable(Label)),
          isPrimary: Type.Optional(Type.Boolean({ description: 'The first one is primary anyway' })),
          ...Code,
        }),
        response: answers(201, PaymentMethod),
      },
    },
    async (request, reply) => {
      const { totp, recoveryCode, ...method } = request.body
      return reply.code(201).send(await methods.add(request, method, { totp, recoveryCode }))
    },
  )
}

function changeRoutes(app: App, methods: PaymentMethods): void {
  app.patch(
    `${PATH}/:id`,
    {
      config,
      schema: {
        tags,
        summary: 'Name a payment method, make it the primary one, or replace its account',
        description:
          'The account of a method never changes: details (and provider) make a new method with an id of its own, ' +
          'which takes the place of this one and has to be verified anew. Live trades are still paid to the old account.',
        params: IdParams,
        body: strict(
          {
            label: Type.Optional(Nullable(Label)),
            isPrimary: Type.Optional(Type.Literal(true)),
            provider: Type.Optional(Provider),
            details: Type.Optional(AccountDetails),
            ...Code,
          },
          { minProperties: 1 },
        ),
        response: answers(200, PaymentMethod),
      },
    },
    async (request) => {
      const { totp, recoveryCode, ...change } = request.body
      return methods.change(request, request.params.id, change, { totp, recoveryCode })
    },
  )
  app.delete(
    `${PATH}/:id`,
    {
      config,
      schema: {
        tags,
        summary: 'Remove a payment method; live trades are still paid to it',
        params: IdParams,
        response: answers(204, Type.Null()),
      },
    },
    async (request, reply) => {
      await methods.remove(request.caller, request.params.id)
      return reply.code(204).send(null)
    },
  )
}

function verificationRoute(app: App, methods: PaymentMethods): void {
  app.post(
    `${PATH}/:id/verification`,
    {
      config,
      schema: {
        tags,
        summary: 'Ask for a payment method to be verified; after a refusal, ask again',
        params: IdParams,
        headers: IdempotencyHeaders,
        body: strict({
          statement: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 2000,
              pattern: '\\S',
              description: 'Whose account it is and how that can be seen; sealed, for who verifies',
            }),
          ),
        }),
        response: answers(200, PaymentMethod),
      },
    },
    async (request) => methods.askVerification(request, request.params.id, request.body.statement),
  )
}
