import { type Static, Type } from 'typebox'
import {
  type App,
  answers,
  type Database,
  decodeCursor,
  encodeCursor,
  Page,
  PageQuery,
  strict,
} from '../platform/index.ts'
import type { Sealer } from '../platform/sealing/index.ts'
import {
  findType,
  PAYMENT_METHOD_TYPES,
  type PaymentMethodType as PaymentMethod,
  VALIDATORS,
} from './catalogue/index.ts'
import { ownMethodRoutes, staffMethodRoutes } from './details/index.ts'
import { Country, Fiat, PaymentMethodType } from './schemas.ts'

const LIST = 'payment method types'

/** The catalogue of payment methods, people's own, and their verification. */
export function paymentMethodRoutes(app: App, options: { db: Database; sealer: Sealer }): void {
  catalogueRoute(app)
  ownMethodRoutes(app, options)
  staffMethodRoutes(app, options)
}

function catalogueRoute(app: App): void {
  app.get(
    '/v1/payment-method-types',
    {
      config: { access: 'public' },
      schema: {
        tags: ['Payment methods'],
        summary: 'The payment methods that offers can name, and what an account of each has',
        querystring: strict({
          ...PageQuery,
          country: Type.Optional(Country),
          currency: Type.Optional(Fiat),
          q: Type.Optional(
            Type.String({
              pattern: '^[\\p{L}\\p{N} ./()-]*[\\p{L}\\p{N}][\\p{L}\\p{N} ./()-]*$',
              maxLength: 60,
              description: 'Part of the name',
              examples: ['pay'],
            }),
          ),
        }),
        response: answers(200, Page(PaymentMethodType)),
      },
    },
    async (request) => {
      const { limit = 20, cursor, ...search } = request.query
      const after = decodeCursor(LIST, cursor, isSlug)?.[0] ?? ''
      const found = PAYMENT_METHOD_TYPES.filter((type) => type.slug > after && isFound(type, search))
      const items = found.slice(0, limit)
      return {
        items: items.map(asAnswered),
        nextCursor: found.length > limit ? encodeCursor(LIST, [items.at(-1)?.slug ?? '']) : null,
      }
    },
  )
}

type Search = { country?: string; currency?: string; q?: string }

function isFound(type: PaymentMethod, { country, currency, q }: Search): boolean {
  if (country !== undefined && type.countries?.includes(country) === false) return false
  if (currency !== undefined && type.currencies?.includes(currency) === false) return false
  return q === undefined || `${plain(type.name)} ${plain(type.slug)}`.includes(plain(q))
}

/** Without case, accents and marks: "mpesa" finds M-Pesa, "movil" Pago Móvil. */
function plain(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
}

function asAnswered(type: PaymentMethod): Static<typeof PaymentMethodType> {
  const { fields, accountOf: _, scheme: __, countries, currencies, risk, ...rest } = type
  return {
    ...rest,
    countries: countries === null ? null : [...countries],
    currencies: currencies === null ? null : [...currencies],
    risk: { ...risk },
    details: fields.map(({ name, label, required, validator, example, help }) => {
      return { name, label, required, help: help ?? capital(VALIDATORS[validator].rule), example }
    }),
  }
}

const capital = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

function isSlug(parts: string[]): parts is [string] {
  return parts.length === 1 && findType(parts[0]!) !== null
}
