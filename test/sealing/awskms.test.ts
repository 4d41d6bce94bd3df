import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, beforeEach, test } from 'node:test'
import { KeyringError, openKeyring, Unsealable } from '../../src/platform/sealing/index.ts'
import { AwsKmsKeyring } from '../../src/platform/sealing/keyrings/awskms.ts'
import { fakeKms, REGION } from './fake-kms.ts'
import { type Fault, faultServer } from './fault-server.ts'
import { keyringContract } from './keyring-contract.ts'

// The pair that AWS prints in its documentation.
const ACCESS_KEY = 'AKIAIOSFODNN7EXAMPLE'
const SECRET_KEY = ['wJalrXUtnFEMI', 'K7MDENG', 'bPxRfiCYEXAMPLEKEY'].join('/')
const ENV = { AWS_ACCESS_KEY_ID: ACCESS_KEY, AWS_SECRET_ACCESS_KEY: SECRET_KEY }
const CONTEXT = Buffer.from('a context of somebody')
const DATA_KEY = Buffer.alloc(32, 3)
// Long enough for a busy machine to answer, short enough for those who never do.
const HURRIED = { attempts: 3, timeoutMs: 500, waitMs: 5 }
const SIGNER = { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY }

const kms = await fakeKms(SIGNER)
after(() => kms.stop())
beforeEach(() => {
  kms.faults.length = 0
  kms.asked.length = 0
  kms.contexts.length = 0
  Object.assign(kms.settings, { credentials: SIGNER, denied: false })
})

const open = (names: string, env: NodeJS.ProcessEnv = ENV) =>
  AwsKmsKeyring.open(`${names}?region=${REGION}&endpoint=${kms.url}`, env, HURRIED)
const refused = (code: string): Fault => ({ status: 400, body: { __type: code, message: 'No.' } })

keyringContract('awskms', async () => {
  const first = kms.addKey()
  const uri = (names: string) => `awskms:${names}?region=${REGION}&endpoint=${kms.url}`
  const keyring = await openKeyring(uri(first), ENV)
  return {
    keyring,
    addKey: () => openKeyring(uri(`${first},${kms.addKey()}`), ENV),
    stop: () => keyring.close(),
  }
})

test('every request is signed with Signature Version 4, and a wrong secret is told from a wrong policy', async () => {
  const arn = kms.addKey()
  await open(arn).wrap(arn, DATA_KEY, CONTEXT)
  const wrong = open(arn, { ...ENV, AWS_SECRET_ACCESS_KEY: 'another' })
  await assert.rejects(wrong.ids(), /InvalidSignatureException.*clock/)
  await assert.rejects(open(arn, { ...ENV, AWS_ACCESS_KEY_ID: 'AKIAUNKNOWN' }).ids(), /UnrecognizedClient/)
  kms.settings.credentials = { ...SIGNER, sessionToken: 'a session token' }
  await assert.rejects(open(arn).ids(), /ExpiredTokenException/)
  assert.deepEqual(await open(arn, { ...ENV, AWS_SESSION_TOKEN: 'a session token' }).ids(), [arn])
  kms.settings.denied = true
  await assert.rejects(
    open(arn, { ...ENV, AWS_SESSION_TOKEN: 'a session token' }).ids(),
    /AccessDenied.*policy/,
  )
})

test('the context that AWS logs is a hash and says nothing of people', async () => {
  const arn = kms.addKey()
  const keyring = open(arn)
  await keyring.unwrap(arn, await keyring.wrap(arn, DATA_KEY, CONTEXT), CONTEXT)
  const expected = { application: 'fairlock', 'data-key': createHash('sha256').update(CONTEXT).digest('hex') }
  assert.deepEqual(kms.contexts, [expected, expected])
})

test('an alias stands for the key it names; moved to another key it is another id', async () => {
  const [old, next] = [kms.addKey(), kms.addKey()]
  kms.aliases.set('alias/fairlock', kms.find(old)!)
  const keyring = open('alias/fairlock')
  assert.deepEqual(await keyring.ids(), [old])
  const wrapped = await keyring.wrap(old, DATA_KEY, CONTEXT)
  kms.aliases.set('alias/fairlock', kms.find(next)!)
  assert.deepEqual(await open('alias/fairlock').ids(), [next])
  await assert.rejects(
    open('alias/fairlock').unwrap(old, wrapped, CONTEXT),
    /does not hold the key .*List its ARN/,
  )
  const both = open(`${old},arn:aws:kms:${REGION}:111122223333:alias/fairlock`)
  assert.deepEqual(await both.ids(), [old, next])
  assert.deepEqual(await both.unwrap(old, wrapped, CONTEXT), DATA_KEY)
  await assert.rejects(open(`alias/fairlock,${next}`).ids(), /names one key twice/)
})

test('throttling and breakdowns are asked again, whatever status they come with', async () => {
  const arn = kms.addKey()
  const keyring = open(arn)
  const wrapped = await keyring.wrap(arn, DATA_KEY, CONTEXT)
  const passing: Fault[][] = [
    [refused('ThrottlingException'), refused('LimitExceededException')],
    [{ status: 500, body: { __type: 'KMSInternalException' } }],
    [{ status: 500, body: { __type: 'com.amazonaws.kms#KeyUnavailableException:http://internal/' } }],
    [{ status: 503, body: '<html>Service Unavailable</html>' }, 'reset'],
    ['hang'],
    [refused('com.amazonaws.kms#ThrottlingException')],
  ]
  for (const faults of passing) {
    kms.faults.push(...faults)
    assert.deepEqual(await keyring.unwrap(arn, wrapped, CONTEXT), DATA_KEY, JSON.stringify(faults))
  }
})

test('what does not pass is a KeyringError that says what to do, and holds no secret', async () => {
  const arn = kms.addKey()
  const keyring = open(arn)
  const wrapped = await keyring.wrap(arn, DATA_KEY, CONTEXT)
  const three = (fault: Fault): Fault[] => [fault, fault, fault]
  const cases: [Fault[], RegExp][] = [
    [three('hang'), /no answer in time/],
    [three(refused('ThrottlingException')), /ThrottlingException/],
    [three({ status: 500, body: `<html>${SECRET_KEY}</html>` }), /by 500/],
    [[refused('NotFoundException')], /no KMS key/],
    [[refused('DisabledException')], /Enable it/],
    [[refused('KMSInvalidStateException')], /cancel its deletion/],
    [[refused('InvalidKeyUsageException')], /InvalidKeyUsageException/],
    [[{ status: 400, body: { __type: `<${SECRET_KEY}>` } }], /by 400/],
    [
      [{ status: 200, body: { Plaintext: DATA_KEY.toString('base64'), KeyId: 'another' } }],
      /for another key/,
    ],
    [[{ status: 200, body: {} }], /did not answer like KMS/],
  ]
  for (const [faults, message] of cases) {
    kms.faults.push(...faults)
    await assert.rejects(keyring.unwrap(arn, wrapped, CONTEXT), (error: Error) => {
      assert.ok(error instanceof KeyringError, String(error))
      assert.match(error.message, message)
      assert.ok(!`${error.stack}${String(error.cause)}`.includes(SECRET_KEY))
      return true
    })
    assert.deepEqual(kms.faults, [])
  }
  kms.faults.push(refused('InvalidCiphertextException'))
  await assert.rejects(keyring.wrap(arn, DATA_KEY, CONTEXT), KeyringError, 'no encryption is unsealable')
  await assert.rejects(keyring.unwrap(arn, Buffer.alloc(6145), CONTEXT), Unsealable)
})

test('a key that is disabled, about to be deleted or for signatures is refused by name', async () => {
  await assert.rejects(open(kms.addKey({ state: 'Disabled' })).ids(), /is Disabled. Enable it/)
  await assert.rejects(open(kms.addKey({ state: 'PendingDeletion' })).ids(), /is PendingDeletion/)
  await assert.rejects(open(kms.addKey({ spec: 'ECC_NIST_P256' })).ids(), /symmetric/)
  await assert.rejects(open(`arn:aws:kms:${REGION}:111122223333:key/none`).ids(), /no KMS key/)
})

test('a container’s and an instance’s roles sign too, with credentials that are renewed', async () => {
  const arn = kms.addKey()
  const issued = { lasts: 3_600_000, token: 'first' }
  const metadata = await faultServer((request) => {
    const credentials = {
      AccessKeyId: ACCESS_KEY,
      SecretAccessKey: SECRET_KEY,
      Token: issued.token,
      Expiration: new Date(Date.now() + issued.lasts).toISOString(),
    }
    if (request.url === '/container' && request.headers.authorization === 'allowed')
      return { status: 200, body: credentials }
    if (request.url === '/latest/api/token' && request.method === 'PUT')
      return { status: 200, body: 'imds-token' }
    if (request.headers['x-aws-ec2-metadata-token'] !== 'imds-token') return { status: 401 }
    if (request.url?.endsWith('/security-credentials/')) return { status: 200, body: 'fairlock-role\n' }
    return { status: 200, body: credentials }
  })
  after(() => metadata.stop())
  const roles: NodeJS.ProcessEnv[] = [
    {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${metadata.url}/container`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'allowed',
    },
    { AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url },
  ]
  for (const env of roles) {
    Object.assign(issued, { lasts: 3_600_000, token: 'first' })
    kms.settings.credentials = { ...SIGNER, sessionToken: 'first' }
    const keyring = open(arn, env)
    await keyring.ids()
    metadata.asked.length = 0
    await keyring.ids()
    assert.deepEqual(metadata.asked, [], 'kept while they are good')
    // Revoked early: AWS says so, and new ones are fetched.
    issued.token = 'second'
    kms.settings.credentials = { ...SIGNER, sessionToken: 'second' }
    assert.deepEqual(await keyring.ids(), [arn])
    issued.lasts = 60_000
    const short = open(arn, env)
    await short.ids()
    metadata.asked.length = 0
    await short.ids()
    assert.notDeepEqual(metadata.asked, [], 'about to expire: fetched anew')
  }
  const nobody: NodeJS.ProcessEnv[] = [
    { AWS_EC2_METADATA_DISABLED: 'true' },
    { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9' },
    { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://metadata.example/' },
    { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${metadata.url}/nothing` },
  ]
  for (const env of nobody) await assert.rejects(open(arn, env).ids(), KeyringError)
})

test('FAIRLOCK_KEYRING names keys of one region, and an endpoint that is safe', async () => {
  const arn = (region: string) =>
    `arn:aws:kms:${region}:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab`
  const wrong = [
    'not-a-key?region=eu-central-1',
    'alias/name',
    `${arn('eu-central-1')},${arn('us-east-1')}`,
    `${arn('eu-central-1')}?region=us-east-1`,
    `${arn('eu-central-1')},${arn('eu-central-1')}`,
    'alias/name?region=eu_central',
    'alias/name?region=eu-central-1&endpoint=http://kms.example',
    'alias/name?region=eu-central-1&secret=x',
    ',?region=eu-central-1',
  ]
  for (const place of wrong) await assert.rejects(openKeyring(`awskms:${place}`, {}), KeyringError, place)
  const keyring = await openKeyring(`awskms:${arn('eu-central-1')}`, {})
  assert.equal(keyring.location, `awskms:${arn('eu-central-1')}`)
})
