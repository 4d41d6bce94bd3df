import { type Static, Type } from 'typebox'
import { type App, answers, type Database, IdempotencyHeaders, Nullable, strict } from '../platform/index.ts'
import type { Sealer } from '../platform/sealing/index.ts'
import { accessRoutes } from './access/index.ts'
import type { AskForPassword } from './accounts/ask-for-password.ts'
import { type Accounts, askForPassword } from './accounts/passwords.ts'
import { accountRoutes } from './accounts/routes.ts'
import { PasswordRules } from './accounts/rules.ts'
import { Code, Factors, factorRoutes, passkeyRoutes } from './factors/index.ts'
import { answerSignedIn, clearCookie, SessionKind } from './keys/cookie.ts'
import { placeOf } from './keys/place.ts'
import { keyRoutes } from './keys/routes.ts'
import type { SignInLimits } from './limits.ts'
import { Country, DisplayName, Email, Me, Password, Person, SignedIn } from './schemas.ts'
import { register, signIn, signInByPasskey } from './sign-in.ts'
import { staffRoutes } from './staff/index.ts'

export type IdentityOptions = {
  db: Database
  sealer: Sealer
  limits: SignInLimits
  breachedPasswords?: string | null
  publicUrl?: string | null
}

/** Registering, signing in and out, one's own profile and sessions, and what administrators change about people. */
export function identityRoutes(
  app: App,
  { db, sealer, limits, breachedPasswords = null, publicUrl = null }: IdentityOptions,
): void {
  const accounts = { db, limits, rules: new PasswordRules(breachedPasswords) }
  const factors = new Factors(db, sealer)
  const ask: AskForPassword = (request, password) => askForPassword(accounts, request, password)
  signInRoutes(app, accounts, factors)
  accountRoutes(app, { ...accounts, factors })
  factorRoutes(app, { db, factors, publicUrl, ask })
  passkeyRoutes(app, {
    db,
    limits,
    publicUrl,
    ask,
    openSession: (request, signedIn) => signInByPasskey(db, request.caller, placeOf(request), signedIn),
  })
  keyRoutes(app, db, factors, ask)
  personRoutes(app, db)
  staffRoutes(app, { db, sealer })
  accessRoutes(app, { db })
}

function signInRoutes(app: App, accounts: Accounts, factors: Factors): void {
  const { db, limits } = accounts
  app.post(
    '/v1/auth/register',
    {
      config: { access: 'public' },
      schema: {
        tags: ['Sign-in'],
        summary: 'Register and sign in',
        headers: IdempotencyHeaders,
        body: strict({
          email: Email,
          password: Password,
          displayName: DisplayName,
          session: Type.Optional(SessionKind),
        }),
        response: answers(201, SignedIn),
      },
    },
    async (request, reply) => {
      const mayRepeat = request.headers['idempotency-key'] !== undefined
      const signedIn = await answerSignedIn(request, reply, db, request.body.session, () =>
        register(accounts, request.caller, placeOf(request), request.body, mayRepeat),
      )
      return reply.code(201).send(signedIn)
    },
  )
  app.post(
    '/v1/auth/login',
    {
      config: { access: 'public' },
      schema: {
        tags: ['Sign-in'],
        summary: 'Sign in',
        headers: IdempotencyHeaders,
        body: strict({
          email: Email,
          password: Type.String({ minLength: 1, maxLength: 200 }),
          ...Code,
          session: Type.Optional(SessionKind),
        }),
        response: answers(200, SignedIn),
      },
    },
    async (request, reply) =>
      answerSignedIn(request, reply, db, request.body.session, () =>
        signIn({ db, limits, factors }, request.caller, placeOf(request), request.body),
      ),
  )
  app.post(
    '/v1/auth/logout',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['Sign-in'],
        summary: 'Sign out: ends this session',
        headers: IdempotencyHeaders,
        body: strict({}),
        response: answers(204, Type.Null()),
      },
    },
    async (request, reply) => {
      await db.command(request.caller, 'end_session', { sessionId: request.caller.sessionId }, null)
      if (request.caller.byCookie) clearCookie(reply)
      return reply.code(204).send(null)
    },
  )
}

function personRoutes(app: App, db: Database): void {
  app.get(
    '/v1/me',
    { schema: { tags: ['People'], summary: 'You', response: answers(200, Me) } },
    async (request) => db.call<Static<typeof Me>>(request.caller, 'select fairlock.me() as answer', []),
  )
  app.patch(
    '/v1/me',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['People'],
        summary: 'Change your public name or country',
        body: strict(
          { displayName: Type.Optional(DisplayName), country: Type.Optional(Nullable(Country)) },
          { minProperties: 1 },
        ),
        response: answers(200, Person),
      },
    },
    async (request) => db.command<Person>(request.caller, 'change_me', request.body, null),
  )
}
