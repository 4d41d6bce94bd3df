import { Type } from 'typebox'
import { type App, type Database, Problem } from '../platform/index.ts'

/** /healthz: the process answers. /readyz: the database does as well, so that a load balancer may send people here. */
export function healthRoutes(app: App, { db }: { db: Database }): void {
  const schema = { tags: ['Operation'], response: { 200: Type.Object({ status: Type.Literal('ok') }) } }
  app.get(
    '/healthz',
    { config: { access: 'public' }, schema: { ...schema, summary: 'The process answers' } },
    async () => {
      return { status: 'ok' as const }
    },
  )
  app.get(
    '/readyz',
    { config: { access: 'public' }, schema: { ...schema, summary: 'The database answers too' } },
    async () => {
      try {
        await db.pool.query('select 1')
      } catch (error) {
        throw new Problem('unavailable', { cause: error instanceof Error ? error.name : 'unknown' })
      }
      return { status: 'ok' as const }
    },
  )
}
