import type { App, Database } from '../platform/index.ts'
import { faultRoutes } from './fault-routes.ts'
import { markRoutes } from './mark-routes.ts'
import { profileRoutes } from './profile-routes.ts'
import { ratingRoutes } from './rating-routes.ts'

/** What people are known for, and whom they trust: ratings, statistics, faults, lists. */
export function reputationRoutes(app: App, { db }: { db: Database }): void {
  profileRoutes(app, db)
  ratingRoutes(app, db)
  markRoutes(app, db)
  faultRoutes(app, db)
}
