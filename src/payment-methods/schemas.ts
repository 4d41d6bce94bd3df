import { Type } from 'typebox'
import { MethodType, Nullable } from '../platform/index.ts'
import { KINDS, type Kind, RISK_CLASSES, type Risk } from './catalogue/index.ts'

export const Country = Type.String({ pattern: '^[A-Z]{2}$', description: 'ISO 3166-1', examples: ['DE'] })
export const Fiat = Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217', examples: ['EUR'] })

export const PaymentMethodType = Type.Object({
  slug: MethodType,
  name: Type.String(),
  kind: Type.Unsafe<Kind>(Type.Union(KINDS.map((kind) => Type.Literal(kind)))),
  countries: Nullable(Type.Array(Country, { description: 'null is everywhere' })),
  currencies: Nullable(Type.Array(Fiat, { description: 'null is any' })),
  reversible: Type.Boolean({ description: 'Whether the payer can get the money back past the receiver' }),
  usualMinutes: Type.Integer({ description: 'How long a payment usually takes' }),
  risk: Type.Object({
    class: Type.Unsafe<Risk['class']>(Type.Union(RISK_CLASSES.map((one) => Type.Literal(one)))),
    reason: Type.String(),
  }),
  hint: Type.String({ description: 'For who pays' }),
  details: Type.Array(
    Type.Object({
      name: Type.String(),
      label: Type.String(),
      required: Type.Boolean(),
      help: Type.String({ description: 'What to write' }),
      example: Type.String(),
    }),
    { description: 'The fields of an account of this type' },
  ),
})
