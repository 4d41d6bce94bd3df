import { randomBytes } from 'node:crypto'
import { isAbsolute } from 'node:path'
import type { PKCS11, Template } from 'pkcs11js'
import { type Keyring, KeyringError } from '../keyring.ts'
import { KEY_BYTES, Unsealable } from '../sealed.ts'
import { type Api, ckr, type Handle, Token } from './pkcs11-token.ts'
import { parsePlace, secretNamed } from './place.ts'

const PREFIX = 'fairlock-'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES
const MOST_KEYS = 1000
/** What tokens say of a tag that does not fit. */
const TAMPERED = [
  'CKR_ENCRYPTED_DATA_INVALID',
  'CKR_ENCRYPTED_DATA_LEN_RANGE',
  'CKR_DATA_INVALID',
  'CKR_SIGNATURE_INVALID',
]
/** SoftHSM and others say this of it, and of a token that is broken. */
const UNCLEAR = ['CKR_GENERAL_ERROR', 'CKR_FUNCTION_FAILED']

/**
 * Key-encryption keys that never leave a token (an HSM, a smart card, SoftHSM): AES-256 keys labelled `fairlock-…`.
 * `pkcs11:/path/to/module.so?token=LABEL&pin-env=NAME`, or `pin-file=/path`. The token encrypts with AES-GCM, so that the
 * context is authenticated; its own wrapping mechanisms (AES-KW, AES-KWP) know no context.
 */
export class Pkcs11Keyring implements Keyring {
  readonly kind = 'pkcs11'
  readonly location: string
  readonly #token: Token
  /** Handles of keys, good for one era of the token: asking for them blocks the program, and each use would ask. */
  readonly #keys = new Map<string, Handle>()
  #keysOf = -1

  static async open(text: string, env: NodeJS.ProcessEnv): Promise<Pkcs11Keyring> {
    const place = parsePlace(text, ['token', 'pin-env', 'pin-file'])
    const label = place.options.get('token')
    if (!isAbsolute(place.name) || label === undefined)
      throw new KeyringError(
        'FAIRLOCK_KEYRING must name the module and the token: pkcs11:/usr/lib/softhsm/libsofthsm2.so?token=LABEL&pin-file=/path',
      )
    const token = await Token.load(place.name, label, secretNamed(place, 'pin', env))
    return new Pkcs11Keyring(`pkcs11:${place.name}?token=${label}`, token)
  }

  private constructor(location: string, token: Token) {
    this.location = location
    this.#token = token
  }

  /** By label: ours begin with the time they were made. */
  async ids(): Promise<string[]> {
    return this.#token.use(async (module, session, api) => {
      const keys = find(module, session, secretKey(api))
      const labels = keys.map((key) =>
        String(module.C_GetAttributeValue(session, key, [{ type: api.CKA_LABEL }])[0]?.value),
      )
      return labels.filter((label) => label.startsWith(PREFIX)).sort()
    })
  }

  async wrap(keyId: string, dataKey: Buffer, context: Buffer): Promise<Buffer> {
    return this.#token.use(async (module, session, api) => {
      const key = this.#key(module, session, api, keyId)
      const nonce = randomBytes(NONCE_BYTES)
      module.C_EncryptInit(session, gcm(api, nonce, context), key)
      // The library does not hold on to the buffers while another thread works with them; both are used afterwards.
      const input = Buffer.from(dataKey)
      const room = Buffer.alloc(KEY_BYTES + TAG_BYTES)
      try {
        const ciphertext = await module.C_EncryptAsync(session, input, room)
        return Buffer.concat([nonce, ciphertext])
      } finally {
        input.fill(0)
        room.fill(0)
      }
    })
  }

  async unwrap(keyId: string, wrapped: Buffer, context: Buffer): Promise<Buffer> {
    if (wrapped.length !== WRAPPED_BYTES) throw new Unsealable()
    try {
      return await this.#decrypt(keyId, wrapped, context)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      if (error.isClear || (await this.#works(keyId))) throw new Unsealable()
      throw new KeyringError(`${this.location} decrypts nothing any more. Look into the log of its module.`)
    }
  }

  async create(): Promise<string> {
    const time = new Date().toISOString().replace(/\D/g, '')
    const label = `${PREFIX}${time}-${randomBytes(4).toString('hex')}`
    await this.#token.use((module, session, api) =>
      module.C_GenerateKeyAsync(session, { mechanism: api.CKM_AES_KEY_GEN }, newKey(api, label)),
    )
    return label
  }

  async close(): Promise<void> {
    await this.#token.close()
  }

  #key(module: PKCS11, session: Handle, api: Api, keyId: string): Handle {
    if (this.#keysOf !== this.#token.era) this.#keys.clear()
    this.#keysOf = this.#token.era
    const key = this.#keys.get(keyId) ?? this.#find(module, session, api, keyId)
    this.#keys.set(keyId, key)
    return key
  }

  /** A key that the token would hand out, or that is not one, is refused: nobody would know where copies are. */
  #find(module: PKCS11, session: Handle, api: Api, keyId: string): Handle {
    const found = keyId.startsWith(PREFIX)
      ? find(module, session, [...secretKey(api), { type: api.CKA_LABEL, value: keyId }])
      : []
    if (found.length !== 1)
      throw new KeyringError(
        found.length === 0
          ? `The keyring ${this.location} does not hold the key ${keyId}. Restore the token from its backup.`
          : `The keyring ${this.location} holds several keys labelled ${keyId}. Relabel those that are not it.`,
      )
    const [sensitive, extractable] = module.C_GetAttributeValue(session, found[0]!, [
      { type: api.CKA_SENSITIVE },
      { type: api.CKA_EXTRACTABLE },
    ])
    if (!isTrue(sensitive?.value) || isTrue(extractable?.value))
      throw new KeyringError(
        `The key ${keyId} can be read out of ${this.location}. Rotate to one made by fairlock keys rotate.`,
      )
    return found[0]!
  }

  async #decrypt(keyId: string, wrapped: Buffer, context: Buffer): Promise<Buffer> {
    return this.#token.use(async (module, session, api) => {
      const key = this.#key(module, session, api, keyId)
      module.C_DecryptInit(session, gcm(api, wrapped.subarray(0, NONCE_BYTES), context), key)
      // As above: both buffers are used afterwards.
      const input = Buffer.from(wrapped.subarray(NONCE_BYTES))
      const room = Buffer.alloc(WRAPPED_BYTES)
      try {
        return Buffer.from(await module.C_DecryptAsync(session, input, room))
      } catch (error) {
        const isClear = TAMPERED.includes(ckr(error))
        throw isClear || UNCLEAR.includes(ckr(error)) ? new Refused(isClear) : error
      } finally {
        input.fill(0)
        room.fill(0)
      }
    })
  }

  /** Whether the token still encrypts and decrypts with this key. */
  async #works(keyId: string): Promise<boolean> {
    const trial = randomBytes(KEY_BYTES)
    try {
      const wrapped = await this.wrap(keyId, trial, trial)
      return (await this.#decrypt(keyId, wrapped, trial)).equals(trial)
    } catch (error) {
      if (error instanceof Refused) return false
      throw error
    }
  }
}

/** The token did not decrypt something: surely because it has been changed, or for a reason it does not tell. */
class Refused extends Error {
  readonly isClear: boolean

  constructor(isClear: boolean) {
    super('the token did not decrypt it')
    this.isClear = isClear
  }
}

function find(module: PKCS11, session: Handle, template: Template): Handle[] {
  module.C_FindObjectsInit(session, template)
  try {
    return module.C_FindObjects(session, MOST_KEYS)
  } finally {
    module.C_FindObjectsFinal(session)
  }
}

function gcm(api: Api, iv: Buffer, aad: Buffer) {
  // The structure of the standard's headers, with the nonce's length in bits; modules that want the shorter one of old
  // drafts would misread it, which the trial before a key's first use finds out.
  const parameter = {
    type: api.CK_PARAMS_AES_GCM_v240,
    iv,
    ivBits: iv.length * 8,
    aad,
    tagBits: TAG_BYTES * 8,
  }
  return { mechanism: api.CKM_AES_GCM, parameter }
}

function secretKey(api: Api): Template {
  return [
    { type: api.CKA_CLASS, value: api.CKO_SECRET_KEY },
    { type: api.CKA_KEY_TYPE, value: api.CKK_AES },
  ]
}

function newKey(api: Api, label: string): Template {
  const yes = [api.CKA_TOKEN, api.CKA_PRIVATE, api.CKA_SENSITIVE, api.CKA_ENCRYPT, api.CKA_DECRYPT]
  const no = [
    api.CKA_EXTRACTABLE,
    api.CKA_MODIFIABLE,
    api.CKA_WRAP,
    api.CKA_UNWRAP,
    api.CKA_SIGN,
    api.CKA_VERIFY,
  ]
  return [
    ...secretKey(api),
    { type: api.CKA_LABEL, value: label },
    { type: api.CKA_ID, value: randomBytes(8) },
    { type: api.CKA_VALUE_LEN, value: KEY_BYTES },
    ...yes.map((type) => ({ type, value: true })),
    ...no.map((type) => ({ type, value: false })),
  ]
}

function isTrue(value: Template[number]['value']): boolean {
  return value instanceof Buffer ? value[0] === 1 : value === true
}
