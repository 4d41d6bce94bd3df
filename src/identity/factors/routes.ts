import { Type } from 'typebox'
import { type App, answers, type Database, IdempotencyHeaders, strict } from '../../platform/index.ts'
import type { AskForPassword } from '../accounts/ask-for-password.ts'
import { renewCookie } from '../keys/cookie.ts'
import { PasswordIfAsked } from '../schemas.ts'
import type { Factors } from './factors.ts'
import { proveByPasskey } from './passkeys.ts'
import { Assertion, Code, Proven, RecoveryCodes, Totp } from './schemas.ts'

const config = { scope: 'session' } as const
const tags = ['Second factor']

type FactorOptions = { db: Database; factors: Factors; publicUrl: string | null; ask: AskForPassword }

/** One-time codes, recovery codes, and proving a second factor in a session. */
export function factorRoutes(app: App, { db, factors, publicUrl, ask }: FactorOptions): void {
  twoFactorRoutes(app, factors, ask)
  app.post(
    '/v1/me/recovery-codes',
    {
      config,
      schema: {
        tags,
        summary: 'Ten new recovery codes; the old ones are worth nothing from then on',
        headers: IdempotencyHeaders,
        body: strict({}),
        response: answers(200, RecoveryCodes),
      },
    },
    async (request) => ({ recoveryCodes: await factors.replaceRecoveryCodes(request.caller) }),
  )
  app.post(
    '/v1/me/step-up',
    {
      config,
      schema: {
        tags,
        summary: 'Prove a second factor in this session',
        description:
          'For some minutes the session may do what asks for one. A browser’s session gets a new cookie; what a ' +
          'passkey signs comes from /v1/me/step-up/options. Of several factors passkey counts, else totp.',
        headers: IdempotencyHeaders,
        body: strict({ ...Code, passkey: Type.Optional(Assertion) }, { minProperties: 1 }),
        response: answers(200, Proven),
      },
    },
    async (request, reply) => {
      const { passkey, ...code } = request.body
      const proven =
        passkey === undefined
          ? await factors.prove(request.caller, code)
          : await proveByPasskey({ db, publicUrl }, request, passkey)
      await renewCookie(request, reply, db)
      return proven
    },
  )
}

function twoFactorRoutes(app: App, factors: Factors, ask: AskForPassword): void {
  const path = '/v1/me/two-factor'
  app.post(
    path,
    {
      config,
      schema: {
        tags,
        summary: 'Make a secret for an authenticator app',
        description: 'It is in this answer and nowhere else, and does nothing until it is confirmed.',
        headers: IdempotencyHeaders,
        body: strict(PasswordIfAsked),
        response: answers(200, Type.Object({ secret: Type.String(), otpauthUrl: Type.String() })),
      },
    },
    async (request) => {
      await ask(request, request.body.currentPassword)
      return factors.start(request.caller)
    },
  )
  app.post(
    `${path}/confirmation`,
    {
      config,
      schema: {
        tags,
        summary: 'Switch one-time codes on with the first code',
        headers: IdempotencyHeaders,
        body: strict({ totp: Totp }),
        response: answers(200, RecoveryCodes),
      },
    },
    async (request) => ({ recoveryCodes: await factors.confirm(request.caller, request.body.totp) }),
  )
  app.delete(
    path,
    {
      config,
      schema: {
        tags,
        summary: 'Switch one-time codes off, with a code or a recovery code',
        body: strict(Code, { minProperties: 1 }),
        response: answers(204, Type.Null()),
      },
    },
    async (request, reply) => {
      await factors.stop(request.caller, request.body)
      return reply.code(204).send(null)
    },
  )
}
