import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  randomUUID,
} from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { faultServer, type Reply } from './fault-server.ts'

type Key = { id: string; arn: string; material: Buffer; state: string; spec: string }
type Input = {
  KeyId: string
  Plaintext?: string
  CiphertextBlob?: string
  EncryptionContext?: Record<string, string>
}
type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string }

export const REGION = 'eu-central-1'
const fail = (type: string, message?: string, status = 400): Reply => ({
  status,
  type: 'application/x-amz-json-1.1',
  body: { __type: type, ...(message === undefined ? {} : { message }) },
})
const ok = (body: unknown): Reply => ({ status: 200, type: 'application/x-amz-json-1.1', body })

/** KMS as it speaks over the wire: signatures are computed here once more, keys are AES-GCM in memory. */
export async function fakeKms(credentials: Credentials) {
  const keys: Key[] = []
  const aliases = new Map<string, Key>()
  const contexts: (Record<string, string> | undefined)[] = []
  const settings = { credentials, denied: false }

  const addKey = (options: Partial<Key> = {}): string => {
    const id = randomUUID()
    const arn = `arn:aws:kms:${REGION}:111122223333:key/${id}`
    keys.push({ id, arn, material: randomBytes(32), state: 'Enabled', spec: 'SYMMETRIC_DEFAULT', ...options })
    return arn
  }
  const find = (name: string) =>
    keys.find(({ id, arn }) => name === id || name === arn) ??
    aliases.get(name.replace(/^arn:.*:(?=alias\/)/, ''))

  const server = await faultServer((request, body) => {
    const problem = problemOf(request, body, settings.credentials)
    if (problem) return problem
    if (settings.denied)
      return fail(
        'AccessDeniedException',
        'User: arn:aws:iam::111122223333:user/x is not authorized to perform it',
      )
    const operation = String(request.headers['x-amz-target']).replace('TrentService.', '')
    const input: Input = JSON.parse(body)
    const key = find(input.KeyId)
    if (!key) return fail('NotFoundException', `Key '${input.KeyId}' does not exist`)
    if (operation === 'DescribeKey') return ok({ KeyMetadata: describe(key) })
    if (key.state === 'Disabled') return fail('DisabledException', `${key.arn} is disabled.`)
    if (key.state !== 'Enabled') return fail('KMSInvalidStateException', `${key.arn} is pending deletion.`)
    contexts.push(input.EncryptionContext)
    return operation === 'Encrypt' ? encrypt(key, input) : decrypt(keys, key, input)
  })
  return { ...server, keys, aliases, contexts, settings, addKey, find }
}

function describe(key: Key): Record<string, unknown> {
  return {
    AWSAccountId: '111122223333',
    Arn: key.arn,
    KeyId: key.id,
    CreationDate: 1_790_000_000.5,
    Enabled: key.state === 'Enabled',
    KeyState: key.state,
    KeyUsage: key.spec === 'SYMMETRIC_DEFAULT' ? 'ENCRYPT_DECRYPT' : 'SIGN_VERIFY',
    KeySpec: key.spec,
    CustomerMasterKeySpec: key.spec,
    MultiRegion: false,
    Origin: 'AWS_KMS',
  }
}

const associated = (context: Input['EncryptionContext']) =>
  Buffer.from(JSON.stringify(Object.entries(context ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))))

function encrypt(key: Key, { Plaintext, EncryptionContext }: Input): Reply {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key.material, nonce).setAAD(associated(EncryptionContext))
  const text = [cipher.update(Buffer.from(Plaintext!, 'base64')), cipher.final(), cipher.getAuthTag()]
  const blob = Buffer.concat([Buffer.from(key.id), nonce, ...text])
  return ok({ CiphertextBlob: blob.toString('base64'), KeyId: key.arn, EncryptionAlgorithm: key.spec })
}

function decrypt(keys: Key[], named: Key, { CiphertextBlob, EncryptionContext }: Input): Reply {
  const blob = Buffer.from(CiphertextBlob ?? '', 'base64')
  if (blob.length === 0 || blob.length > 6144)
    return fail(
      'ValidationException',
      "1 validation error detected: Value at 'ciphertextBlob' failed to satisfy constraint",
    )
  const key = keys.find(({ id }) => id === blob.subarray(0, 36).toString())
  if (!key || blob.length < 64) return fail('InvalidCiphertextException')
  if (key !== named)
    return fail(
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    )
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.material, blob.subarray(36, 48))
    decipher.setAAD(associated(EncryptionContext)).setAuthTag(blob.subarray(-16))
    const plaintext = Buffer.concat([decipher.update(blob.subarray(48, -16)), decipher.final()])
    return ok({ Plaintext: plaintext.toString('base64'), KeyId: key.arn, EncryptionAlgorithm: key.spec })
  } catch {
    return fail('InvalidCiphertextException')
  }
}

/** Signature Version 4 as AWS documents it, computed from the request as it arrived. */
function problemOf(request: IncomingMessage, body: string, credentials: Credentials): Reply | null {
  const header = (name: string) => String(request.headers[name] ?? '')
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      header('authorization'),
    )
  if (!match) return fail('MissingAuthenticationTokenException', 'Missing Authentication Token')
  const [, id, day, region, service, names, signature] = match
  if (id !== credentials.accessKeyId)
    return fail('UnrecognizedClientException', 'The security token included in the request is invalid.')
  if (header('x-amz-security-token') !== (credentials.sessionToken ?? ''))
    return fail('ExpiredTokenException', 'The security token included in the request is expired')
  const date = header('x-amz-date')
  const time = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  const mustBeSigned = ['host', ...Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'))]
  const signed = names!.split(';')
  const isFormed =
    Math.abs(Date.now() - time) < 300_000 &&
    date.startsWith(day!) &&
    region === REGION &&
    service === 'kms' &&
    mustBeSigned.every((name) => signed.includes(name))
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
  const canonical = [
    request.method,
    '/',
    '',
    ...[...signed].sort().map((name) => `${name}:${header(name).trim().replace(/ +/g, ' ')}`),
    '',
    names,
    sha256(body),
  ].join('\n')
  const toSign = `AWS4-HMAC-SHA256\n${date}\n${day}/${region}/${service}/aws4_request\n${sha256(canonical)}`
  const steps = [day!, region!, service!, 'aws4_request']
  const key = steps.reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`)
  if (isFormed && createHmac('sha256', key).update(toSign).digest('hex') === signature) return null
  return fail(
    'InvalidSignatureException',
    'The request signature we calculated does not match the signature you provided.',
  )
}
