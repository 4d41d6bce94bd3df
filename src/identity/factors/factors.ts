import type { FastifyRequest } from 'fastify'
import {
  type Caller,
  type Database,
  type Idempotency,
  type JsonObject,
  Problem,
} from '../../platform/index.ts'
import type { Sealer } from '../../platform/sealing/index.ts'
import { hashOfCode, newRecoveryCodes } from './recovery-codes.ts'
import type { Code } from './schemas.ts'
import { newSecret, otpauthUrl, stepOf } from './totp.ts'

/** A person's one-time codes: where the secret lies, and the database's time in milliseconds. */
type Material = {
  userId: string
  row: string
  email: string
  enabled: boolean
  sealed: string | null
  at: number
}
export type Proven = { method: string; freshUntil: string }

/** How often a secret that is replaced or sealed anew at this very moment is looked at again. */
const ATTEMPTS = 3

/** Second factors that people type: one-time codes and recovery codes. Passkeys are in passkeys.ts. */
export class Factors {
  readonly #db: Database
  readonly #sealer: Sealer

  constructor(db: Database, sealer: Sealer) {
    this.#db = db
    this.#sealer = sealer
  }

  /**
   * Proves a second factor in the session of this request. Throws `Problem` wrong_second_factor, no_second_factor,
   * too_many_requests.
   */
  async prove(caller: Caller, code: Code): Promise<Proven> {
    return this.#db.command<Proven>(caller, 'prove_factor', await this.#proofOf(caller, code), null)
  }

  /**
   * Proves the code that came with a command, before the command. Nothing is proven for an API key, whose making asked
   * for the factor, nor for a repeat of a request that has its answer; and who has no factor needs none.
   */
  async proveFor(request: FastifyRequest, code: Code, once: Idempotency | null): Promise<void> {
    if (request.caller.apiKey || (code.totp === undefined && code.recoveryCode === undefined)) return
    if (once !== null && (await this.#isAnswered(request.caller, once))) return
    try {
      await this.prove(request.caller, code)
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'no_second_factor')) throw error
    }
  }

  /** What a sign-in with a right password shows beside it; the database decides whether that is enough. */
  async proofAtSignIn(
    caller: Caller,
    { userId, passwordHash }: { userId: string; passwordHash: string },
    code: Code,
  ): Promise<JsonObject | null> {
    return this.#proofFrom(
      caller,
      'select fairlock.sign_in_totp($1, $2) as answer',
      [userId, passwordHash],
      code,
    )
  }

  /** What somebody shows beside the token of a password reset. Throws `Problem` invalid_token. */
  async proofAtReset(
    caller: Caller,
    token: { id: string; hash: Buffer },
    code: Code,
  ): Promise<JsonObject | null> {
    return this.#proofFrom(
      caller,
      'select fairlock.reset_totp($1, $2) as answer',
      [token.id, token.hash],
      code,
    )
  }

  /** The proof of somebody who is not signed in; `material` finds their secret. */
  async #proofFrom(
    caller: Caller,
    material: string,
    values: unknown[],
    code: Code,
  ): Promise<JsonObject | null> {
    if (code.totp === undefined) return recoveryProof(code)
    const step = await this.#stepOf(await this.#db.call<Material>(caller, material, values), code.totp)
    return { method: 'totp', step }
  }

  /** Makes a secret that waits for its confirmation. Throws `Problem` two_factor_on, second_factor_required. */
  async start(caller: Caller): Promise<{ secret: string; otpauthUrl: string }> {
    const material = await this.#material(caller, null)
    const secret = newSecret()
    try {
      await this.#sealer.store(material.userId, placeOf(material), secret, (sealed) =>
        this.#db.command(caller, 'start_totp', { sealed }, null),
      )
      const text = secret.toString()
      return { secret: text, otpauthUrl: otpauthUrl(text, material.email) }
    } finally {
      secret.fill(0)
    }
  }

  /** Switches one-time codes on with the first of them. Throws `Problem` wrong_second_factor, two_factor_on, two_factor_off. */
  async confirm(caller: Caller, totp: string): Promise<string[]> {
    const { codes, hashes } = newRecoveryCodes()
    for (let attempt = 1; ; attempt++) {
      const material = await this.#material(caller, 'confirmation')
      const { sealed } = material
      const step = await this.#stepOf(material, totp)
      try {
        await this.#db.command(caller, 'confirm_totp', { sealed, step, codeHashes: hashes }, null)
        return codes
      } catch (error) {
        const isReplaced = error instanceof Problem && error.code === 'conflict'
        if (!isReplaced || attempt === ATTEMPTS) throw error
      }
    }
  }

  /** Switches one-time codes off, with a code. Throws `Problem` wrong_second_factor, two_factor_off. */
  async stop(caller: Caller, code: Code): Promise<void> {
    const { enabled } = await this.#material(caller, null)
    if (!enabled) throw new Problem('two_factor_off')
    await this.prove(caller, code)
    await this.#db.command(caller, 'stop_totp', {}, null)
  }

  /** Ten new recovery codes in the place of the old ones. Throws `Problem` second_factor_required, no_second_factor. */
  async replaceRecoveryCodes(caller: Caller): Promise<string[]> {
    const { codes, hashes } = newRecoveryCodes()
    await this.#db.command(caller, 'replace_recovery_codes', { codeHashes: hashes }, null)
    return codes
  }

  async #proofOf(caller: Caller, code: Code): Promise<JsonObject> {
    if (code.totp === undefined) return recoveryProof(code) ?? { method: 'totp', step: null }
    const material = await this.#material(caller, 'step-up')
    return { method: 'totp', step: await this.#stepOf(material, code.totp) }
  }

  async #stepOf(material: Material, totp: string): Promise<number | null> {
    if (material.sealed === null) return null
    const secret = await this.#sealer.open(material.userId, placeOf(material), material.sealed)
    try {
      return stepOf(secret, totp, material.at)
    } finally {
      secret.fill(0)
    }
  }

  #material(caller: Caller, why: string | null): Promise<Material> {
    return this.#db.call<Material>(caller, 'select fairlock.my_totp($1) as answer', [why])
  }

  async #isAnswered(caller: Caller, once: Idempotency): Promise<boolean> {
    const text = 'select fairlock.has_answer($1) as answer'
    return (await this.#db.call<{ answered: boolean }>(caller, text, [once.key])).answered
  }
}

function recoveryProof({ recoveryCode }: Code): JsonObject | null {
  if (recoveryCode === undefined) return null
  return { method: 'recovery_code', codeHash: hashOfCode(recoveryCode) }
}

function placeOf({ row }: Material) {
  return { table: 'public.crypto_profiles', column: 'two_factor_secret', row }
}
