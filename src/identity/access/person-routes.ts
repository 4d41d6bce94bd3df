import { sql } from 'kysely'
import { type Static, Type } from 'typebox'
import {
  type App,
  answers,
  type Database,
  IdempotencyHeaders,
  IdParams,
  Problem,
  strict,
} from '../../platform/index.ts'
import { DisplayName, Email } from '../schemas.ts'
import { look } from './look.ts'
import { Found, LookedAt, LookedAtPaymentMethod, LookedAtSession } from './schemas.ts'

/** Staff find a person, and read what a grant of theirs shows. Without one everything here is 404. */
export function personRoutes(app: App, db: Database): void {
  searchRoute(app, db)
  profileRoute(app, db)
  sessionsRoute(app, db)
  paymentMethodsRoute(app, db)
}

const WholeList = <T extends Parameters<typeof Type.Array>[0]>(item: T) =>
  Type.Object({ items: Type.Array(item), nextCursor: Type.Null() })

function searchRoute(app: App, db: Database): void {
  // A POST although it changes nothing but the log: addresses of people do not belong into addresses of pages.
  app.post(
    '/v1/admin/users/search',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['Administration'],
        summary:
          'Staff: find a person by their exact e-mail address or public name, with your grants about them',
        headers: IdempotencyHeaders,
        body: strict({ email: Type.Optional(Email), name: Type.Optional(DisplayName) }),
        response: answers(200, WholeList(Found)),
      },
    },
    async (request) => {
      const { email = null, name = null } = request.body
      const { items } = await db.call<{ items: Static<typeof Found>[] }>(
        request.caller,
        'select fairlock.find_person($1, $2) as answer',
        [email, name],
      )
      return { items, nextCursor: null }
    },
  )
}

function profileRoute(app: App, db: Database): void {
  app.get(
    '/v1/admin/users/:id',
    {
      schema: {
        tags: ['Administration'],
        summary: 'Staff with a grant: a person',
        params: IdParams,
        response: answers(200, LookedAt),
      },
    },
    async (request) => {
      const [person] = await look(
        db,
        request.caller,
        { scope: 'person', id: request.params.id, what: 'profile' },
        sql<Static<typeof LookedAt>>`
          select u.id, u.email, fairlock.rfc3339(u.created_at) as "createdAt", p.display_name as "displayName",
            p.country, p.kyc_status as "kycStatus", fairlock.rfc3339(p.kyc_verified_at) as "kycVerifiedAt",
            p.is_verified_trader as "isVerifiedTrader", p.total_trades as "totalTrades",
            p.disputed_trades as "disputedTrades", p.average_rating::text as "averageRating",
            fairlock.rfc3339(p.banned_until) as "bannedUntil"
          from users u left join crypto_profiles p on p.user_id = u.id where u.id = looked.subject`,
      )
      if (person === undefined) throw new Problem('not_found')
      return person
    },
  )
}

function sessionsRoute(app: App, db: Database): void {
  app.get(
    '/v1/admin/users/:id/sessions',
    {
      schema: {
        tags: ['Administration'],
        summary: 'Staff with a grant: where a person is and was signed in, the newest 100',
        params: IdParams,
        response: answers(200, WholeList(LookedAtSession)),
      },
    },
    async (request) => {
      const items = await look(
        db,
        request.caller,
        { scope: 'person', id: request.params.id, what: 'sessions' },
        sql<Static<typeof LookedAtSession>>`
          select id, fairlock.rfc3339(created_at) as "createdAt", fairlock.rfc3339(last_seen_at) as "lastSeenAt",
            fairlock.rfc3339(expires_at) as "expiresAt", fairlock.rfc3339(ended_at) as "endedAt",
            user_agent as "userAgent", host(address) as address
          from fairlock.sessions where user_id = looked.subject order by created_at desc, id desc limit 100`,
      )
      return { items, nextCursor: null }
    },
  )
}

function paymentMethodsRoute(app: App, db: Database): void {
  app.get(
    '/v1/admin/users/:id/payment-methods',
    {
      schema: {
        tags: ['Administration'],
        summary: 'Staff with a grant: how a person is paid, without the account details',
        params: IdParams,
        response: answers(200, WholeList(LookedAtPaymentMethod)),
      },
    },
    async (request) => {
      const items = await look(
        db,
        request.caller,
        { scope: 'payment_methods', id: request.params.id, what: 'payment methods' },
        sql<Static<typeof LookedAtPaymentMethod>>`
          select id, type, provider, is_verified as "isVerified", verification_status as "verificationStatus",
            is_primary as "isPrimary", fairlock.rfc3339(created_at) as "createdAt"
          from crypto_payment_methods where user_id = looked.subject
          order by created_at, id limit 100`,
      )
      return { items, nextCursor: null }
    },
  )
}
