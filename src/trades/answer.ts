import type { Trade, TradeBody } from './schemas.ts'
import { actionsOf } from './states.ts'

/** A trade as the database answers it, and who asks. */
export type TradeAnswer = { me: string; body: TradeBody }

/** The trade as the asking side sees it, with what that side may do now. */
export function tradeFor({ me, body }: TradeAnswer): Trade {
  const role = body.seller.id === me ? 'seller' : 'buyer'
  const given = role === 'seller' ? body.buyerRating : body.sellerRating
  const mayRate = given === null && body.rateUntil !== null && Date.parse(body.rateUntil) > Date.now()
  return { ...body, role, actions: [...actionsOf(body.status, role), ...(mayRate ? ['rate'] : [])] }
}
