import { createHash } from 'node:crypto'
import { type Keyring, KeyringError } from '../keyring.ts'
import { Unsealable } from '../sealed.ts'
import { type Answer, ask, isRecord, PATIENCE, type Patience } from './ask.ts'
import { AwsCredentialSource } from './aws-credentials.ts'
import { parsePlace, safeUrl } from './place.ts'

/** The longest ciphertext that KMS takes. */
const MOST_BYTES = 6144
const ALIAS = 'alias/[A-Za-z0-9/_-]{1,250}'
const KEY_NAME = new RegExp(
  `^(?:arn:aws[a-z-]*:kms:([a-z0-9-]+):\\d{12}:(?:key/[A-Za-z0-9-]{1,64}|${ALIAS})|${ALIAS})$`,
)
/** What passes by itself; KMS says some of it with status 400. */
const PASSING = new Set([
  'ThrottlingException',
  'RequestLimitExceeded',
  'LimitExceededException',
  'KMSInternalException',
  'DependencyTimeoutException',
  'KeyUnavailableException',
  'ExpiredTokenException',
])
const DENIED = new Set([
  'AccessDeniedException',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'IncompleteSignatureException',
  'MissingAuthenticationTokenException',
  'ExpiredTokenException',
  'OptInRequired',
  'NotAuthorized',
])

type Operation = 'Encrypt' | 'Decrypt' | 'DescribeKey'

/**
 * Key-encryption keys in AWS KMS, each a KMS key of its own, oldest first: `awskms:arn,arn?region=eu-central-1`. Their
 * ids are the keys' ARNs, also where an alias names them: an alias that is moved to another key names a new key here,
 * and the old one has to be listed beside it.
 */
export class AwsKmsKeyring implements Keyring {
  readonly kind = 'awskms'
  readonly location: string
  readonly #names: readonly string[]
  readonly #endpoint: URL
  readonly #region: string
  readonly #credentials: AwsCredentialSource
  readonly #patience: Patience
  #known = new Set<string>()

  static open(text: string, env: NodeJS.ProcessEnv, patience = PATIENCE): AwsKmsKeyring {
    const place = parsePlace(text, ['region', 'endpoint'])
    const names = place.name.split(',').map((name) => name.trim())
    if (!names.every((name) => KEY_NAME.test(name)) || new Set(names).size < names.length)
      throw new KeyringError(
        'FAIRLOCK_KEYRING must list ARNs of KMS keys or alias/names, each once: ' +
          'awskms:arn:aws:kms:eu-central-1:111122223333:key/…?region=eu-central-1',
      )
    const regions = new Set(names.flatMap((name) => KEY_NAME.exec(name)![1] ?? []))
    const region = place.options.get('region') ?? [...regions][0] ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION
    if (region === undefined || !/^[a-z0-9-]+$/.test(region) || [...regions].some((one) => one !== region))
      throw new KeyringError(
        'FAIRLOCK_KEYRING must name keys of one region: awskms:alias/name?region=eu-central-1',
      )
    const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
    const endpoint = safeUrl(
      place.options.get('endpoint') ?? `https://kms.${region}.${suffix}`,
      'The endpoint in FAIRLOCK_KEYRING',
    )
    return new AwsKmsKeyring(names, endpoint, region, new AwsCredentialSource(env, patience), patience)
  }

  private constructor(
    names: readonly string[],
    endpoint: URL,
    region: string,
    credentials: AwsCredentialSource,
    patience: Patience,
  ) {
    this.#names = names
    this.#endpoint = endpoint
    this.#region = region
    this.#credentials = credentials
    this.#patience = patience
    this.location = `awskms:${names.join(',')}`
  }

  async ids(): Promise<string[]> {
    const ids = await Promise.all(this.#names.map((name) => this.#describe(name)))
    if (new Set(ids).size < ids.length)
      throw new KeyringError(`${this.location} names one key twice. List each key once, oldest first.`)
    this.#known = new Set(ids)
    return ids
  }

  async wrap(keyId: string, dataKey: Buffer, context: Buffer): Promise<Buffer> {
    await this.#hold(keyId)
    const { body } = await this.#call('Encrypt', {
      KeyId: keyId,
      Plaintext: dataKey.toString('base64'),
      EncryptionContext: contextOf(context),
    })
    return this.#bytes(body, 'CiphertextBlob', keyId)
  }

  async unwrap(keyId: string, wrapped: Buffer, context: Buffer): Promise<Buffer> {
    await this.#hold(keyId)
    if (wrapped.length === 0 || wrapped.length > MOST_BYTES) throw new Unsealable()
    const { body } = await this.#call('Decrypt', {
      KeyId: keyId,
      CiphertextBlob: wrapped.toString('base64'),
      EncryptionContext: contextOf(context),
    })
    return this.#bytes(body, 'Plaintext', keyId)
  }

  async create(): Promise<string> {
    throw new KeyringError(
      'The program makes no keys in AWS: a KMS key has a policy, which a person decides on. Make one (aws kms create-key ' +
        '--description fairlock), allow the program to use it, append ",<its ARN>" to the keys in FAIRLOCK_KEYRING, ' +
        'restart every process with it, and rotate again.',
    )
  }

  async close(): Promise<void> {}

  /** An id from the database is used only if FAIRLOCK_KEYRING lists its key. */
  async #hold(keyId: string): Promise<void> {
    if (this.#known.has(keyId) || (await this.ids()).includes(keyId)) return
    throw new KeyringError(
      `The keyring ${this.location} does not hold the key ${keyId}. List its ARN in FAIRLOCK_KEYRING.`,
    )
  }

  async #describe(name: string): Promise<string> {
    const { body } = await this.#call('DescribeKey', { KeyId: name })
    const key = isRecord(body.KeyMetadata) ? body.KeyMetadata : {}
    if (key.KeyState !== 'Enabled' && typeof key.KeyState === 'string')
      throw new KeyringError(`The KMS key ${name} is ${key.KeyState}. Enable it, or cancel its deletion.`)
    const spec = key.KeySpec ?? key.CustomerMasterKeySpec
    if (typeof key.Arn !== 'string' || spec !== 'SYMMETRIC_DEFAULT' || key.KeyUsage !== 'ENCRYPT_DECRYPT')
      throw new KeyringError(`The KMS key ${name} must be symmetric and for encryption. Make another one.`)
    return key.Arn
  }

  #bytes(body: Answer['body'], field: string, keyId: string): Buffer {
    const value = body[field]
    if (typeof value !== 'string' || body.KeyId !== keyId)
      throw new KeyringError(
        `${this.location} did not answer like KMS, or for another key. Look at the endpoint.`,
      )
    return Buffer.from(value, 'base64')
  }

  async #call(operation: Operation, input: Record<string, unknown>): Promise<Answer> {
    const { AwsClient } = await import('aws4fetch')
    const body = JSON.stringify(input)
    const makeRequest = async () => {
      const client = new AwsClient({
        ...(await this.#credentials.get()),
        service: 'kms',
        region: this.#region,
        retries: 0,
      })
      return client.sign(this.#endpoint.href, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': `TrentService.${operation}`,
        },
        body,
      })
    }
    const answer = await ask(this.location, makeRequest, {
      patience: this.#patience,
      isPassing: (one) => this.#isPassing(one),
    })
    if (answer.status === 200) return answer
    throw this.#refused(operation, String(input.KeyId), answer)
  }

  #isPassing(answer: Answer): boolean {
    const code = codeOf(answer)
    // Credentials of a role may expire between fetching and using them: the next attempt fetches new ones.
    if (code === 'ExpiredTokenException') this.#credentials.forget()
    return PASSING.has(code)
  }

  #refused(operation: Operation, key: string, answer: Answer): Error {
    const code = codeOf(answer)
    if (
      operation === 'Decrypt' &&
      (code === 'InvalidCiphertextException' || code === 'IncorrectKeyException')
    )
      return new Unsealable()
    if (code === 'NotFoundException')
      return new KeyringError(`There is no KMS key ${key} in ${this.#region}. Correct FAIRLOCK_KEYRING.`)
    if (code === 'DisabledException' || code === 'KMSInvalidStateException')
      return new KeyringError(
        `The KMS key ${key} is disabled or to be deleted. Enable it, or cancel its deletion.`,
      )
    if (DENIED.has(code))
      return new KeyringError(
        `AWS denied ${operation} with ${key}: ${code}. Look at the credentials, at the clock of this machine and at ` +
          'the policy, as docs/operating/keyrings.md has it.',
      )
    return new KeyringError(
      `AWS answered ${operation} with ${key} by ${code || answer.status}. Look whether it runs.`,
    )
  }
}

/**
 * CloudTrail logs the context in clear: it gets a hash, which the operator can compute again for a data key, but
 * which says nothing of people to others.
 */
function contextOf(context: Buffer): Record<string, string> {
  return { application: 'fairlock', 'data-key': createHash('sha256').update(context).digest('hex') }
}

/** `InvalidCiphertextException`, which may come with a namespace before it or an address behind it. */
function codeOf({ body }: Answer): string {
  const code = typeof body.__type === 'string' ? body.__type : ''
  return /^(?:[\w.]+#)?(\w{1,60})(?::.*)?$/.exec(code)?.[1] ?? ''
}
