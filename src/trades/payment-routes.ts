import { Type } from 'typebox'
import {
  findType,
  NamedValueSchema,
  namedValues,
  openDetails,
  type SealedMethod,
} from '../payment-methods/index.ts'
import {
  type App,
  answers,
  type Database,
  Id,
  IdParams,
  MethodType,
  Nullable,
  strict,
} from '../platform/index.ts'
import type { Sealer } from '../platform/sealing/index.ts'
import { type TradeAnswer, tradeFor } from './answer.ts'
import { Trade } from './schemas.ts'

const PaymentDetails = Type.Object({
  tradeId: Id,
  type: MethodType,
  typeName: Type.String(),
  provider: Type.String(),
  isVerified: Type.Boolean({ description: 'The operator has looked at whose account it is' }),
  fields: Type.Array(NamedValueSchema),
  reference: Type.String({ description: 'Write this beside the payment, and nothing else' }),
  hint: Nullable(Type.String({ description: 'About paying this way' })),
})

/** Where the buyer pays to: the seller names the account once, the buyer sees it while the coins are held. */
export function paymentRoutes(app: App, { db, sealer }: { db: Database; sealer: Sealer }): void {
  app.put(
    '/v1/trades/:id/payment-method',
    {
      config: { scope: 'trade' },
      schema: {
        tags: ['Trades'],
        summary: 'Seller: name the account that the buyer pays to, where the take found none',
        description: 'Once, while the trade is pending or funded; it never changes after that.',
        params: IdParams,
        body: strict({ paymentMethodId: Id }),
        response: answers(200, Trade),
      },
    },
    async (request) => {
      const args = { tradeId: request.params.id, ...request.body }
      return tradeFor(await db.command<TradeAnswer>(request.caller, 'bind_payment_method', args, null))
    },
  )
  app.get(
    '/v1/trades/:id/payment-details',
    {
      config: { scope: 'trade' },
      schema: {
        tags: ['Trades'],
        summary: 'Buyer: the account to pay to, from funding to the end of the trade',
        description: 'Nobody else sees it, and each look is in the log. An API key needs the scope trade.',
        params: IdParams,
        response: answers(200, PaymentDetails),
      },
    },
    async (request) => {
      const { id } = request.params
      const { row, details } = await openDetails(sealer, () =>
        db.call<SealedMethod & { provider: string; isVerified: boolean }>(
          request.caller,
          'select fairlock.show_payment_details($1) as answer',
          [id],
        ),
      )
      const { type, provider, isVerified } = row
      const known = findType(type)
      return {
        tradeId: id,
        type,
        typeName: known?.name ?? type,
        provider,
        isVerified,
        fields: namedValues(type, details),
        reference: referenceOf(id),
        hint: known?.hint ?? null,
      }
    },
  )
}

/** The same as `paymentReference` of the trade. */
const referenceOf = (id: string) => id.slice(-12).toUpperCase()
