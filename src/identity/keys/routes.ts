import { sql } from 'kysely'
import { type Static, Type } from 'typebox'
import {
  type App,
  answers,
  type Database,
  IdempotencyHeaders,
  IdParams,
  idempotencyOf,
  type JsonObject,
  query,
  RequestedTime,
  strict,
} from '../../platform/index.ts'
import type { AskForPassword } from '../accounts/ask-for-password.ts'
import { Code, type Factors } from '../factors/index.ts'
import { PasswordIfAsked } from '../schemas.ts'
import { newApiKey } from '../tokens.ts'
import { checkAddresses } from './addresses.ts'
import { ApiKey, KeyName, MadeApiKey, RequestsPerMinute, Scope } from './schemas.ts'

type Key = Static<typeof ApiKey>

/** API keys: a person makes, lists and ends their own, signed in themselves and never through a key. */
export function keyRoutes(app: App, db: Database, factors: Factors, ask: AskForPassword): void {
  listRoute(app, db)
  makeRoute(app, db, factors, ask)
  app.delete(
    '/v1/api-keys/:id',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['API keys'],
        summary: 'End one of your keys, at once',
        params: IdParams,
        response: answers(204, Type.Null()),
      },
    },
    async (request, reply) => {
      await db.command(request.caller, 'end_api_key', { keyId: request.params.id }, null)
      return reply.code(204).send(null)
    },
  )
}

function listRoute(app: App, db: Database): void {
  app.get(
    '/v1/api-keys',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['API keys'],
        summary: 'Your keys',
        description: 'Those that work, newest first. Nobody can read a key again, only end it.',
        response: answers(200, Type.Object({ items: Type.Array(ApiKey), nextCursor: Type.Null() })),
      },
    },
    async (request) => {
      const rows = await db.read(
        request.caller,
        sql<{ body: Key }>`
          select fairlock.api_key_json(id, name, scopes, addresses, requests_per_minute, created_at, last_used_at,
            expires_at) as body
          from fairlock.api_keys where ended_at is null and (expires_at is null or expires_at > now())
          order by created_at desc limit 100`.compile(query),
      )
      return { items: rows.map((row) => row.body), nextCursor: null }
    },
  )
}

function makeRoute(app: App, db: Database, factors: Factors, ask: AskForPassword): void {
  app.post(
    '/v1/api-keys',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['API keys'],
        summary: 'Make a key',
        description:
          'The key is in this answer and nowhere else. It is sent as `Authorization: Bearer flk_…`. ' +
          'A repeat with the same Idempotency-Key says which key was made, with `key` null.',
        headers: IdempotencyHeaders,
        body: strict({
          name: KeyName,
          scopes: Type.Array(Scope, { minItems: 1, maxItems: 3, uniqueItems: true }),
          addresses: Type.Optional(
            Type.Array(Type.String({ maxLength: 49, examples: ['192.0.2.0/24', '2001:db8::/32'] }), {
              minItems: 1,
              maxItems: 50,
              description: 'Addresses or CIDR ranges it works from; needed for the scope withdraw',
            }),
          ),
          expiresAt: Type.Optional(RequestedTime),
          requestsPerMinute: Type.Optional(RequestsPerMinute),
          ...Code,
          ...PasswordIfAsked,
        }),
        response: answers(201, MadeApiKey),
      },
    },
    async (request, reply) => {
      const { totp, recoveryCode, currentPassword, ...rest } = request.body
      const asked: JsonObject = rest
      checkAddresses(rest.addresses ?? [])
      const once = idempotencyOf(request, 'create_api_key', asked)
      await ask(request, currentPassword)
      await factors.proveFor(request, { totp, recoveryCode }, once)
      const { id, key, tokenHash } = newApiKey()
      const made = await db.command<Key>(
        request.caller,
        'create_api_key',
        { ...asked, id, tokenHash: tokenHash.toString('hex') },
        once,
      )
      return reply.code(201).send({ ...made, key: made.id === id ? key : null })
    },
  )
}
