import { sql } from 'kysely'
import type { Static } from 'typebox'
import { type App, answers, type Database, query } from '../platform/index.ts'
import { PreferenceChange, Preferences } from './schemas.ts'

/** By which ways people want to be told of what. */
export function preferenceRoutes(app: App, { db }: { db: Database }): void {
  app.get(
    '/v1/me/notification-preferences',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['People'],
        summary: 'By which ways you are told of what',
        response: answers(200, Preferences),
      },
    },
    async (request) => {
      const [row] = await db.read(
        request.caller,
        sql<{ chosen: Static<typeof Preferences> }>`
          select fairlock.preferences_json(notification_preferences) as chosen from crypto_profiles
          where user_id = (select fairlock.acting_user())`.compile(query),
      )
      return row!.chosen
    },
  )
  app.patch(
    '/v1/me/notification-preferences',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['People'],
        summary: 'Change by which ways you are told of what',
        description: 'What is not named stays. Security has no switch: it is told by every way.',
        body: PreferenceChange,
        response: answers(200, Preferences),
      },
    },
    async (request) =>
      db.command<Static<typeof Preferences>>(
        request.caller,
        'change_notification_preferences',
        { preferences: request.body },
        null,
      ),
  )
}
