import { sql } from 'kysely'
import { Type } from 'typebox'
import { look, type RateLimit, rateLimit } from '../../identity/index.ts'
import {
  type App,
  answers,
  type Caller,
  type Database,
  decodeCursor,
  encodeCursor,
  Id,
  IdempotencyHeaders,
  IdParams,
  idempotencyOf,
  isUuid,
  Page,
  PageQuery,
  Problem,
  strict,
} from '../../platform/index.ts'
import type { Sealer } from '../../platform/sealing/index.ts'
import { openMessages } from './open.ts'
import { postMessage } from './post.ts'
import { Message, MessagePage, type SealedMessage, Unread } from './schemas.ts'
import { MOST_CHARACTERS } from './text.ts'

/** Messages of one person in one trade. */
const PER_MINUTE = { points: 30, duration: 60 }
const MOST_FILES = 5

type Sealed = Omit<MessagePage, 'items' | 'nextCursor'> & { items: SealedMessage[] }
/** Where a page begins: after a number and forwards, or before one and backwards. */
type Span = { after: number | null; before: number | null; limit: number }
type ReadPage = (span: Span) => Promise<Sealed>

const number = '(?:0|[1-9]\\d{0,8})'
const isPlace = (parts: string[]): parts is ['after' | 'before', string] =>
  parts.length === 2 && /^(?:after|before)$/.test(parts[0]!) && new RegExp(`^${number}$`).test(parts[1]!)

const MessageQuery = strict({
  ...PageQuery,
  after: Type.Optional(
    Type.String({
      pattern: `^${number}$`,
      description:
        'Only messages with a higher number than this, oldest first; none is ever missed that way.',
      examples: ['17'],
    }),
  ),
})
type MessageQuery = { limit?: number; cursor?: string; after?: string }

/** The chat of each trade. */
export function chatRoutes(app: App, { db, sealer }: { db: Database; sealer: Sealer }): void {
  listRoutes(app, db, sealer)
  postRoute(app, db, sealer, rateLimit(db.pool, 'message', PER_MINUTE))
  readRoute(app, db)
  unreadRoute(app, db)
}

function listRoutes(app: App, db: Database, sealer: Sealer): void {
  const schema = {
    description:
      'Newest first, or with `after` oldest first from there on. Whoever was away asks with the highest number they have.',
    params: IdParams,
    querystring: MessageQuery,
    response: answers(200, MessagePage),
  }
  app.get(
    '/v1/trades/:id/messages',
    { schema: { tags: ['Chat'], summary: 'The messages of a trade', ...schema } },
    async (request) =>
      pageOf(sealer, 'messages', request.query, (span) =>
        readOwn(db, request.caller, request.params.id, span),
      ),
  )
  app.get(
    '/v1/admin/cases/:id/messages',
    {
      schema: { tags: ['Administration'], summary: 'Staff with a grant: the chat of a case', ...schema },
    },
    async (request) =>
      pageOf(sealer, 'case-messages', request.query, (span) =>
        readCase(db, request.caller, request.params.id, span),
      ),
  )
}

async function readOwn(
  db: Database,
  caller: Caller,
  trade: string,
  { after, before, limit }: Span,
): Promise<Sealed> {
  const values = [trade, after, before, limit]
  return db.call<Sealed>(caller, 'select fairlock.chat_page($1, $2, $3, $4) as answer', values)
}

async function readCase(
  db: Database,
  caller: Caller,
  trade: string,
  { after, before, limit }: Span,
): Promise<Sealed> {
  const [found] = await look(
    db,
    caller,
    { scope: 'case', id: trade, what: 'messages' },
    sql<{ page: Sealed & { refusal?: string } }>`
      select fairlock.chat_page(looked.subject, ${after}::integer, ${before}::integer, ${limit}::integer) as page`,
  )
  if (found === undefined || found.page.refusal !== undefined) throw new Problem('not_found')
  return found.page
}

async function pageOf(
  sealer: Sealer,
  list: string,
  query: MessageQuery,
  read: ReadPage,
): Promise<MessagePage> {
  const { limit = 20, cursor } = query
  const [way, place] = decodeCursor(list, cursor, isPlace) ?? ['after', query.after]
  const at = place === undefined ? null : Number(place)
  const span = {
    after: way === 'after' ? at : null,
    before: way === 'before' ? at : null,
    limit: limit + 1,
  }
  const { items, ...about } = await read(span)
  const page = items.slice(0, limit)
  const last = items.length > limit ? page.at(-1) : undefined
  return {
    items: await openMessages(sealer, page, async () => (await read(span)).items),
    nextCursor:
      last === undefined
        ? null
        : encodeCursor(list, [span.after === null ? 'before' : 'after', String(last.number)]),
    ...about,
  }
}

function postRoute(app: App, db: Database, sealer: Sealer, limit: RateLimit): void {
  app.post(
    '/v1/trades/:id/messages',
    {
      config: { scope: 'trade' },
      schema: {
        tags: ['Chat'],
        summary: 'Write a message',
        description:
          `1 to ${MOST_CHARACTERS} characters, files uploaded for the purpose message, or both. Invisible characters ` +
          'are taken out; control characters are refused.',
        params: IdParams,
        headers: IdempotencyHeaders,
        body: strict({
          text: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: MOST_CHARACTERS,
              pattern: '^[^\\u0000]*$',
              examples: ['The transfer is on its way.'],
            }),
          ),
          fileIds: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: MOST_FILES, uniqueItems: true })),
        }),
        response: answers(201, Message),
      },
    },
    async (request, reply) => {
      const { text, fileIds = [] } = request.body
      const post = { tradeId: request.params.id, text, fileIds }
      const once = idempotencyOf(request, 'post_message', { tradeId: post.tradeId, fileIds })
      const message = await postMessage({ db, sealer, limit }, request.caller, post, once)
      return reply.code(201).send(message)
    },
  )
}

function readRoute(app: App, db: Database): void {
  app.post(
    '/v1/trades/:id/messages/read',
    {
      config: { scope: 'trade' },
      schema: {
        tags: ['Chat'],
        summary: 'You have read up to this message',
        description: 'The mark never goes back, and never beyond the newest message.',
        params: IdParams,
        headers: IdempotencyHeaders,
        body: strict({ upTo: Type.Integer({ minimum: 1, maximum: 999_999_999 }) }),
        response: answers(
          200,
          Type.Object({ upTo: Type.Integer({ description: 'Where your mark is now' }) }),
        ),
      },
    },
    async (request) => {
      const args = { tradeId: request.params.id, upTo: request.body.upTo }
      const once = idempotencyOf(request, 'read_messages', args)
      return db.command<{ upTo: number }>(request.caller, 'read_messages', args, once)
    },
  )
}

function unreadRoute(app: App, db: Database): void {
  app.get(
    '/v1/me/unread-messages',
    {
      schema: {
        tags: ['Chat'],
        summary: 'Your trades with messages that you have not read, newest trade first',
        querystring: strict(PageQuery),
        response: answers(200, Page(Unread)),
      },
    },
    async (request) => {
      const { limit = 20, cursor } = request.query
      const isId = (parts: string[]): parts is [string] => parts.length === 1 && isUuid(parts[0]!)
      const [before = null] = decodeCursor('unread', cursor, isId) ?? []
      const { items } = await db.call<{ items: { tradeId: string; unread: number; latest: number }[] }>(
        request.caller,
        'select fairlock.unread_chats($1, $2) as answer',
        [before, limit + 1],
      )
      const last = items.length > limit ? items[limit - 1] : undefined
      return {
        items: items.slice(0, limit),
        nextCursor: last === undefined ? null : encodeCursor('unread', [last.tradeId]),
      }
    },
  )
}
