import type { Static } from 'typebox'
import { type App, answers, type Database } from '../../platform/index.ts'
import { Desk } from './schemas.ts'

/** What waits for staff. */
export function deskRoute(app: App, db: Database): void {
  app.get(
    '/v1/admin/desk',
    {
      schema: {
        tags: ['Administration'],
        summary: 'What waits for you as staff: how many, and since when; null where your role has no part',
        response: answers(200, Desk),
      },
    },
    async (request) => db.call<Static<typeof Desk>>(request.caller, 'select fairlock.desk() as answer', []),
  )
}
