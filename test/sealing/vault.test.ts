import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { KeyringError, openKeyring, Unsealable } from '../../src/platform/sealing/index.ts'
import { VaultKeyring } from '../../src/platform/sealing/keyrings/vault.ts'
import { fakeVault } from './fake-vault.ts'
import type { Fault } from './fault-server.ts'
import { keyringContract } from './keyring-contract.ts'

const TOKEN = 'hvs.planted-token'
const ENV = { VAULT: TOKEN }
const CONTEXT = Buffer.from('a context')
const DATA_KEY = Buffer.alloc(32, 3)
// Long enough for a busy machine to answer, short enough for those who never do.
const HURRIED = { attempts: 3, timeoutMs: 500, waitMs: 5 }

const vault = await fakeVault({ token: TOKEN })
after(() => vault.stop())
beforeEach(() => {
  vault.faults.length = 0
  vault.asked.length = 0
  Object.assign(vault.settings, { token: TOKEN, namespace: undefined, ignoresContext: false, sealed: false })
  vault.addKey('main')
})

const open = (key = 'main', query = 'token-env=VAULT', env: NodeJS.ProcessEnv = ENV) =>
  VaultKeyring.open(`${vault.url}/transit/${key}?${query}`, env, HURRIED)

keyringContract('vault', async () => {
  vault.addKey('contract')
  const keyring = await openKeyring(`vault:${vault.url}/transit/contract?token-env=VAULT`, ENV)
  return { keyring, stop: () => keyring.close() }
})

test('versions are the keys: each wraps with its own, and those below the minimum are not held', async () => {
  const keyring = open()
  assert.deepEqual(await keyring.ids(), ['main:v1'])
  const old = await keyring.wrap('main:v1', DATA_KEY, CONTEXT)
  assert.equal(await keyring.create(), 'main:v2')
  for (let version = 3; version <= 11; version++) await keyring.create()
  assert.deepEqual((await keyring.ids()).slice(-2), ['main:v10', 'main:v11'], 'by number, not by text')
  assert.deepEqual(await keyring.unwrap('main:v1', old, CONTEXT), DATA_KEY)
  await assert.rejects(keyring.unwrap('main:v2', old, CONTEXT), Unsealable)
  assert.equal((await keyring.wrap('main:v1', DATA_KEY, CONTEXT)).length, 60)
  vault.keys.get('main')!.minDecryption = 2
  assert.equal((await keyring.ids())[0], 'main:v2')
  await assert.rejects(keyring.unwrap('main:v1', old, CONTEXT), /min_decryption_version/)
  vault.keys.get('main')!.minEncryption = 5
  await assert.rejects(keyring.wrap('main:v4', DATA_KEY, CONTEXT), /min_encryption_version/)
  await assert.rejects(keyring.unwrap('main:v12', old, CONTEXT), KeyringError)
  await assert.rejects(keyring.unwrap('other:v2', old, CONTEXT), /does not hold the key other:v2/)
})

test('what passes is asked again, and people never hear of it', async () => {
  const keyring = open()
  const wrapped = await keyring.wrap('main:v1', DATA_KEY, CONTEXT)
  const passing: Fault[][] = [
    [{ status: 503, body: { errors: ['Vault is sealed'] } }],
    [{ status: 429, body: { errors: ['request path rate limit exceeded'] } }, 'reset'],
    [
      { status: 502, body: '<html>Bad Gateway</html>' },
      { status: 500, body: { errors: ['internal error'] } },
    ],
    ['hang'],
    ['reset', 'hang'],
    ['flood'],
    [{ status: 200, body: '<html>a captive portal</html>' }],
  ]
  for (const faults of passing) {
    vault.faults.push(...faults)
    assert.deepEqual(await keyring.unwrap('main:v1', wrapped, CONTEXT), DATA_KEY, JSON.stringify(faults))
  }
})

test('what does not pass is a KeyringError that says what to do, and holds no secret', async () => {
  const keyring = open()
  const wrapped = await keyring.wrap('main:v1', DATA_KEY, CONTEXT)
  const three = (fault: Fault): Fault[] => [fault, fault, fault]
  const cases: [Fault[], RegExp][] = [
    [three('hang'), /no answer in time/],
    [three('reset'), /cannot be reached/],
    [three('flood'), /too long/],
    [three({ status: 503, body: { errors: ['Vault is sealed'] } }), /sealed or in standby/],
    [three({ status: 500, body: { errors: [`internal error ${TOKEN}`] } }), /status 500/],
    [three({ status: 200, body: `<html>${TOKEN}</html>` }), /not a JSON object|something else than/],
    [three({ status: 200, body: [TOKEN] }), /something else than a JSON object/],
    [[{ status: 403, body: { errors: ['permission denied'] } }], /token has expired or its policy/],
    [[{ status: 403, body: '<html>proxy</html>' }], /token has expired or its policy/],
    [[{ status: 404, body: { errors: ['no handler for route'] } }], /status 404/],
    [[{ status: 400, body: { errors: ['something new'] } }], /status 400/],
    [three({ status: 307, location: 'http://127.0.0.1:9/elsewhere' }), /cannot be reached/],
    [[{ status: 200, body: { data: {} } }], /did not say it/],
    [[{ status: 204 }], /status 204/],
  ]
  for (const [faults, message] of cases) {
    vault.faults.push(...faults)
    await assert.rejects(keyring.unwrap('main:v1', wrapped, CONTEXT), (error: Error) => {
      assert.ok(error instanceof KeyringError, String(error))
      assert.match(error.message, message)
      for (const secret of [TOKEN, wrapped.toString('base64'), DATA_KEY.toString('base64')])
        assert.ok(!`${error.stack}${String(error.cause)}`.includes(secret))
      return true
    })
    assert.deepEqual(vault.faults, [], 'asked as often as it was worth')
  }
})

test('an older Vault says with status 500 that a tag does not fit', async () => {
  const keyring = open()
  const wrapped = await keyring.wrap('main:v1', DATA_KEY, CONTEXT)
  vault.asked.length = 0
  vault.faults.push({
    status: 500,
    body: { errors: ['1 error occurred:\n\t* cipher: message authentication failed\n'] },
  })
  await assert.rejects(keyring.unwrap('main:v1', wrapped, CONTEXT), Unsealable)
  assert.equal(vault.asked.length, 1)
})

test('an answer with another key’s version or of another form is not taken for a wrapped key', async () => {
  const keyring = open()
  await keyring.create()
  const good = Buffer.alloc(60).toString('base64')
  for (const ciphertext of [
    `vault:v2:${good}`,
    `bao:v1:${good}`,
    good,
    'vault:v1:',
    `vault:v1:${good}AAAA`,
    7,
  ]) {
    vault.faults.push({ status: 200, body: { data: { ciphertext } } })
    await assert.rejects(keyring.wrap('main:v1', DATA_KEY, CONTEXT), KeyringError)
  }
})

test('a rotation is asked for once, even when the answer is lost', async () => {
  vault.faults.push('reset')
  await assert.rejects(open().create(), KeyringError)
  assert.deepEqual(vault.asked, ['POST /v1/transit/keys/main/rotate'])
  vault.faults.push({ status: 204 })
  assert.equal(await open().create(), 'main:v1', 'some versions answer it without a body')
})

test('a server that ignores the context is found out before it wraps anything', async () => {
  vault.settings.ignoresContext = true
  const keyring = await openKeyring(`vault:${vault.url}/transit/main?token-env=VAULT`, ENV)
  await assert.rejects(keyring.wrap('main:v1', DATA_KEY, CONTEXT), /does not bind keys to their context/)
  vault.settings.ignoresContext = false
  assert.equal((await keyring.wrap('main:v1', DATA_KEY, CONTEXT)).length, 60)
  vault.asked.length = 0
  await keyring.wrap('main:v1', DATA_KEY, CONTEXT)
  assert.equal(vault.asked.length, 1, 'the trial is over')
})

test('the token is read anew each time, from a file that others may not use; a namespace is sent', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlock-vault-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'token')
  writeFileSync(path, 'expired\n', { mode: 0o600 })
  vault.settings.namespace = 'team-a'
  const keyring = open('main', `token-file=${path}&namespace=team-a`)
  await assert.rejects(keyring.ids(), /token has expired/)
  writeFileSync(path, `${TOKEN}\n`)
  assert.deepEqual(await keyring.ids(), ['main:v1'])
  chmodSync(path, 0o644)
  await assert.rejects(keyring.ids(), /chmod 600/)
  rmSync(path)
  await assert.rejects(keyring.ids(), /ENOENT/)
  await assert.rejects(open('main', 'token-env=NONE').ids(), /NONE is not set/)
})

test('a key that is missing, of another type or derived is refused with what to do', async () => {
  await assert.rejects(open('typo').ids(), /vault write -f transit\/keys\/typo/)
  vault.addKey('signing', { type: 'ed25519' })
  vault.addKey('derived', { derived: true })
  for (const name of ['signing', 'derived'])
    await assert.rejects(open(name).ids(), /aes256-gcm96 and not derived/)
  assert.ok(!vault.keys.has('typo'), 'and none is made by asking for it')
})

test('an address that a token must not be sent to is refused', async () => {
  const wrong = [
    'http://vault.example:8200/transit/key?token-env=VAULT',
    'http://127.0.0.1.example:8200/transit/key?token-env=VAULT',
    'https://user:pass@vault.example/transit/key?token-env=VAULT',
    'https://vault.example/key?token-env=VAULT',
    'https://vault.example/transit/../key?token-env=VAULT',
    'https://vault.example/transit/k%2fey?token-env=VAULT',
    'https://vault.example/transit/key',
    'https://vault.example/transit/key?token-env=VAULT&token-file=/x',
    'https://vault.example/transit/key?token=secret',
    'ftp://vault.example/transit/key?token-env=VAULT',
    'vault.example/transit/key?token-env=VAULT',
  ]
  for (const place of wrong)
    await assert.rejects(openKeyring(`vault:${place}`, ENV), (error: Error) => {
      assert.ok(error instanceof KeyringError, place)
      assert.ok(!/pass|secret/.test(error.message.replaceAll('password', '')))
      return true
    })
  const mounted = VaultKeyring.open(`${vault.url}/team/transit/main?token-env=VAULT`, ENV)
  assert.deepEqual(await mounted.ids(), ['main:v1'])
})
