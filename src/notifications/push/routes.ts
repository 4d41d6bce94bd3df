import { createECDH } from 'node:crypto'
import { Type } from 'typebox'
import {
  type App,
  answers,
  type Database,
  IdempotencyHeaders,
  newId,
  Problem,
  strict,
} from '../../platform/index.ts'
import type { Sealer } from '../../platform/sealing/index.ts'
import type { Outside } from '../outside/index.ts'
import { checkTarget, ownIdOf } from '../webhooks/routes.ts'
import { placeOfKeys } from './messages.ts'
import { Vapid } from './vapid.ts'

type PushOptions = { db: Database; sealer: Sealer; outside: Outside }

const config = { scope: 'session' } as const
const tags = ['Web push']
const path = '/v1/me/push-subscriptions'
const Endpoint = Type.String({ minLength: 1, maxLength: 1000, examples: ['https://push.example.net/…'] })
/** The keys of the example in RFC 8291. */
const EXAMPLE = {
  p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg',
}

/** Browsers that a person wants to be told in, also when no page of ours is open. */
export function pushRoutes(app: App, { db, sealer, outside }: PushOptions): void {
  const vapid = new Vapid(db, sealer)
  app.get(
    '/v1/push/public-key',
    {
      config,
      schema: {
        tags,
        summary: 'The applicationServerKey for PushManager.subscribe()',
        response: answers(200, Type.Object({ publicKey: Type.String() })),
      },
    },
    async (request) => ({ publicKey: await vapid.publicKey(request.caller) }),
  )
  app.post(
    path,
    {
      config,
      schema: {
        tags,
        summary: 'Subscribe a browser',
        description:
          'The body is what PushSubscription.toJSON() gives. A repeat takes the place of the one before.',
        headers: IdempotencyHeaders,
        body: strict({
          endpoint: Endpoint,
          keys: strict({
            p256dh: Type.String({ pattern: '^[A-Za-z0-9_-]{87}=?$', examples: [EXAMPLE.p256dh] }),
            auth: Type.String({ pattern: '^[A-Za-z0-9_-]{22}(?:==)?$', examples: [EXAMPLE.auth] }),
          }),
          expirationTime: Type.Optional(
            Type.Union([Type.Integer({ minimum: 0, maximum: 253_402_300_799_000 }), Type.Null()]),
          ),
        }),
        response: answers(201, Type.Object({ id: Type.String({ format: 'uuid' }) })),
      },
    },
    async (request, reply) => {
      const { keys, expirationTime } = request.body
      if (!isPoint(keys.p256dh))
        throw new Problem('invalid_request', {}, [{ field: 'keys.p256dh', problem: 'is no point on P-256' }])
      const endpoint = await checkTarget(outside, 'endpoint', request.body.endpoint)
      const expiresAt = typeof expirationTime === 'number' ? new Date(expirationTime).toISOString() : null
      const id = newId()
      const owner = await ownIdOf(db, request.caller)
      const made = await sealer.store(owner, placeOfKeys(id), Buffer.from(JSON.stringify(keys)), (sealed) =>
        db.command<{ id: string }>(
          request.caller,
          'subscribe_push',
          { id, endpoint, sealed, expiresAt },
          null,
        ),
      )
      return reply.code(201).send(made)
    },
  )
  app.delete(
    path,
    {
      config,
      schema: {
        tags,
        summary: 'Unsubscribe a browser',
        body: strict({ endpoint: Endpoint }),
        response: answers(204, Type.Null()),
      },
    },
    async (request, reply) => {
      const { endpoint: given } = request.body
      const endpoint = URL.canParse(given) ? new URL(given).href : given
      await db.command(request.caller, 'unsubscribe_push', { endpoint }, null)
      return reply.code(204).send(null)
    },
  )
}

/** Whether it is a point on the curve: with any other an attacker could learn the key of the message. */
function isPoint(p256dh: string): boolean {
  const own = createECDH('prime256v1')
  own.generateKeys()
  try {
    own.computeSecret(Buffer.from(p256dh, 'base64url')).fill(0)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY')
      return false
    throw error
  }
}
