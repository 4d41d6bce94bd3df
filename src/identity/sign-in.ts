import type { Caller, Database, JsonObject } from '../platform/index.ts'
import { Problem } from '../platform/index.ts'
import { deviceName } from './accounts/device.ts'
import type { Accounts } from './accounts/passwords.ts'
import type { Code, Factors } from './factors/index.ts'
import type { Place } from './keys/place.ts'
import type { SignInLimits } from './limits.ts'
import { hashPassword, passwordMatches } from './passwords.ts'
import type { Person } from './schemas.ts'
import { newToken, normalAddress } from './tokens.ts'

export type SignedIn = { user: Person; token: string; expiresAt: string }

/** A session ends after this many days, used or not. */
const SESSION_DAYS = 30

/**
 * Registers a person and signs them in. `mayRepeat` says that the request carries an idempotency key: then a person who
 * exists already and has this very password is the answer of the first request, with a new token, because tokens are
 * not kept. Throws `Problem` email_taken, display_name_taken, weak_password, too_many_requests.
 */
export async function register(
  { db, limits, rules }: Accounts,
  caller: Caller,
  place: Place,
  person: { email: string; displayName: string; password: string },
  mayRepeat: boolean,
): Promise<SignedIn> {
  await limits.countRegistration(place.address)
  await limits.checkTaken(place.address)
  await rules.check(person.password, person, 'password')
  const hash = await hashPassword(person.password)
  try {
    await db.call(anonymous(caller), 'select fairlock.register_person($1, $2, $3) as answer', [
      person.email,
      person.displayName,
      hash,
    ])
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem
    // That the name is taken says that the address is free.
    if (problem.code === 'display_name_taken') await limits.countTaken(place.address)
    if (problem.code !== 'email_taken') throw problem
    // A repeat tells whether a password is right, so it is bounded and counted like a sign-in.
    const isRepeat = mayRepeat && (await checkPassword({ db, limits }, caller, place, person)) !== null
    if (!isRepeat) {
      await limits.countTaken(place.address)
      throw problem
    }
  }
  const known = await signInMaterial(db, caller, place, person.email)
  if (!known) throw new Error('a person was registered and is not there')
  return openSession(db, caller, place, known, 'registration')
}

/**
 * Signs a person in. Throws `Problem` wrong_credentials (the same, and as late, for an unknown address),
 * too_many_requests; after a right password totp_required, wrong_second_factor.
 */
export async function signIn(
  { db, limits, factors }: { db: Database; limits: SignInLimits; factors: Factors },
  caller: Caller,
  place: Place,
  credentials: { email: string; password: string } & Code,
): Promise<SignedIn> {
  const known = await checkPassword({ db, limits }, caller, place, credentials)
  if (known === null) throw new Problem('wrong_credentials')
  const proof = await factors.proofAtSignIn(anonymous(caller), known, credentials)
  return openSession(db, caller, place, known, 'password', proof)
}

/** Signs in whose passkey has signed. Throws `Problem` passkey_refused, passkey_cloned. */
export async function signInByPasskey(
  db: Database,
  caller: Caller,
  place: Place,
  { userId, proof }: { userId: string; proof: JsonObject },
): Promise<SignedIn> {
  return openSession(db, caller, place, { userId, passwordHash: null }, 'passkey', proof)
}

/** Whose password this is; null when it is nobody's. The same steps, and as long, whether the person exists or not. */
async function checkPassword(
  { db, limits }: { db: Database; limits: SignInLimits },
  caller: Caller,
  place: Place,
  { email, password }: { email: string; password: string },
): Promise<Known | null> {
  await limits.countSignIn(email, place.address)
  const known = await signInMaterial(db, caller, place, email)
  const isStranger = known?.isKnownPlace !== true
  if (isStranger) await limits.countStranger(email)
  const matches = await passwordMatches(known?.passwordHash ?? null, password)
  if (!known || !matches) return null
  await limits.forgiveSignIn(email, place.address, isStranger)
  return known
}

type Known = { userId: string; passwordHash: string; isKnownPlace: boolean }

async function signInMaterial(
  db: Database,
  caller: Caller,
  place: Place,
  email: string,
): Promise<Known | null> {
  const shown = caller.apiKey ? { sessionId: null, tokenHash: null } : caller
  const answer = await db.call<{ userId?: string; passwordHash?: string; known?: boolean }>(
    anonymous(caller),
    'select fairlock.sign_in_material($1, $2, $3, $4) as answer',
    [email, normalAddress(place.address), shown.sessionId, shown.tokenHash],
  )
  const { userId, passwordHash, known } = answer
  if (userId === undefined || passwordHash === undefined) return null
  return { userId, passwordHash, isKnownPlace: known === true }
}

async function openSession(
  db: Database,
  caller: Caller,
  place: Place,
  { userId, passwordHash }: { userId: string; passwordHash: string | null },
  how: 'registration' | 'password' | 'passkey',
  proof: JsonObject | null = null,
): Promise<SignedIn> {
  const { sessionId, token, tokenHash } = newToken()
  const { userAgent } = place
  const address = normalAddress(place.address)
  const opened = await db.call<{ user: Person; expiresAt: string }>(
    anonymous(caller),
    'select fairlock.open_session($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as answer',
    [
      sessionId,
      userId,
      tokenHash,
      SESSION_DAYS,
      userAgent,
      address,
      deviceName(userAgent),
      how,
      passwordHash,
      proof,
    ],
  )
  return { ...opened, token }
}

/** Signing in needs nobody's rights, whatever token came along. */
function anonymous(caller: Caller): Caller {
  return { sessionId: null, tokenHash: null, requestId: caller.requestId }
}
