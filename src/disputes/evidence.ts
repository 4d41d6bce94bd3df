import { sql } from 'kysely'
import { type Static, Type } from 'typebox'
import { FileInfo, type FileRow, shownFile } from '../platform/files/index.ts'
import {
  type App,
  answers,
  type Caller,
  type Database,
  decodeCursor,
  Id,
  IdempotencyHeaders,
  IdParams,
  idempotencyOf,
  isTimeAndId,
  Nullable,
  newId,
  Page,
  PageQuery,
  pageOf,
  query,
  strict,
  Time,
} from '../platform/index.ts'
import { type Place, type Sealer, Unsealable } from '../platform/sealing/index.ts'

const Evidence = Type.Object({
  id: Id,
  disputeId: Id,
  actor: Type.String({ description: 'seller · buyer · arbitrator' }),
  addedBy: Nullable(Type.String({ description: 'Arbitrators are named to arbitrators alone.' })),
  addedAt: Time,
  note: Nullable(Type.String({ description: 'What was said of it; null once its person has been erased' })),
  file: FileInfo,
})

const View = Type.Object({
  at: Time,
  what: Type.String({ description: 'original · thumbnail' }),
  actor: Type.String({ description: 'seller · buyer · arbitrator' }),
  viewerId: Nullable(Type.String({ description: 'Arbitrators are named to arbitrators alone.' })),
})
type View = Static<typeof View>

/** As the database gives it: note and name of the file sealed. */
type Row = Omit<Static<typeof Evidence>, 'file'> & { ownerId: string | null; file: FileRow }

/** Files that the sides of a dispute and its arbitrator put before each other, and who looked at them. */
export function evidenceRoutes(app: App, { db, sealer }: { db: Database; sealer: Sealer }): void {
  app.post(
    '/v1/disputes/:id/evidence',
    {
      config: { scope: 'trade' },
      schema: {
        tags: ['Disputes'],
        summary: 'Put a file before the others, for good: either side, or the arbitrator',
        description: 'Upload it first, with the purpose "evidence": POST /v1/files.',
        params: IdParams,
        headers: IdempotencyHeaders,
        body: strict({
          fileId: Id,
          note: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 500,
              pattern: '\\S',
              description: 'What it shows; kept sealed',
            }),
          ),
        }),
        response: answers(201, Evidence),
      },
    },
    async (request, reply) => {
      const { fileId, note = null } = request.body
      const args = { disputeId: request.params.id, fileId }
      const once = idempotencyOf(request, 'add_evidence', { ...args, note })
      const evidenceId = newId()
      const add = (sealed: string | null) =>
        db.command<Row>(request.caller, 'add_evidence', { ...args, evidenceId, note: sealed }, once)
      const added =
        note === null
          ? await add(null)
          : await addSealed(request.caller, args.disputeId, note, evidenceId, add)
      return reply.code(201).send(await shown(sealer, added))
    },
  )

  app.get(
    '/v1/disputes/:id/evidence',
    {
      schema: {
        tags: ['Disputes'],
        summary: 'The evidence of a dispute, oldest first: for its sides and its arbitrator',
        description: 'GET /v1/files/{id} gives the content of each file; every look is written down.',
        params: IdParams,
        response: answers(200, Page(Evidence)),
      },
    },
    async (request) => {
      const { items } = await db.call<{ items: Row[] }>(
        request.caller,
        'select fairlock.look_at_evidence($1) as answer',
        [request.params.id],
      )
      return { items: await Promise.all(items.map((row) => shown(sealer, row))), nextCursor: null }
    },
  )
  viewsRoute(app, db)

  async function addSealed(
    caller: Caller,
    dispute: string,
    note: string,
    row: string,
    add: (sealed: string) => Promise<Row>,
  ): Promise<Row> {
    const { ownerId } = await db.call<{ ownerId: string | null }>(
      caller,
      'select fairlock.begin_evidence($1) as answer',
      [dispute],
    )
    return sealer.store(ownerId, placeOfNote(row), Buffer.from(note), add)
  }
}

function viewsRoute(app: App, db: Database): void {
  app.get(
    '/v1/disputes/:id/evidence/:evidenceId/views',
    {
      schema: {
        tags: ['Disputes'],
        summary:
          'Who looked at a piece of evidence, newest first: for the sides of the dispute and its arbitrator',
        params: strict({ id: Id, evidenceId: Id }),
        querystring: strict(PageQuery),
        response: answers(200, Page(View)),
      },
    },
    async (request) => {
      const { id, evidenceId } = request.params
      const { limit = 20, cursor } = request.query
      const [at, after] = decodeCursor('evidence-views', cursor, isTimeAndId) ?? [null, null]
      await db.call(request.caller, 'select fairlock.knows_evidence($1, $2) as answer', [id, evidenceId])
      const rows = await db.read(
        request.caller,
        sql<{ at: string; id: string; body: View }>`
          select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, id, body
          from fairlock.evidence_views(${id}, ${evidenceId}, ${at}::timestamptz, ${after}::uuid, ${limit + 1})`.compile(
          query,
        ),
      )
      return pageOf('evidence-views', limit, rows)
    },
  )
}

async function shown(
  sealer: Sealer,
  { ownerId, note, file, ...rest }: Row,
): Promise<Static<typeof Evidence>> {
  return { ...rest, note: await opened(sealer, ownerId, rest.id, note), file: await shownFile(sealer, file) }
}

async function opened(
  sealer: Sealer,
  owner: string | null,
  row: string,
  note: string | null,
): Promise<string | null> {
  if (note === null) return null
  try {
    return (await sealer.open(owner, placeOfNote(row), note)).toString()
  } catch (error) {
    // Its person was erased at this moment.
    if (error instanceof Unsealable) return null
    throw error
  }
}

function placeOfNote(row: string): Place {
  return { table: 'fairlock.evidence', column: 'note', row }
}
