import type { FastifyReply, FastifyRequest } from 'fastify'
import { sql } from 'kysely'
import { type Static, Type } from 'typebox'
import {
  type App,
  answers,
  IdempotencyHeaders,
  IdParams,
  type JsonObject,
  Nullable,
  query,
  strict,
} from '../../platform/index.ts'
import type { AskForPassword } from '../accounts/ask-for-password.ts'
import { answerSignedIn, SessionKind } from '../keys/cookie.ts'
import type { SignInLimits } from '../limits.ts'
import { PasswordIfAsked, SignedIn } from '../schemas.ts'
import {
  addPasskey,
  assertionOptions,
  checkSignIn,
  type PasskeyOptions,
  registrationOptions,
} from './passkeys.ts'
import { Assertion, Options, Passkey, PasskeyName, RecoveryCodes, Registration } from './schemas.ts'

/** Opens the session of a sign-in whose passkey has signed. */
export type OpenSession = (
  request: FastifyRequest,
  signedIn: { userId: string; proof: JsonObject },
) => Promise<Static<typeof SignedIn> & { token: string }>

const config = { scope: 'session' } as const
const tags = ['Second factor']
const PATH = '/v1/me/passkeys'

/** Passkeys: making, naming and removing them, and signing in with one. */
export function passkeyRoutes(
  app: App,
  options: PasskeyOptions & { limits: SignInLimits; openSession: OpenSession; ask: AskForPassword },
): void {
  makingRoutes(app, options)
  keepingRoutes(app, options)
  signInRoutes(app, options)
}

function makingRoutes(app: App, options: PasskeyOptions & { ask: AskForPassword }): void {
  app.post(
    `${PATH}/options`,
    {
      config,
      schema: {
        tags,
        summary: 'What a browser needs to make a passkey',
        description: 'For PublicKeyCredential.parseCreationOptionsFromJSON. Good once, for five minutes.',
        headers: IdempotencyHeaders,
        body: strict(PasswordIfAsked),
        response: answers(200, Options),
      },
    },
    async (request) => {
      await options.ask(request, request.body.currentPassword)
      return registrationOptions(options, request)
    },
  )
  app.post(
    PATH,
    {
      config,
      schema: {
        tags,
        summary: 'Add the passkey that the browser has made',
        description: 'With your first second factor come recovery codes.',
        headers: IdempotencyHeaders,
        body: strict({ name: PasskeyName, response: Registration }),
        response: answers(
          201,
          Type.Object({ passkey: Passkey, recoveryCodes: Nullable(RecoveryCodes.properties.recoveryCodes) }),
        ),
      },
    },
    async (request, reply) => reply.code(201).send(await addPasskey(options, request, request.body)),
  )
  app.post(
    '/v1/me/step-up/options',
    {
      config,
      schema: {
        tags,
        summary: 'What a browser needs to prove a second factor with a passkey',
        headers: IdempotencyHeaders,
        body: strict({}),
        response: answers(200, Options),
      },
    },
    async (request) => assertionOptions(options, request, 'step_up'),
  )
}

function keepingRoutes(app: App, { db }: PasskeyOptions): void {
  app.get(
    PATH,
    {
      config,
      schema: {
        tags,
        summary: 'Your passkeys',
        response: answers(200, Type.Object({ items: Type.Array(Passkey), nextCursor: Type.Null() })),
      },
    },
    async (request) => {
      const rows = await db.read(
        request.caller,
        sql<{ body: Static<typeof Passkey> }>`
          select fairlock.passkey_json(id, name, backed_up, created_at, last_used_at, cloned_at) as body
          from fairlock.passkeys order by created_at desc limit 100`.compile(query),
      )
      return { items: rows.map((row) => row.body), nextCursor: null }
    },
  )
  app.patch(
    `${PATH}/:id`,
    {
      config,
      schema: {
        tags,
        summary: 'Give a passkey another name',
        params: IdParams,
        body: strict({ name: PasskeyName }),
        response: answers(200, Passkey),
      },
    },
    async (request) =>
      db.command<Static<typeof Passkey>>(
        request.caller,
        'rename_passkey',
        { passkeyId: request.params.id, name: request.body.name },
        null,
      ),
  )
  app.delete(
    `${PATH}/:id`,
    {
      config,
      schema: {
        tags,
        summary: 'Remove a passkey; it signs in nobody from then on',
        params: IdParams,
        response: answers(204, Type.Null()),
      },
    },
    async (request, reply) => {
      await db.command(request.caller, 'remove_passkey', { passkeyId: request.params.id }, null)
      return reply.code(204).send(null)
    },
  )
}

function signInRoutes(
  app: App,
  options: PasskeyOptions & { limits: SignInLimits; openSession: OpenSession },
): void {
  const isPublic = { access: 'public' } as const
  app.post(
    '/v1/auth/passkey/options',
    {
      config: isPublic,
      schema: {
        tags: ['Sign-in'],
        summary: 'What a browser needs to sign in with a passkey',
        description: 'For PublicKeyCredential.parseRequestOptionsFromJSON. Good once, for five minutes.',
        headers: IdempotencyHeaders,
        body: strict({}),
        response: answers(200, Options),
      },
    },
    async (request) => {
      await options.limits.countPasskey(request.ip)
      return assertionOptions(options, request, 'sign_in')
    },
  )
  app.post(
    '/v1/auth/passkey',
    {
      config: isPublic,
      schema: {
        tags: ['Sign-in'],
        summary: 'Sign in with a passkey, which stands for password and second factor',
        headers: IdempotencyHeaders,
        body: strict({ response: Assertion, session: Type.Optional(SessionKind) }),
        response: answers(200, SignedIn),
      },
    },
    async (
      request: FastifyRequest<{
        Body: { response: Static<typeof Assertion>; session?: Static<typeof SessionKind> }
      }>,
      reply: FastifyReply,
    ) => {
      await options.limits.countPasskey(request.ip)
      return answerSignedIn(request, reply, options.db, request.body.session, async () =>
        options.openSession(request, await checkSignIn(options, request, request.body.response)),
      )
    },
  )
}
