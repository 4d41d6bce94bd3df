import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import { type Static, type TObject, type TSchema, Type } from 'typebox'
import { type Caller, type Idempotency, idempotency, type JsonObject } from './database.ts'

/** What the routes of every folder are written against. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set before any handler runs. */
    caller: Caller
    /** The code of the problem that was answered, for the log; null when the answer is a good one. */
    refusal: string | null
  }
  interface FastifyContextConfig {
    /** `person` (the default) answers 401 without a token; `public` serves everybody. */
    access?: 'public' | 'person'
    /**
     * What an API key needs for this call. Every call that changes something says it, in agreement with
     * fairlock.scope_of; a GET needs `read` if it says nothing. `session` is for what keys can never do.
     */
    scope?: 'read' | 'trade' | 'withdraw' | 'session'
    /** The form (multipart/form-data) that the call takes in place of a JSON body; read by the route itself. */
    form?: TSchema
  }
}

const DECIMAL = '(?:0|[1-9]\\d{0,11})(?:\\.\\d{1,8})?'

/** A decimal string above zero: at most 12 digits before the point and 8 after it, as NUMERIC(20, 8) keeps. */
export const Amount = Type.String({
  pattern: `^(?!0(?:\\.0+)?$)${DECIMAL}$`,
  description: 'Decimal string above zero, at most 12 digits before the point and 8 after it.',
  examples: ['0.05'],
})

/** Like `Amount`, and below zero as well; never zero. */
export const SignedAmount = Type.String({
  pattern: `^-?(?!0(?:\\.0+)?$)${DECIMAL}$`,
  description: 'Decimal string other than zero; a minus sign debits.',
  examples: ['1.5', '-0.25'],
})

/** A decimal string as the API answers it: always with 8 decimals. */
export const Money = Type.String({ description: 'Decimal string with 8 decimals.', examples: ['0.05000000'] })
export const Id = Type.String({ format: 'uuid', description: 'UUID' })
export const Time = Type.String({
  description: 'RFC 3339 time in UTC',
  examples: ['2026-11-22T10:00:00.000Z'],
})
/** A time that is asked for: RFC 3339 with any offset, in the years that PostgreSQL and JavaScript both print alike. */
export const RequestedTime = Type.String({
  format: 'date-time',
  pattern: '^[12]\\d{3}-.*(?:[Zz]|[+-](?:0\\d|1[0-4]):[0-5]\\d)$',
  examples: ['2026-12-24T18:00:00Z'],
})
export const Pair = Type.String({ pattern: '^[A-Z0-9]{2,10}/[A-Z0-9]{2,10}$', examples: ['BTC/EUR'] })
export const Currency = Type.String({ pattern: '^[A-Z0-9]{2,10}$', examples: ['BTC'] })
export const MethodType = Type.String({
  pattern: '^[a-z0-9]+(?:_[a-z0-9]+)*$',
  maxLength: 40,
  examples: ['sepa'],
})
export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
export const IdParams = strict({ id: Id })

/** An object that takes exactly these fields: anything else is a 400 naming it. */
export function strict<P extends Record<string, TSchema>>(properties: P, options: object = {}): TObject<P> {
  return Type.Object(properties, { additionalProperties: false, ...options })
}

/** RFC 9457 problem details. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'Where the code is explained' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable; see docs/errors.md' }),
    detail: Type.Optional(Type.String()),
    errors: Type.Optional(Type.Array(Type.Object({ field: Type.String(), problem: Type.String() }))),
  },
  { $id: 'Problem', additionalProperties: true },
)

/** The answers of a route: the good one, and a problem for every 4xx. */
export function answers<S extends number, T extends TSchema>(status: S, schema: T) {
  return { [status]: schema, '4xx': Type.Ref('Problem') } as { [K in S]: T } & { '4xx': TSchema }
}

export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'Repeats with the same key get the first answer.',
    }),
  ),
})

/** The request's idempotency key together with all that it asks for. */
export function idempotencyOf(
  request: FastifyRequest,
  operation: string,
  args: JsonObject,
): Idempotency | null {
  const key = request.headers['idempotency-key']
  return idempotency(Array.isArray(key) ? key[0] : key, operation, args)
}

export { isUuid, UUID } from './ids.ts'

export * from './paging.ts'
export type { Static }
