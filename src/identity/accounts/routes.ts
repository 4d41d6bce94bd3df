import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import {
  type App,
  answers,
  type Database,
  IdempotencyHeaders,
  Nullable,
  Problem,
  strict,
  Time,
} from '../../platform/index.ts'
import { Code, type Factors } from '../factors/index.ts'
import { CurrentPassword, Email, Password } from '../schemas.ts'
import { readToken } from '../tokens.ts'
import { type Accounts, changePassword, checkCurrentPassword, resetPassword } from './passwords.ts'
import { sessionRoutes } from './sessions.ts'

const Token = Type.String({ maxLength: 100, description: 'From the mail' })
const Nothing = answers(204, Type.Null())
const isPublic = { access: 'public' } as const
const bySession = { scope: 'session' } as const

const Security = Type.Object({
  secondFactor: Type.Boolean({ description: 'One-time codes or a passkey' }),
  passwordChangedAt: Nullable(Time),
  withdrawalsPausedUntil: Nullable(Time),
  sessions: Type.Integer({ description: 'Where you are signed in' }),
  emailChange: Nullable(Type.Object({ email: Type.String(), takesEffectAt: Nullable(Time) })),
  twoFactor: Type.Boolean({ description: 'One-time codes are switched on' }),
  passkeys: Type.Integer(),
  recoveryCodesLeft: Type.Integer(),
  factorFreshUntil: Nullable(Type.String({ description: 'Until when this session needs no second factor' })),
})

/** Password, e-mail address and sessions: what people change about how they sign in. */
export function accountRoutes(app: App, accounts: Accounts & { factors: Factors }): void {
  sessionRoutes(app, accounts.db)
  securityRoute(app, accounts.db)
  passwordRoutes(app, accounts)
  emailRoutes(app, accounts)
  emailTokenRoutes(app, accounts.db)
}

function securityRoute(app: App, db: Database): void {
  app.get(
    '/v1/me/security',
    {
      config: bySession,
      schema: {
        tags: ['People'],
        summary: 'How your account is kept',
        response: answers(200, Security),
      },
    },
    async (request) => db.call(request.caller, 'select fairlock.my_security() as answer', []),
  )
}

function passwordRoutes(app: App, accounts: Accounts & { factors: Factors }): void {
  app.post(
    '/v1/me/password',
    {
      config: bySession,
      schema: {
        tags: ['People'],
        summary: 'Change your password',
        description: 'Ends your other sessions and pauses withdrawals.',
        headers: IdempotencyHeaders,
        body: strict({ currentPassword: CurrentPassword, newPassword: Password, ...Code }),
        response: Nothing,
      },
    },
    async (request, reply) => {
      await accounts.factors.proveFor(request, request.body, null)
      await changePassword(accounts, request, request.body)
      return reply.code(204).send(null)
    },
  )
  app.post(
    '/v1/auth/password-reset',
    {
      config: isPublic,
      schema: {
        tags: ['Sign-in'],
        summary: 'Ask for a mail that lets you set a new password',
        description: 'The answer is the same whether somebody has this address or not.',
        headers: IdempotencyHeaders,
        body: strict({ email: Email }),
        response: answers(202, Type.Object({ status: Type.Literal('accepted') })),
      },
    },
    async (request, reply) => {
      await accounts.limits.countReset(request.ip)
      const wish = 'select fairlock.wish_password_reset($1) as answer'
      await accounts.db.call(nobody(request), wish, [request.body.email])
      return reply.code(202).send({ status: 'accepted' as const })
    },
  )
  app.post(
    '/v1/auth/password-reset/confirmation',
    {
      config: isPublic,
      schema: {
        tags: ['Sign-in'],
        summary: 'Set a new password with the token of the mail',
        description:
          'Ends all your sessions and API keys and pauses withdrawals. A token is good once, for an hour. Who has a ' +
          'second factor gives a code as well.',
        headers: IdempotencyHeaders,
        body: strict({ token: Token, newPassword: Password, ...Code }),
        response: Nothing,
      },
    },
    async (request, reply) => {
      await resetPassword(accounts, request, request.body)
      return reply.code(204).send(null)
    },
  )
}

function emailRoutes(app: App, accounts: Accounts & { factors: Factors }): void {
  app.post(
    '/v1/me/email',
    {
      config: bySession,
      schema: {
        tags: ['People'],
        summary: 'Ask for another e-mail address',
        description:
          'The new address confirms it, the old one can say no, and after a delay it takes effect. Whether the new ' +
          'address has an account here is not said.',
        headers: IdempotencyHeaders,
        body: strict({ email: Email, currentPassword: CurrentPassword, ...Code }),
        response: answers(202, Type.Object({ email: Type.String(), confirmBy: Time })),
      },
    },
    async (request, reply) => {
      const { email, currentPassword } = request.body
      await accounts.factors.proveFor(request, request.body, null)
      const userId = await checkCurrentPassword(accounts, request, currentPassword)
      await accounts.limits.countEmailChange(userId, email)
      const asked = await accounts.db.command<{ email: string; confirmBy: string }>(
        request.caller,
        'start_email_change',
        { email },
        null,
      )
      return reply.code(202).send(asked)
    },
  )
  app.delete(
    '/v1/me/email',
    {
      config: bySession,
      schema: {
        tags: ['People'],
        summary: 'Keep your e-mail address: withdraw the change you asked for',
        response: Nothing,
      },
    },
    async (request, reply) => {
      await accounts.db.command(request.caller, 'withdraw_email_change', {}, null)
      return reply.code(204).send(null)
    },
  )
}

function emailTokenRoutes(app: App, db: Database): void {
  const tags = ['Sign-in']
  app.post(
    '/v1/auth/email-change/confirmation',
    {
      config: isPublic,
      schema: {
        tags,
        summary: 'Confirm a new e-mail address with the token of the mail',
        headers: IdempotencyHeaders,
        body: strict({ token: Token }),
        response: answers(200, Type.Object({ takesEffectAt: Time })),
      },
    },
    async (request) => {
      const text = 'select fairlock.confirm_email_change($1, $2) as answer'
      return db.call<{ takesEffectAt: string }>(nobody(request), text, tokenOf(request.body))
    },
  )
  app.post(
    '/v1/auth/email-change/cancellation',
    {
      config: isPublic,
      schema: {
        tags,
        summary: 'Say no to a new e-mail address with the token of the mail',
        headers: IdempotencyHeaders,
        body: strict({ token: Token }),
        response: Nothing,
      },
    },
    async (request, reply) => {
      const text = 'select fairlock.refuse_email_change($1, $2) as answer'
      await db.call(nobody(request), text, tokenOf(request.body))
      return reply.code(204).send(null)
    },
  )
}

/** A token acts for itself, whoever else is signed in where it is used. */
function nobody(request: FastifyRequest) {
  return { sessionId: null, tokenHash: null, requestId: request.id }
}

function tokenOf({ token }: { token: string }): [string, Buffer] {
  const read = readToken(token)
  if (read === null) throw new Problem('invalid_token')
  return [read.id, read.hash]
}
