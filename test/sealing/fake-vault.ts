import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { faultServer, type Handler, type Reply } from './fault-server.ts'

type Key = {
  versions: Buffer[]
  minDecryption: number
  minEncryption: number
  type: string
  derived: boolean
}
type Settings = { token: string; namespace?: string; ignoresContext?: boolean; sealed?: boolean }

const errors = (status: number, ...said: string[]): Reply => ({ status, body: { errors: said } })
const data = (values: Record<string, unknown>): Reply => ({
  status: 200,
  body: { request_id: 'f1', lease_id: '', renewable: false, lease_duration: 0, data: values, warnings: null },
})

/** A transit engine as Vault and OpenBao have it, mounted at `transit` and at `team/transit`; AES-GCM in memory. */
export async function fakeVault(settings: Settings) {
  const keys = new Map<string, Key>()
  const addKey = (name: string, options: Partial<Key> = {}) =>
    keys.set(name, {
      versions: [randomBytes(32)],
      minDecryption: 1,
      minEncryption: 0,
      type: 'aes256-gcm96',
      derived: false,
      ...options,
    })

  const handle: Handler = (request, body) => {
    if (settings.sealed) return errors(503, 'Vault is sealed')
    if (request.headers['x-vault-namespace'] !== settings.namespace) return errors(404)
    if (request.headers['x-vault-token'] !== settings.token) return errors(403, 'permission denied')
    const match = /^\/v1\/(?:team\/)?transit\/(keys|encrypt|decrypt)\/([\w.-]+)(\/rotate)?$/.exec(
      request.url ?? '',
    )
    if (!match) return errors(404, 'no handler for route')
    const [, operation, name, rotate] = match
    const key = keys.get(name!)
    if (operation === 'keys' && request.method === 'GET')
      return key ? data(describe(name!, key)) : errors(404)
    if (request.method !== 'POST') return errors(405, 'unsupported operation')
    if (!key) return errors(400, 'encryption key not found')
    if (operation === 'keys' && rotate) {
      key.versions.push(randomBytes(32))
      return data(describe(name!, key))
    }
    const input = JSON.parse(body)
    const context = Buffer.from(settings.ignoresContext ? '' : (input.associated_data ?? ''), 'base64')
    return operation === 'encrypt' ? encrypt(key, input, context) : decrypt(key, input, context)
  }
  const server = await faultServer(handle)
  return { ...server, keys, addKey, settings }
}

function describe(name: string, key: Key): Record<string, unknown> {
  const held = key.versions.map((_, i) => [String(i + 1), 1_790_000_000 + i])
  return {
    name,
    type: key.type,
    derived: key.derived,
    keys: Object.fromEntries(held.slice(key.minDecryption - 1).reverse()),
    latest_version: key.versions.length,
    min_available_version: 0,
    min_decryption_version: key.minDecryption,
    min_encryption_version: key.minEncryption,
    deletion_allowed: false,
    exportable: false,
    supports_encryption: true,
    supports_decryption: true,
  }
}

function encrypt(key: Key, input: { plaintext: string; key_version?: number }, context: Buffer): Reply {
  const version = input.key_version || key.versions.length
  if (version > key.versions.length)
    return errors(400, 'requested version for encryption is higher than the latest key version')
  if (version < Math.max(key.minEncryption, key.minDecryption))
    return errors(400, 'requested version for encryption is less than the minimum encryption key version')
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key.versions[version - 1]!, nonce).setAAD(context)
  const parts = [
    nonce,
    cipher.update(Buffer.from(input.plaintext, 'base64')),
    cipher.final(),
    cipher.getAuthTag(),
  ]
  return data({
    ciphertext: `vault:v${version}:${Buffer.concat(parts).toString('base64')}`,
    key_version: version,
  })
}

function decrypt(key: Key, input: { ciphertext: string }, context: Buffer): Reply {
  const match = /^vault:v(\d+):(.*)$/.exec(input.ciphertext)
  if (!match) return errors(400, 'invalid ciphertext: no prefix')
  const version = Number(match[1])
  if (version > key.versions.length) return errors(400, 'invalid ciphertext: version is too new')
  if (version < key.minDecryption)
    return errors(400, 'ciphertext or signature version is disallowed by policy (too old)')
  const bytes = Buffer.from(match[2]!, 'base64')
  if (bytes.length < 12) return errors(400, 'invalid ciphertext length')
  const decipher = createDecipheriv('aes-256-gcm', key.versions[version - 1]!, bytes.subarray(0, 12))
  try {
    decipher.setAAD(context).setAuthTag(bytes.subarray(-16))
    const plaintext = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])
    return data({ plaintext: plaintext.toString('base64') })
  } catch {
    return errors(400, 'cipher: message authentication failed')
  }
}
