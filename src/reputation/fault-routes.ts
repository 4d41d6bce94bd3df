import { sql } from 'kysely'
import { Type } from 'typebox'
import { look } from '../identity/index.ts'
import {
  type App,
  answers,
  type Database,
  decodeCursor,
  IdempotencyHeaders,
  IdParams,
  idempotencyOf,
  isTimeAndId,
  Page,
  PageQuery,
  pageOf,
  query,
  strict,
} from '../platform/index.ts'
import { Fault } from './schemas.ts'

type Row = { at: string; body: Fault }

/** What is held against somebody: they see it themselves, staff look at it under a grant and may forgive it. */
export function faultRoutes(app: App, db: Database): void {
  app.get(
    '/v1/me/faults',
    {
      schema: {
        tags: ['People'],
        summary: 'What is held against you: duties not done and disputes lost, newest first',
        querystring: strict(PageQuery),
        response: answers(200, Page(Fault)),
      },
    },
    async (request) => {
      const { limit = 20, cursor } = request.query
      const who = sql`(select fairlock.acting_user())`
      return page(
        'faults',
        await db.read(request.caller, faultsOf('faults', who, limit, cursor).compile(query)),
        limit,
      )
    },
  )
  app.get(
    '/v1/admin/users/:id/faults',
    {
      schema: {
        tags: ['Administration'],
        summary: 'Staff with a grant: what is held against a person, newest first',
        params: IdParams,
        querystring: strict(PageQuery),
        response: answers(200, Page(Fault)),
      },
    },
    async (request) => {
      const { limit = 20, cursor } = request.query
      const about = { scope: 'person', id: request.params.id, what: 'faults' } as const
      return page(
        'faults',
        await look(db, request.caller, about, faultsOf('staff-faults', sql`looked.subject`, limit, cursor)),
        limit,
      )
    },
  )
  app.post(
    '/v1/admin/faults/:id/forgiveness',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['Administration'],
        summary: 'Forgive a fault: it counts nowhere from then on',
        params: IdParams,
        headers: IdempotencyHeaders,
        body: strict({ reason: Type.String({ minLength: 1, maxLength: 1000, pattern: '\\S' }) }),
        response: answers(200, Fault),
      },
    },
    async (request) => {
      const args = { faultId: request.params.id, ...request.body }
      const once = idempotencyOf(request, 'forgive_fault', args)
      return db.command<Fault>(request.caller, 'forgive_fault', args, once)
    },
  )
}

function faultsOf(list: string, person: ReturnType<typeof sql>, limit: number, cursor: string | undefined) {
  const after = decodeCursor(list, cursor, isTimeAndId)
  return sql<Row>`
    select to_char(f.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, fairlock.fault_json(f) as body
    from fairlock.faults f where f.user_id = ${person}
      ${after === null ? sql`` : sql`and (f.at, f.id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
    order by f.at desc, f.id desc limit ${limit + 1}`
}

function page(list: string, rows: Row[], limit: number) {
  return pageOf(
    list,
    limit,
    rows.map((row) => ({ ...row, id: row.body.id })),
  )
}
