import { type Keyring, KeyringError } from '../keyring.ts'
import { KEY_BYTES, Unsealable } from '../sealed.ts'
import { type Answer, ask, isRecord, PATIENCE, type Patience } from './ask.ts'
import { parsePlace, type Secret, safeUrl, secretNamed } from './place.ts'

const OPTIONS = ['token-env', 'token-file', 'namespace'] as const
/** What transit makes of a data key: a nonce of 12 bytes before it and a tag of 16 after it. */
const WRAPPED_BYTES = 12 + KEY_BYTES + 16

type Ask = { method: 'GET' | 'POST'; path: string; body?: Record<string, unknown>; attempts?: number }

/**
 * Key-encryption keys in the transit engine of HashiCorp Vault or OpenBao: the versions of one transit key, named
 * `keyname:v3`. `vault:https://host:8200/transit/keyname?token-env=NAME`, or `token-file=/path`, which is read anew for
 * each request, so that an agent can renew the token; `namespace=team` where there are namespaces.
 */
export class VaultKeyring implements Keyring {
  readonly kind = 'vault'
  readonly location: string
  readonly #server: string
  readonly #mount: string
  readonly #name: string
  readonly #namespace: string | undefined
  readonly #token: Secret
  readonly #patience: Patience

  static open(text: string, env: NodeJS.ProcessEnv, patience = PATIENCE): VaultKeyring {
    const place = parsePlace(text, OPTIONS)
    const url = safeUrl(place.name, 'The address of Vault in FAIRLOCK_KEYRING')
    const parts = url.pathname.split('/').filter((part) => part !== '')
    if (parts.length < 2 || !parts.every((part) => /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(part)))
      throw new KeyringError(
        'FAIRLOCK_KEYRING must name the transit engine and the key: vault:https://host:8200/transit/keyname?token-env=NAME',
      )
    const token = secretNamed(place, 'token', env)
    return new VaultKeyring(url, parts, place.options.get('namespace'), token, patience)
  }

  private constructor(
    url: URL,
    parts: string[],
    namespace: string | undefined,
    token: Secret,
    patience: Patience,
  ) {
    this.#patience = patience
    this.#server = url.origin
    this.#mount = parts.slice(0, -1).join('/')
    this.#name = parts.at(-1)!
    this.#namespace = namespace
    this.#token = token
    this.location = `vault:${this.#server}/${this.#mount}/${this.#name}`
  }

  async ids(): Promise<string[]> {
    const answer = await this.#ask({ method: 'GET', path: `keys/${this.#name}` })
    if (answer.status === 404)
      throw new KeyringError(
        `There is no key at ${this.location}. Make it: vault write -f ${this.#mount}/keys/${this.#name} type=aes256-gcm96`,
      )
    const data = this.#data(answer)
    if (data.type !== 'aes256-gcm96' || data.derived === true || !isRecord(data.keys))
      throw new KeyringError(
        `The key at ${this.location} must be of type aes256-gcm96 and not derived. Make another one.`,
      )
    const oldest = Math.max(numberOf(data.min_decryption_version), numberOf(data.min_available_version), 1)
    return Object.keys(data.keys)
      .map(Number)
      .filter((version) => version >= oldest)
      .sort((a, b) => a - b)
      .map((version) => this.#idOf(version))
  }

  async wrap(keyId: string, dataKey: Buffer, context: Buffer): Promise<Buffer> {
    const version = this.#versionOf(keyId)
    const answer = await this.#ask({
      method: 'POST',
      path: `encrypt/${this.#name}`,
      body: {
        plaintext: dataKey.toString('base64'),
        associated_data: context.toString('base64'),
        key_version: version,
      },
    })
    if (answer.status === 400) throw this.#refused(answer, keyId)
    const { ciphertext } = this.#data(answer)
    const match = /^vault:v(\d{1,9}):([A-Za-z0-9+/]+=*)$/.exec(
      typeof ciphertext === 'string' ? ciphertext : '',
    )
    const wrapped = Buffer.from(match?.[2] ?? '', 'base64')
    if (Number(match?.[1]) !== version || wrapped.length !== WRAPPED_BYTES)
      throw new KeyringError(
        `${this.location} wrapped a key in a form that is not that of transit, or with another key.`,
      )
    return wrapped
  }

  async unwrap(keyId: string, wrapped: Buffer, context: Buffer): Promise<Buffer> {
    const version = this.#versionOf(keyId)
    if (wrapped.length !== WRAPPED_BYTES) throw new Unsealable()
    const answer = await this.#ask({
      method: 'POST',
      path: `decrypt/${this.#name}`,
      body: {
        ciphertext: `vault:v${version}:${wrapped.toString('base64')}`,
        associated_data: context.toString('base64'),
      },
    })
    if (answer.status >= 400 && isTampered(answer)) throw new Unsealable()
    if (answer.status === 400) throw this.#refused(answer, keyId)
    const { plaintext } = this.#data(answer)
    if (typeof plaintext !== 'string')
      throw new KeyringError(
        `${this.location} unwrapped a key and did not say it. Look whether it is a Vault.`,
      )
    return Buffer.from(plaintext, 'base64')
  }

  /** A new version of the key, once: a repetition after a lost answer would make two. */
  async create(): Promise<string> {
    const answer = await this.#ask({ method: 'POST', path: `keys/${this.#name}/rotate`, attempts: 1 })
    if (answer.status !== 204) this.#data(answer)
    return (await this.ids()).at(-1)!
  }

  async close(): Promise<void> {}

  async #ask({ method, path, body, attempts = this.#patience.attempts }: Ask): Promise<Answer> {
    const makeRequest = async () =>
      new Request(`${this.#server}/v1/${this.#mount}/${path}`, {
        method,
        headers: {
          'x-vault-token': await this.#token.read(),
          'x-vault-request': 'true',
          ...(this.#namespace === undefined ? {} : { 'x-vault-namespace': this.#namespace }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      })
    return ask(this.location, makeRequest, { patience: this.#patience, attempts, isFinal: isTampered })
  }

  #data(answer: Answer): Record<string, unknown> {
    if (answer.status >= 200 && answer.status < 300 && isRecord(answer.body.data)) return answer.body.data
    throw this.#failed(answer)
  }

  #failed({ status }: Answer): KeyringError {
    if (status === 403)
      return new KeyringError(
        `${this.location} denied it: the token has expired or its policy lacks this path. Renew the token, or ` +
          'correct the policy as docs/operating/keyrings.md has it.',
      )
    if (status === 503)
      return new KeyringError(`The Vault of ${this.location} is sealed or in standby. Unseal it.`)
    return new KeyringError(`${this.location} answered with status ${status}. Look into its log.`)
  }

  /** What Vault says to a question it does not like. Its words name versions and keys, nothing secret. */
  #refused(answer: Answer, keyId: string): KeyringError {
    const said = errorsOf(answer)
    if (/too old|too new|less than the minimum|higher than the latest|not found/.test(said))
      return new KeyringError(
        `The keyring ${this.location} does not hold the key ${keyId}, or its min_decryption_version or ` +
          'min_encryption_version shuts it out. Lower them, or restore the key.',
      )
    return this.#failed(answer)
  }

  #idOf(version: number): string {
    return `${this.#name}:v${version}`
  }

  #versionOf(keyId: string): number {
    const version = Number(/:v([1-9]\d{0,8})$/.exec(keyId)?.[1])
    if (keyId !== this.#idOf(version))
      throw new KeyringError(`The keyring ${this.location} does not hold the key ${keyId}.`)
    return version
  }
}

function errorsOf({ body }: Answer): string {
  return Array.isArray(body.errors) ? body.errors.filter((one) => typeof one === 'string').join('; ') : ''
}

/** The words of Vault and OpenBao for a tag that does not fit; older ones answer them with status 500. */
const TAMPERED = [
  'message authentication failed',
  'invalid ciphertext: unable to decrypt',
  'invalid ciphertext: could not decrypt',
  'invalid ciphertext: could not decode base64',
  'invalid ciphertext length',
]

function isTampered(answer: Answer): boolean {
  const said = errorsOf(answer)
  return TAMPERED.some((words) => said.includes(words))
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
