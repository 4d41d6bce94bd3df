import type { FastifyRequest } from 'fastify'
import { type Database, Problem } from '../../platform/index.ts'
import type { Code, Factors } from '../factors/index.ts'
import { placeOf } from '../keys/place.ts'
import type { SignInLimits } from '../limits.ts'
import { hashPassword, passwordMatches } from '../passwords.ts'
import { normalAddress, readToken } from '../tokens.ts'
import { deviceName } from './device.ts'
import type { PasswordOwner, PasswordRules } from './rules.ts'

export type Accounts = { db: Database; limits: SignInLimits; rules: PasswordRules }
type Own = PasswordOwner & { userId: string; passwordHash: string; asks: boolean }

/**
 * Changes the password of who is signed in. With an idempotency key a repeat, which finds the new password in place,
 * is answered like the first. Throws `Problem` wrong_password, weak_password, too_many_requests.
 */
export async function changePassword(
  { db, limits, rules }: Accounts,
  request: FastifyRequest,
  { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
): Promise<void> {
  const own = await ownPassword(db, request)
  await limits.countPassword(own.userId)
  if (!(await passwordMatches(own.passwordHash, currentPassword))) {
    const mayRepeat = request.headers['idempotency-key'] !== undefined
    if (!(mayRepeat && (await passwordMatches(own.passwordHash, newPassword)))) throw wrongPassword()
    return limits.forgivePassword(own.userId)
  }
  await limits.forgivePassword(own.userId)
  await rules.check(newPassword, own, 'newPassword')
  const becomes = await hashPassword(newPassword)
  await db.command(request.caller, 'change_password', { was: own.passwordHash, becomes }, null)
}

/** Asks for the password again before something that a borrowed session must not do. Returns whose it is. */
export async function checkCurrentPassword(
  { db, limits }: Accounts,
  request: FastifyRequest,
  password: string,
): Promise<string> {
  const own = await ownPassword(db, request)
  await compare(limits, own, password)
  return own.userId
}

/**
 * Asks for the password before a first second factor or an API key, unless the person has signed in just now: whoever
 * found an open session must not keep its owner out with a factor of their own, nor stay by a key. Whoever has a factor
 * is asked for that instead, by the database. Throws `Problem` password_required, wrong_password, too_many_requests.
 */
export async function askForPassword(
  { db, limits }: Omit<Accounts, 'rules'>,
  request: FastifyRequest,
  password: string | undefined,
): Promise<void> {
  const own = await ownPassword(db, request)
  if (password !== undefined) await compare(limits, own, password)
  else if (own.asks) throw new Problem('password_required')
}

async function compare(limits: SignInLimits, own: Own, password: string): Promise<void> {
  await limits.countPassword(own.userId)
  if (!(await passwordMatches(own.passwordHash, password))) throw wrongPassword()
  await limits.forgivePassword(own.userId)
}

/**
 * Sets a new password with the token of a reset, once. Throws `Problem` invalid_token, weak_password; totp_required and
 * wrong_second_factor for who has a second factor: a mailbox is no more than one.
 */
export async function resetPassword(
  { db, rules, factors }: Accounts & { factors: Factors },
  request: FastifyRequest,
  body: { token: string; newPassword: string } & Code,
): Promise<void> {
  const token = readToken(body.token)
  if (token === null) throw new Problem('invalid_token')
  const nobody = { sessionId: null, tokenHash: null, requestId: request.id }
  const owner = await db.call<PasswordOwner>(nobody, 'select fairlock.reset_material($1, $2) as answer', [
    token.id,
    token.hash,
  ])
  await rules.check(body.newPassword, owner, 'newPassword')
  const { address, userAgent } = placeOf(request)
  await db.call(nobody, 'select fairlock.finish_password_reset($1, $2, $3, $4, $5, $6) as answer', [
    token.id,
    token.hash,
    await hashPassword(body.newPassword),
    await factors.proofAtReset(nobody, token, body),
    normalAddress(address),
    deviceName(userAgent),
  ])
}

function ownPassword(db: Database, request: FastifyRequest): Promise<Own> {
  return db.call<Own>(request.caller, 'select fairlock.password_material() as answer', [])
}

function wrongPassword(): Problem {
  return new Problem('wrong_password', {}, [{ field: 'currentPassword', problem: 'is wrong' }])
}
