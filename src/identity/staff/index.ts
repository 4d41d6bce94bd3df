import type { App, Database } from '../../platform/index.ts'
import type { Sealer } from '../../platform/sealing/index.ts'
import { banRoutes } from './ban-routes.ts'
import { deskRoute } from './desk-route.ts'
import { KycRequests } from './kyc.ts'
import { kycRoutes } from './kyc-routes.ts'
import { levelRoutes } from './level-routes.ts'
import { reviewRoutes } from './review-routes.ts'

/** What staff decide about people, the requests that people make of them, and what waits. */
export function staffRoutes(app: App, { db, sealer }: { db: Database; sealer: Sealer }): void {
  const requests = new KycRequests(db, sealer)
  kycRoutes(app, db, requests)
  reviewRoutes(app, db, requests)
  banRoutes(app, db)
  levelRoutes(app, db)
  deskRoute(app, db)
}
