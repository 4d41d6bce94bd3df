import type * as Pkcs11 from 'pkcs11js'
import { KeyringError } from '../keyring.ts'
import type { Secret } from './place.ts'

export type Api = typeof Pkcs11
export type Handle = Pkcs11.Handle
export type Work<T> = (module: Pkcs11.PKCS11, session: Handle, api: Api) => Promise<T>

/** The session that logged in is left alone: the login ends with the last session that is closed. */
type Login = { slot: Handle; session: Handle }

/** Sessions with the token at once; each encrypts or decrypts one thing at a time. */
const MOST_SESSIONS = 4
/** After these the token has forgotten us; a new login may help. */
const LOST = [
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_SESSION_CLOSED',
  'CKR_USER_NOT_LOGGED_IN',
  'CKR_DEVICE_REMOVED',
  'CKR_DEVICE_ERROR',
  'CKR_TOKEN_NOT_PRESENT',
  'CKR_KEY_HANDLE_INVALID',
  'CKR_OBJECT_HANDLE_INVALID',
]
const ADVICE: Record<string, string> = {
  CKR_PIN_INCORRECT: 'Correct the PIN before you start again: a token locks itself after a few wrong ones.',
  CKR_PIN_LOCKED: 'The token has locked itself after wrong PINs. Its security officer can set a new one.',
  CKR_PIN_EXPIRED: 'Set a new PIN.',
  CKR_MECHANISM_INVALID: 'It must offer CKM_AES_GCM with keys of 256 bits.',
  CKR_TOKEN_NOT_PRESENT: 'Plug it in, or start its service.',
  CKR_SESSION_COUNT: 'It has too many sessions open. Close programs that use it.',
}

/** A module is initialised once per process, however many keyrings use it. */
const modules = new Map<string, { module: Pkcs11.PKCS11; users: number }>()

/** A token found by its label, with a few sessions in which one user is logged in. */
export class Token {
  readonly #path: string
  readonly #label: string
  readonly #pin: Secret
  readonly #api: Api
  readonly #module: Pkcs11.PKCS11
  #login: Promise<Login> | undefined
  /** Set once the token has refused the PIN: trying again would lock it. */
  #refusal: KeyringError | undefined
  #idle: Handle[] = []
  #open = 0
  /** Rises when all sessions are given up: those still at work are not taken back, and handles of keys are void. */
  #era = 0
  readonly #waiting: (() => void)[] = []

  static async load(path: string, label: string, pin: Secret): Promise<Token> {
    const api = await loadLibrary()
    return new Token(path, label, pin, api, attach(path, api))
  }

  private constructor(path: string, label: string, pin: Secret, api: Api, module: Pkcs11.PKCS11) {
    this.#path = path
    this.#label = label
    this.#pin = pin
    this.#api = api
    this.#module = module
  }

  get era(): number {
    return this.#era
  }

  /** Works with a session of its own; once more, with a new login, when the token has forgotten us. */
  async use<T>(work: Work<T>): Promise<T> {
    const era = this.#era
    try {
      return await this.#once(work)
    } catch (error) {
      if (!LOST.includes(ckr(error))) throw this.#explained(error)
    }
    await this.#giveUp(era)
    return this.#once(work).catch((error) => {
      throw this.#explained(error)
    })
  }

  async close(): Promise<void> {
    await this.#giveUp(this.#era)
    detach(this.#path)
  }

  async #once<T>(work: Work<T>): Promise<T> {
    await this.#turn()
    const era = this.#era
    let session: Handle | undefined
    try {
      this.#login ??= this.#logIn()
      const { slot } = await this.#login
      session = this.#idle.pop() ?? this.#session(slot)
      const result = await work(this.#module, session, this.#api)
      if (era === this.#era) this.#idle.push(session)
      else this.#end(session)
      return result
    } catch (error) {
      // A call that failed may leave its operation begun, and the session would refuse the next one.
      if (session !== undefined) this.#end(session)
      throw error
    } finally {
      this.#open--
      this.#waiting.shift()?.()
    }
  }

  async #turn(): Promise<void> {
    while (this.#open >= MOST_SESSIONS) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#open++
  }

  async #logIn(): Promise<Login> {
    try {
      if (this.#refusal !== undefined) throw this.#refusal
      const slot = this.#find()
      const pin = await this.#pin.read()
      const session = this.#session(slot)
      try {
        this.#module.C_Login(session, this.#api.CKU_USER, pin)
      } catch (error) {
        if (ckr(error) !== 'CKR_USER_ALREADY_LOGGED_IN') {
          this.#end(session)
          throw error
        }
      }
      return { slot, session }
    } catch (error) {
      this.#login = undefined
      if (ckr(error).startsWith('CKR_PIN_')) this.#refusal = this.#explained(error)
      throw error
    }
  }

  #find(): Handle {
    const slots = this.#module.C_GetSlotList(true)
    const found = slots.filter((slot) => this.#labelIn(slot) === this.#label)
    if (found.length === 1) return found[0]!
    throw new KeyringError(
      found.length === 0
        ? `${this.#path} has no token with the label ${this.#label}. Plug it in, or correct FAIRLOCK_KEYRING.`
        : `${this.#path} has several tokens with the label ${this.#label}. Give them different labels.`,
    )
  }

  /** Another token that is broken is no reason not to find ours. */
  #labelIn(slot: Handle): string | undefined {
    try {
      return this.#module.C_GetTokenInfo(slot).label.trimEnd()
    } catch (error) {
      if (ckr(error) === '') throw error
      return undefined
    }
  }

  #session(slot: Handle): Handle {
    return this.#module.C_OpenSession(slot, this.#api.CKF_SERIAL_SESSION | this.#api.CKF_RW_SESSION)
  }

  async #giveUp(era: number): Promise<void> {
    if (era !== this.#era) return
    this.#era++
    const sessions = this.#idle
    const login = this.#login
    this.#idle = []
    this.#login = undefined
    for (const session of sessions) this.#end(session)
    await login?.then(
      ({ session }) => this.#end(session),
      () => 'there was none',
    )
  }

  #end(session: Handle): void {
    try {
      this.#module.C_CloseSession(session)
    } catch (error) {
      if (ckr(error) === '') throw error
    }
  }

  #explained(error: unknown): KeyringError {
    if (error instanceof KeyringError) return error
    const code = ckr(error)
    if (code === '') throw error
    return new KeyringError(
      `The token ${this.#label} of ${this.#path} answered ${code}. ${ADVICE[code] ?? 'Look into the log of its module.'}`,
    )
  }
}

/** The token's own name for what went wrong, `CKR_…`; empty for any other error. */
export function ckr(error: unknown): string {
  return error instanceof Error && /^CKR_\w+$/.test(error.message) ? error.message : ''
}

async function loadLibrary(): Promise<Api> {
  try {
    const { default: api } = await import('pkcs11js')
    return api
  } catch {
    throw new KeyringError(
      'The library pkcs11js is not there: it is compiled when the packages are installed. Install a C++ compiler, make ' +
        'and python3 (Debian: build-essential python3), then run npm rebuild pkcs11js, or npm install.',
    )
  }
}

function attach(path: string, api: Api): Pkcs11.PKCS11 {
  const known = modules.get(path)
  if (known !== undefined) {
    known.users++
    return known.module
  }
  const module = new api.PKCS11()
  try {
    module.load(path)
    // The asynchronous calls run in other threads.
    module.C_Initialize({ flags: api.CKF_OS_LOCKING_OK })
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it failed'
    throw new KeyringError(`The PKCS#11 module ${path} cannot be used: ${reason}. Correct FAIRLOCK_KEYRING.`)
  }
  modules.set(path, { module, users: 1 })
  return module
}

function detach(path: string): void {
  const known = modules.get(path)
  if (known === undefined || --known.users > 0) return
  modules.delete(path)
  known.module.C_Finalize()
  known.module.close()
}
