import { readFile } from 'node:fs/promises'
import { KeyringError } from '../keyring.ts'
import { type Answer, ask, type Patience } from './ask.ts'

export type AwsCredentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string }

/** New ones are fetched this long before the old ones expire. */
const EARLY_MS = 5 * 60_000
const CONTAINER_HOST = 'http://169.254.170.2'
/** Where credentials may be fetched without TLS: this machine, ECS, and EKS Pod Identity. */
const LOCAL_HOSTS = /^(localhost|127(\.\d+){3}|\[::1\]|169\.254\.170\.(2|23)|\[fd00:ec2::23\])$/

/**
 * Who signs requests to AWS: the environment, else the container's role (ECS, EKS Pod Identity), else the instance's
 * role (IMDSv2). Fetched ones are kept until shortly before they expire.
 */
export class AwsCredentialSource {
  readonly #env: NodeJS.ProcessEnv
  readonly #patience: Patience
  #kept: { credentials: AwsCredentials; until: number } | undefined

  constructor(env: NodeJS.ProcessEnv, patience: Patience) {
    this.#env = env
    this.#patience = patience
  }

  /** Throws `KeyringError` when there are none. */
  async get(): Promise<AwsCredentials> {
    const {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    } = this.#env
    if (accessKeyId && secretAccessKey)
      return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) }
    if (this.#kept !== undefined && Date.now() < this.#kept.until) return this.#kept.credentials
    const answer = (await this.#fromContainer()) ?? (await this.#fromInstance())
    return this.#keep(answer)
  }

  /** Forgets fetched credentials: AWS said that they have expired. */
  forget(): void {
    this.#kept = undefined
  }

  async #fromContainer(): Promise<Answer | null> {
    const relative = this.#env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI
    const full = this.#env.AWS_CONTAINER_CREDENTIALS_FULL_URI
    if (!relative && !full) return null
    const url = URL.parse(relative ? `${CONTAINER_HOST}${relative}` : full!)
    if (url === null || (url.protocol !== 'https:' && !LOCAL_HOSTS.test(url.hostname)))
      throw new KeyringError(
        'AWS_CONTAINER_CREDENTIALS_FULL_URI is not an address that credentials may come from.',
      )
    const tokenFile = this.#env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
    const token = tokenFile ? await readToken(tokenFile) : this.#env.AWS_CONTAINER_AUTHORIZATION_TOKEN
    return this.#ask(
      'The credentials of the container',
      new Request(url, token ? { headers: { authorization: token } } : {}),
    )
  }

  async #fromInstance(): Promise<Answer> {
    const host = this.#env.AWS_EC2_METADATA_SERVICE_ENDPOINT ?? 'http://169.254.169.254'
    const none =
      'There are no credentials for AWS. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the container or the ' +
      'instance a role that may use the key.'
    if (this.#env.AWS_EC2_METADATA_DISABLED === 'true') throw new KeyringError(none)
    const text = async (path: string, init: RequestInit) => {
      const signal = AbortSignal.timeout(this.#patience.timeoutMs)
      const response = await fetch(new URL(path, host), { ...init, signal, redirect: 'error' }).catch(
        () => null,
      )
      const body = response?.ok ? (await response.text()).trim() : ''
      if (body === '') throw new KeyringError(none)
      return body
    }
    const token = await text('/latest/api/token', {
      method: 'PUT',
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '300' },
    })
    const headers = { 'x-aws-ec2-metadata-token': token }
    const roles = '/latest/meta-data/iam/security-credentials/'
    const role = (await text(roles, { headers })).split('\n')[0]!
    return this.#ask(
      'The credentials of the instance',
      new Request(new URL(roles + encodeURIComponent(role), host), { headers }),
    )
  }

  #ask(service: string, request: Request): Promise<Answer> {
    return ask(service, async () => request.clone(), { patience: this.#patience })
  }

  #keep({ body }: Answer): AwsCredentials {
    const { AccessKeyId, SecretAccessKey, Token, Expiration } = body
    if (typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string' || typeof Token !== 'string')
      throw new KeyringError('The role of this machine gave no credentials for AWS. Look at the role.')
    const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token }
    const expires = typeof Expiration === 'string' ? Date.parse(Expiration) : Number.NaN
    this.#kept = { credentials, until: Number.isNaN(expires) ? 0 : expires - EARLY_MS }
    return credentials
  }
}

async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch {
    throw new KeyringError(`${path}, which AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names, cannot be read.`)
  }
}
