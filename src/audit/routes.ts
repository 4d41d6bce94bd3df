import { type Static, Type } from 'typebox'
import {
  type App,
  answers,
  type Database,
  decodeCursor,
  Id,
  isOnCalendar,
  type JsonObject,
  Nullable,
  Page,
  PageQuery,
  pageOf,
  RequestedTime,
  strict,
  Time,
} from '../platform/index.ts'

const Change = Type.Array(Type.Unknown(), {
  minItems: 2,
  maxItems: 2,
  description: 'Before and after; "***" stands for a value that the log does not hold.',
})

const AuditEvent = Type.Object({
  id: Type.String({ description: 'Decimal number' }),
  at: Time,
  actorId: Nullable(Id),
  sessionId: Nullable(Id),
  apiKeyId: Nullable(Id),
  requestId: Nullable(Type.String()),
  action: Type.String({ examples: ['trade.completed', 'crypto_profiles.changed'] }),
  subject: Type.String({ description: 'The table', examples: ['crypto_trades'] }),
  subjectId: Nullable(Id),
  reason: Nullable(Type.String()),
  details: Nullable(Type.Record(Type.String(), Type.Unknown())),
  changes: Nullable(Type.Record(Type.String(), Type.Union([Change, Type.String()]))),
})
type AuditEvent = Static<typeof AuditEvent>

const Word = Type.String({ pattern: '^[a-z0-9_.]{1,100}$' })
const AuditQuery = strict({
  actor: Type.Optional(Id),
  subject: Type.Optional(Word),
  subjectId: Type.Optional(Id),
  action: Type.Optional(Word),
  from: Type.Optional(RequestedTime),
  to: Type.Optional(RequestedTime),
  ...PageQuery,
})

/** Searching the log: for administrators and compliance, and each search is on the record. */
export function auditRoutes(app: App, { db }: { db: Database }): void {
  app.get(
    '/v1/admin/audit',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['Administration'],
        summary: 'Who did what, newest first; the search itself goes on the record',
        querystring: AuditQuery,
        response: answers(200, Page(AuditEvent)),
      },
    },
    async (request) => {
      const { cursor, limit = 20, ...filters } = request.query
      const after = decodeCursor('audit', cursor, isPlace)
      const place = after === null ? {} : { at: after[0], id: after[1] }
      const { items } = await search(db, request.caller, { ...filters, ...place, limit })
      return pageOf(
        'audit',
        limit,
        items.map((body) => ({ at: body.at, id: body.id, body })),
      )
    },
  )
}

function search(
  db: Database,
  caller: Parameters<Database['call']>[0],
  filters: JsonObject,
): Promise<{ items: AuditEvent[] }> {
  return db.call(caller, 'select fairlock.search_audit($1) as answer', [JSON.stringify(filters)])
}

/** The shape of the cursors: RFC 3339 time to the microsecond, and the number of the row. */
function isPlace(parts: string[]): parts is [string, string] {
  const [at = '', id = ''] = parts
  return (
    parts.length === 2 &&
    /^[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(at) &&
    isOnCalendar(at) &&
    /^\d{1,18}$/.test(id)
  )
}
