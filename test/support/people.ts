import { newToken } from '../../src/identity/tokens.ts'
import type { Database } from '../../src/platform/index.ts'

type Newcomer = { email: string; name: string; passwordHash: string }
export type SignedUp = ReturnType<typeof newToken> & { id: string }

/**
 * Makes people and signs them in, as POST /v1/auth/register does, but that nobody judges or hashes a password: that takes
 * longer than what most tests have them do, and there are some thousand of them.
 */
export async function signUp(db: Database, people: Newcomer[]): Promise<SignedUp[]> {
  const made = await db.pool.query<{ id: string }>(
    `select fairlock.register_person(email, name, hash) -> 'user' ->> 'id' as id
     from unnest($1::text[], $2::text[], $3::text[]) p(email, name, hash)`,
    [people.map((one) => one.email), people.map((one) => one.name), people.map((one) => one.passwordHash)],
  )
  const sessions = made.rows.map(({ id }) => ({ id, ...newToken() }))
  await db.pool.query(
    `select fairlock.open_session(session, person, hash, 30, 'node', '127.0.0.1', 'node', 'registration')
     from unnest($1::uuid[], $2::uuid[], $3::bytea[]) s(session, person, hash)`,
    [
      sessions.map((one) => one.sessionId),
      sessions.map((one) => one.id),
      sessions.map((one) => one.tokenHash),
    ],
  )
  return sessions
}
