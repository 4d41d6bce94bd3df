import { sql } from 'kysely'
import { type Static, Type } from 'typebox'
import { askForPassword, Code, Factors, PasswordIfAsked, type SignInLimits } from '../../identity/index.ts'
import {
  type App,
  answers,
  type Caller,
  type Database,
  IdempotencyHeaders,
  IdParams,
  idempotencyOf,
  type JsonObject,
  newId,
  Problem,
  query,
  strict,
} from '../../platform/index.ts'
import type { Sealer } from '../../platform/sealing/index.ts'
import { type Outside, TargetRefused } from '../outside/index.ts'
import { placeOfSecret } from './deliveries.ts'
import { Description, Events, MadeWebhook, Webhook, WebhookUrl } from './schemas.ts'
import { newWebhookSecret, secretText } from './signature.ts'

type Hook = Static<typeof Webhook>
export type WebhookOptions = { db: Database; sealer: Sealer; limits: SignInLimits; outside: Outside }

const config = { scope: 'session' } as const
const tags = ['Webhooks']

/** A person's webhooks: made, changed and ended by themselves, signed in and never through an API key. */
export function webhookRoutes(app: App, options: WebhookOptions): void {
  const { db } = options
  const factors = new Factors(db, options.sealer)
  readRoutes(app, db)
  makeRoute(app, options, factors)
  changeRoute(app, options, factors)
  secretRoute(app, options, factors)
  app.delete(
    '/v1/webhooks/:id',
    {
      config,
      schema: {
        tags,
        summary: 'End a webhook, with its deliveries',
        params: IdParams,
        response: answers(204, Type.Null()),
      },
    },
    async (request, reply) => {
      await db.command(request.caller, 'delete_webhook', { webhookId: request.params.id }, null)
      return reply.code(204).send(null)
    },
  )
}

/** One webhook of the caller, or all. */
async function webhooksOf(db: Database, caller: Caller, id?: string): Promise<Hook[]> {
  const rows = await db.read(
    caller,
    sql<{ body: Hook }>`
      select fairlock.webhook_json(id, url, events, description, status, disabled_reason, previous_secret_until,
        created_at, updated_at) as body
      from fairlock.webhooks where user_id = (select fairlock.acting_user())
        ${id === undefined ? sql`` : sql`and id = ${id}::uuid`}
      order by created_at desc, id desc limit 100`.compile(query),
  )
  return rows.map(({ body }) => body)
}

/** The webhook, which has to be the caller's. Throws `Problem` not_found. */
export async function webhookOf(db: Database, caller: Caller, id: string): Promise<Hook> {
  const [found] = await webhooksOf(db, caller, id)
  if (found === undefined) throw new Problem('not_found')
  return found
}

/** Throws `Problem` target_refused naming the field, when nothing may be sent there; gives the usual spelling. */
export async function checkTarget(outside: Outside, field: string, url: string): Promise<string> {
  try {
    return await outside.check(url)
  } catch (error) {
    if (error instanceof TargetRefused)
      throw new Problem('target_refused', {}, [{ field, problem: error.why }])
    throw error
  }
}

function readRoutes(app: App, db: Database): void {
  app.get(
    '/v1/webhooks',
    {
      config,
      schema: {
        tags,
        summary: 'Your webhooks',
        response: answers(200, Type.Object({ items: Type.Array(Webhook), nextCursor: Type.Null() })),
      },
    },
    async (request) => ({ items: await webhooksOf(db, request.caller), nextCursor: null }),
  )
  app.get(
    '/v1/webhooks/:id',
    {
      config,
      schema: { tags, summary: 'One of your webhooks', params: IdParams, response: answers(200, Webhook) },
    },
    (request) => webhookOf(db, request.caller, request.params.id),
  )
}

function makeRoute(app: App, { db, sealer, limits, outside }: WebhookOptions, factors: Factors): void {
  app.post(
    '/v1/webhooks',
    {
      config,
      schema: {
        tags,
        summary: 'Have a program of yours told what happens',
        description:
          'The messages and their signatures are those of Standard Webhooks (standardwebhooks.com). The secret is in ' +
          'this answer and nowhere else; a repeat with the same Idempotency-Key has `secret` null.',
        headers: IdempotencyHeaders,
        body: strict({
          url: WebhookUrl,
          events: Events,
          description: Type.Optional(Description),
          ...Code,
          ...PasswordIfAsked,
        }),
        response: answers(201, MadeWebhook),
      },
    },
    async (request, reply) => {
      const { totp, recoveryCode, currentPassword, ...rest } = request.body
      const asked: JsonObject = rest
      const once = idempotencyOf(request, 'create_webhook', asked)
      await askForPassword({ db, limits }, request, currentPassword)
      await factors.proveFor(request, { totp, recoveryCode }, once)
      const url = await checkTarget(outside, 'url', rest.url)
      const [id, secretId, secret] = [newId(), newId(), newWebhookSecret()]
      const owner = await ownIdOf(db, request.caller)
      const made = await sealer.store(owner, placeOfSecret(secretId), secret, (sealed) =>
        db.command<Hook>(request.caller, 'create_webhook', { ...asked, url, id, secretId, sealed }, once),
      )
      const shown = made.id === id ? secretText(secret) : null
      secret.fill(0)
      return reply.code(201).send({ ...made, secret: shown })
    },
  )
}

function changeRoute(app: App, { db, limits, outside }: WebhookOptions, factors: Factors): void {
  app.patch(
    '/v1/webhooks/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Change, pause or resume a webhook',
        description:
          'While it is paused nothing new is sent to it, and what waits goes on waiting. `paused: false` also sets ' +
          'one going that was disabled. Another `url` asks for the password like a new webhook.',
        params: IdParams,
        body: strict(
          {
            url: Type.Optional(WebhookUrl),
            events: Type.Optional(Events),
            description: Type.Optional(Type.Union([Description, Type.Null()])),
            paused: Type.Optional(Type.Boolean()),
            ...Code,
            ...PasswordIfAsked,
          },
          { minProperties: 1 },
        ),
        response: answers(200, Webhook),
      },
    },
    async (request) => {
      const { totp, recoveryCode, currentPassword, ...rest } = request.body
      // Whoever found an open session must not stay by a webhook of its owner's.
      if (rest.url !== undefined) await askForPassword({ db, limits }, request, currentPassword)
      await factors.proveFor(request, { totp, recoveryCode }, null)
      const { id } = await webhookOf(db, request.caller, request.params.id)
      const change: JsonObject = rest
      if (rest.url !== undefined) change.url = await checkTarget(outside, 'url', rest.url)
      return db.command<Hook>(request.caller, 'change_webhook', { webhookId: id, change }, null)
    },
  )
}

function secretRoute(app: App, { db, sealer, limits }: WebhookOptions, factors: Factors): void {
  app.post(
    '/v1/webhooks/:id/secret',
    {
      config,
      schema: {
        tags,
        summary: 'Give a webhook a new secret',
        description:
          'For 24 hours messages have two signatures, with the new secret and with the one before.',
        headers: IdempotencyHeaders,
        params: IdParams,
        body: strict({ ...Code, ...PasswordIfAsked }),
        response: answers(200, MadeWebhook),
      },
    },
    async (request) => {
      const webhookId = request.params.id
      const once = idempotencyOf(request, 'rotate_webhook_secret', { webhookId })
      await askForPassword({ db, limits }, request, request.body.currentPassword)
      await factors.proveFor(request, request.body, once)
      // Before anything is sealed for somebody who asks for what is not theirs.
      await webhookOf(db, request.caller, webhookId)
      const [row, secret] = [newId(), newWebhookSecret()]
      const owner = await ownIdOf(db, request.caller)
      const made = await sealer.store(owner, placeOfSecret(row), secret, (sealed) =>
        db.command<{ row: string; webhook: Hook }>(
          request.caller,
          'rotate_webhook_secret',
          { webhookId, secretId: row, sealed },
          once,
        ),
      )
      const isNew = made.row === row
      const shown = isNew ? secretText(secret) : null
      secret.fill(0)
      return { ...made.webhook, secret: shown }
    },
  )
}

/** Who asks, by id: what is sealed is sealed for them. */
export async function ownIdOf(db: Database, caller: Caller): Promise<string> {
  const [row] = await db.read(caller, sql<{ id: string }>`select fairlock.acting_user() as id`.compile(query))
  if (!row?.id) throw new Problem('not_signed_in')
  return row.id
}
