import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type Caller, type Database, Problem } from '../../platform/index.ts'
import { callerFromHeader, newSecret } from '../tokens.ts'

/**
 * Where a browser keeps its token. The prefix lets it be set by this very host alone, and over https alone, which
 * browsers take http on the machine's own address for.
 */
export const SESSION_COOKIE = '__Host-fairlock'
const ATTRIBUTES = 'Path=/; HttpOnly; Secure; SameSite=Strict'

/** How a sign-in wants its session: a token in the answer, or a cookie that no script can read. */
export const SessionKind = Type.Union([Type.Literal('token'), Type.Literal('cookie')], {
  default: 'token',
  description: 'cookie: for browsers; the token is then null and the answer sets a cookie',
})
export type SessionKind = 'token' | 'cookie'

type SignedIn<Answer> = Answer & { token: string; expiresAt: string }

/** Who the session cookie names; nobody when there is none, or none of ours. */
export function callerFromCookie(header: string, requestId: string, from: string | null): Caller {
  const mine = header.split(/; ?/).find((one) => one.startsWith(`${SESSION_COOKIE}=`))
  const token = mine?.slice(SESSION_COOKIE.length + 1) ?? ''
  const caller = callerFromHeader(`Bearer ${token}`, requestId, from)
  if (caller === null || caller.apiKey) return { sessionId: null, tokenHash: null, requestId }
  return { ...caller, byCookie: true }
}

/**
 * Refuses a request that a page of another origin may have made the browser send (CSRF). Browsers say where it comes
 * from in Sec-Fetch-Site, old ones in Origin alone; what says neither is no browser's and has no business with a
 * cookie. Pages of the same site but another origin are foreign too. Throws `Problem` csrf.
 */
export function refuseForeignPage(request: FastifyRequest): void {
  const { 'sec-fetch-site': site, origin } = request.headers
  const isOwn =
    site === undefined ? origin === `${request.protocol}://${request.host}` : site === 'same-origin'
  if (!isOwn) throw new Problem('csrf')
}

/**
 * Signs in and answers as asked. In a browser the session before this one ends with it, so that nobody leaves sessions
 * behind that no page holds any more.
 */
export async function answerSignedIn<Answer>(
  request: FastifyRequest,
  reply: FastifyReply,
  db: Database,
  kind: SessionKind | undefined,
  signIn: () => Promise<SignedIn<Answer>>,
): Promise<Omit<Answer, 'token'> & { token: string | null; expiresAt: string }> {
  if (kind !== 'cookie') return signIn()
  refuseForeignPage(request)
  const signedIn = await signIn()
  if (request.caller.byCookie) await endSession(db, request.caller)
  setCookie(reply, signedIn.token, signedIn.expiresAt)
  return { ...signedIn, token: null }
}

/** Gives the session of a browser a new secret, as after a step-up; the one before is worth nothing from then on. */
export async function renewCookie(request: FastifyRequest, reply: FastifyReply, db: Database): Promise<void> {
  const { sessionId, byCookie } = request.caller
  if (!byCookie || sessionId === null) return
  const { secret, tokenHash } = newSecret()
  const { expiresAt } = await db.command<{ expiresAt: string }>(
    request.caller,
    'renew_session',
    { tokenHash: tokenHash.toString('hex') },
    null,
  )
  request.caller = { ...request.caller, tokenHash }
  setCookie(reply, `${sessionId}.${secret}`, expiresAt)
}

/** Makes the browser forget its session. */
export function clearCookie(reply: FastifyReply): void {
  reply.header('set-cookie', `${SESSION_COOKIE}=; Max-Age=0; ${ATTRIBUTES}`)
}

function setCookie(reply: FastifyReply, token: string, expiresAt: string): void {
  const seconds = Math.max(0, Math.floor((Date.parse(expiresAt) - Date.now()) / 1000))
  reply.header('set-cookie', `${SESSION_COOKIE}=${token}; Max-Age=${seconds}; ${ATTRIBUTES}`)
}

async function endSession(db: Database, caller: Caller): Promise<void> {
  try {
    await db.command(caller, 'end_session', { sessionId: caller.sessionId }, null)
  } catch (problem) {
    if (!(problem instanceof Problem && problem.code === 'not_signed_in')) throw problem
  }
}
