import { randomBytes } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { type Caller, type Database, type JsonObject, Problem } from '../../platform/index.ts'
import type { Proven } from './factors.ts'
import { newRecoveryCodes } from './recovery-codes.ts'
import { type RelyingParty, relyingPartyOf } from './relying-party.ts'
import type { Assertion, Passkey, Registration } from './schemas.ts'

export type PasskeyOptions = { db: Database; publicUrl: string | null }
type Purpose = 'registration' | 'sign_in' | 'step_up'
type Kept = {
  userId: string
  email: string
  displayName: string | null
  passkeys: { credentialId: string; transports: string[] }[]
}
type Known = { id: string; userId: string; publicKey: string }
type Added = { passkey: Static<typeof Passkey>; recoveryCodes: string[] | null }

/** Loaded at the first passkey: a fifth of what the program would load at its start, and every command of `fairlock`. */
const webauthn = () => import('@simplewebauthn/server')
const CHALLENGE_BYTES = 32
const SITE = 'Fairlock'
/** COSE numbers of Ed25519, ECDSA on P-256 and RSA, which together every authenticator has one of. */
const ALGORITHMS = [-8, -7, -257]

/** What the browser needs to make a passkey here. */
export async function registrationOptions({ db, publicUrl }: PasskeyOptions, request: FastifyRequest) {
  const site = relyingPartyOf(publicUrl, request)
  const challenge = randomBytes(CHALLENGE_BYTES)
  const kept = await keepChallenge<Kept>(db, request.caller, 'registration', challenge)
  const { generateRegistrationOptions } = await webauthn()
  return generateRegistrationOptions({
    rpName: SITE,
    rpID: site.id,
    challenge: new Uint8Array(challenge),
    userID: new Uint8Array(Buffer.from(kept.userId.replaceAll('-', ''), 'hex')),
    userName: kept.email,
    userDisplayName: kept.displayName ?? kept.email,
    attestationType: 'none',
    excludeCredentials: credentialsOf(kept),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: ALGORITHMS,
  })
}

/** What the browser needs to sign a challenge: with any passkey of this site, or with one of the person's who asks. */
export async function assertionOptions(
  { db, publicUrl }: PasskeyOptions,
  request: FastifyRequest,
  purpose: 'sign_in' | 'step_up',
) {
  const site = relyingPartyOf(publicUrl, request)
  const challenge = randomBytes(CHALLENGE_BYTES)
  const isSignIn = purpose === 'sign_in'
  const caller = isSignIn ? nobody(request) : request.caller
  const kept = await keepChallenge<Partial<Kept>>(db, caller, purpose, challenge)
  const { generateAuthenticationOptions } = await webauthn()
  return generateAuthenticationOptions({
    rpID: site.id,
    challenge: new Uint8Array(challenge),
    allowCredentials: credentialsOf({ passkeys: kept.passkeys ?? [] }),
    userVerification: 'required',
  })
}

/**
 * Adds the passkey that a browser has made; with a person's first factor come recovery codes. Throws `Problem`
 * passkey_refused, passkey_known, too_many_passkeys, second_factor_required.
 */
export async function addPasskey(
  { db, publicUrl }: PasskeyOptions,
  request: FastifyRequest,
  { name, response }: { name: string; response: Static<typeof Registration> },
): Promise<Added> {
  const site = relyingPartyOf(publicUrl, request)
  const challenge = challengeOf(response.response.clientDataJSON)
  await takeChallenge(db, request.caller, 'registration', challenge, null)
  const { transports = [], ...attested } = response.response
  const { verifyRegistrationResponse } = await webauthn()
  const { registrationInfo } = await verified(request, () =>
    verifyRegistrationResponse({
      response: { ...bare(response), response: attested },
      ...expected(site, challenge),
      supportedAlgorithmIDs: ALGORITHMS,
    }),
  )
  if (registrationInfo === undefined) throw new Problem('passkey_refused')
  const { credential, credentialBackedUp } = registrationInfo
  const { codes, hashes } = newRecoveryCodes()
  const added = await db.command<{ passkey: Static<typeof Passkey>; isFirst: boolean }>(
    request.caller,
    'add_passkey',
    {
      name,
      credentialId: Buffer.from(credential.id, 'base64url').toString('base64'),
      publicKey: Buffer.from(credential.publicKey).toString('base64'),
      counter: credential.counter,
      transports,
      backedUp: credentialBackedUp,
      rpId: site.id,
      codeHashes: hashes,
    },
    null,
  )
  return { passkey: added.passkey, recoveryCodes: added.isFirst ? codes : null }
}

/** Proves a second factor with a passkey. Throws `Problem` passkey_refused, passkey_cloned. */
export async function proveByPasskey(
  options: PasskeyOptions,
  request: FastifyRequest,
  response: Static<typeof Assertion>,
): Promise<Proven> {
  const { proof } = await checkAssertion(options, request, request.caller, 'step_up', response)
  return options.db.command<Proven>(request.caller, 'prove_factor', proof, null)
}

/** Whose passkey signed a sign-in, and what the database needs to believe it. Throws `Problem` passkey_refused. */
export async function checkSignIn(
  options: PasskeyOptions,
  request: FastifyRequest,
  response: Static<typeof Assertion>,
): Promise<{ userId: string; proof: JsonObject }> {
  return checkAssertion(options, request, nobody(request), 'sign_in', response)
}

async function checkAssertion(
  { db, publicUrl }: PasskeyOptions,
  request: FastifyRequest,
  caller: Caller,
  purpose: 'sign_in' | 'step_up',
  response: Static<typeof Assertion>,
): Promise<{ userId: string; proof: JsonObject }> {
  const site = relyingPartyOf(publicUrl, request)
  const challenge = challengeOf(response.response.clientDataJSON)
  const known = await takeChallenge(db, caller, purpose, challenge, Buffer.from(response.id, 'base64url'))
  const { userHandle, ...signed } = response.response
  const { verifyAuthenticationResponse } = await webauthn()
  const { authenticationInfo } = await verified(request, () =>
    verifyAuthenticationResponse({
      response: { ...bare(response), response: signed },
      ...expected(site, challenge),
      // The database compares the counter, under the lock of its row; 0 lets every counter pass here.
      credential: {
        id: response.id,
        publicKey: new Uint8Array(Buffer.from(known.publicKey, 'base64')),
        counter: 0,
      },
    }),
  )
  if (userHandle && Buffer.from(userHandle, 'base64url').toString('hex') !== known.userId.replaceAll('-', ''))
    throw new Problem('passkey_refused')
  return {
    userId: known.userId,
    proof: {
      method: 'passkey',
      passkeyId: known.id,
      counter: authenticationInfo.newCounter,
      backedUp: authenticationInfo.credentialBackedUp,
    },
  }
}

/** Runs a check of the library, which throws at whatever is wrong; why is for the log alone. */
async function verified<T extends { verified: boolean }>(
  request: FastifyRequest,
  check: () => Promise<T>,
): Promise<T> {
  try {
    const result = await check()
    if (result.verified) return result
    request.log.info('the signature of a passkey is wrong')
  } catch (error) {
    request.log.info({ reason: error instanceof Error ? error.message : error }, 'a passkey was refused')
  }
  throw new Problem('passkey_refused')
}

function expected(site: RelyingParty, challenge: Buffer) {
  return {
    expectedChallenge: challenge.toString('base64url'),
    expectedOrigin: site.origin,
    expectedRPID: site.id,
    requireUserVerification: true,
  }
}

/** What the library looks at; we ask for no extension, so their results are nobody's business. */
function bare({ id, rawId, type }: { id: string; rawId: string; type: 'public-key' }) {
  return { id, rawId, type, clientExtensionResults: {} }
}

/** The challenge that a browser says it signed, or none; the signature covers what it says. */
function challengeOf(clientDataJSON: string): Buffer {
  try {
    const said: unknown = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString())
    if (
      typeof said === 'object' &&
      said !== null &&
      'challenge' in said &&
      typeof said.challenge === 'string'
    ) {
      return Buffer.from(said.challenge, 'base64url')
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return Buffer.alloc(0)
}

function credentialsOf({ passkeys }: Pick<Kept, 'passkeys'>) {
  return passkeys.map(({ credentialId, transports }) => ({
    id: Buffer.from(credentialId, 'base64').toString('base64url'),
    transports,
  }))
}

function keepChallenge<T>(db: Database, caller: Caller, purpose: Purpose, challenge: Buffer): Promise<T> {
  return db.call<T>(caller, 'select fairlock.keep_challenge($1, $2) as answer', [purpose, challenge])
}

function takeChallenge(
  db: Database,
  caller: Caller,
  purpose: Purpose,
  challenge: Buffer,
  credential: Buffer | null,
): Promise<Known> {
  const text = 'select fairlock.take_challenge($1, $2, $3) as answer'
  return db.call<Known>(caller, text, [purpose, challenge, credential])
}

/** A sign-in acts for nobody yet, whoever else is signed in there. */
function nobody(request: FastifyRequest): Caller {
  return { sessionId: null, tokenHash: null, requestId: request.id }
}
