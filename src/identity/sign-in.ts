import { isIP } from 'node:net'
import type { Caller, Database } from '../platform/index.ts'
import { Problem } from '../platform/index.ts'
import type { SignInLimits } from './limits.ts'
import { hashPassword, passwordMatches } from './passwords.ts'
import type { Person } from './schemas.ts'
import { newToken } from './tokens.ts'

/** Where a sign-in comes from; behind a proxy the address is what the proxy's header says, whatever that is. */
export type Place = { address: string; userAgent: string | null }
export type SignedIn = { user: Person; token: string; expiresAt: string }

/** A session ends after this many days, used or not. */
const SESSION_DAYS = 30

/**
 * Registers a person and signs them in. `mayRepeat` says that the request carries an idempotency key: then a person who
 * exists already and has this very password is the answer of the first request, with a new token, because tokens are
 * not kept. Throws `Problem` email_taken, display_name_taken, too_many_requests.
 */
export async function register(
  db: Database,
  limits: SignInLimits,
  caller: Caller,
  place: Place,
  person: { email: string; displayName: string; password: string },
  mayRepeat: boolean,
): Promise<SignedIn> {
  await limits.countRegistration(place.address)
  const hash = await hashPassword(person.password)
  try {
    await db.call(anonymous(caller), 'select fairlock.register_person($1, $2, $3) as answer', [
      person.email,
      person.displayName,
      hash,
    ])
  } catch (problem) {
    if (!(mayRepeat && problem instanceof Problem && problem.code === 'email_taken')) throw problem
    const known = await signInMaterial(db, caller, person.email)
    if (!known || !(await passwordMatches(known.passwordHash, person.password))) throw problem
  }
  const known = await signInMaterial(db, caller, person.email)
  if (!known) throw new Error('a person was registered and is not there')
  return openSession(db, caller, place, known.userId)
}

/** Signs a person in. Throws `Problem` wrong_credentials (the same, and as late, for an unknown address), too_many_requests. */
export async function signIn(
  db: Database,
  limits: SignInLimits,
  caller: Caller,
  place: Place,
  credentials: { email: string; password: string },
): Promise<SignedIn> {
  await limits.countSignIn(credentials.email, place.address)
  const known = await signInMaterial(db, caller, credentials.email)
  const matches = await passwordMatches(known?.passwordHash ?? null, credentials.password)
  if (!known || !matches) throw new Problem('wrong_credentials')
  await limits.forgiveSignIn(credentials.email, place.address)
  return openSession(db, caller, place, known.userId)
}

async function signInMaterial(db: Database, caller: Caller, email: string) {
  const answer = await db.call<{ userId?: string; passwordHash?: string }>(
    anonymous(caller),
    `select coalesce((select jsonb_build_object('userId', user_id, 'passwordHash', password_hash)
       from fairlock.sign_in_material($1)), '{}') as answer`,
    [email],
  )
  if (answer.userId === undefined || answer.passwordHash === undefined) return null
  return { userId: answer.userId, passwordHash: answer.passwordHash }
}

async function openSession(db: Database, caller: Caller, place: Place, userId: string): Promise<SignedIn> {
  const { sessionId, token, tokenHash } = newToken()
  const opened = await db.call<{ user: Person; expiresAt: string }>(
    anonymous(caller),
    'select fairlock.open_session($1, $2, $3, $4, $5, $6) as answer',
    [sessionId, userId, tokenHash, SESSION_DAYS, place.userAgent, isIP(place.address) ? place.address : null],
  )
  return { ...opened, token }
}

/** Signing in needs nobody's rights, whatever token came along. */
function anonymous(caller: Caller): Caller {
  return { sessionId: null, tokenHash: null, requestId: caller.requestId }
}
