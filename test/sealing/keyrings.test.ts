import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  FileKeyring,
  KeyringError,
  openKeyring,
  Unsealable,
  wrapContext,
} from '../../src/platform/sealing/index.ts'
import { keyringContract } from './keyring-contract.ts'

let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlock-keyring-'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

const DATA_KEY = Buffer.alloc(32, 9)
const CONTEXT = wrapContext('0193a5b0-0000-7000-8000-000000000001', null)

keyringContract('file', async () => {
  const keyring = await FileKeyring.initialise(join(folder, 'contract.json'))
  return { keyring, stop: () => keyring.close() }
})

keyringContract('env', async () => {
  const entry = (id: string) => `${id}=${randomBytes(32).toString('base64')}`
  const env = { CONTRACT: entry('first') }
  const keyring = await openKeyring('env:CONTRACT', env)
  return {
    keyring,
    addKey: async () => {
      env.CONTRACT += `,${entry('second')}`
      return keyring
    },
    stop: () => keyring.close(),
  }
})

test('a keyring file is made for its owner only, wraps and unwraps, and takes more keys', async () => {
  const path = join(folder, 'made.json')
  const keyring = await FileKeyring.initialise(path)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const [first] = await keyring.ids()
  const wrapped = await keyring.wrap(first!, DATA_KEY, CONTEXT)
  const second = await keyring.create()
  assert.deepEqual(await keyring.ids(), [first, second])
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.deepEqual(await keyring.unwrap(first!, wrapped, CONTEXT), DATA_KEY)
  await assert.rejects(keyring.unwrap(second, wrapped, CONTEXT), Unsealable)
  await assert.rejects(keyring.unwrap(first!, wrapped, Buffer.from('another context')), Unsealable)
  await assert.rejects(FileKeyring.initialise(path), KeyringError, 'an existing keyring is never overwritten')
})

test('a keyring that others may read, or that is no keyring, is refused and not quoted', async () => {
  const path = join(folder, 'open.json')
  await FileKeyring.initialise(path)
  chmodSync(path, 0o640)
  await assert.rejects((await openKeyring(`file:${path}`, {})).ids(), /chmod 600/)
  chmodSync(path, 0o600)
  const secret = JSON.parse(readFileSync(path, 'utf8')).keys[0].key
  for (const text of [
    '',
    '{',
    `{"keys": "${secret}"`,
    '[]',
    'null',
    '{"format": "fairlock keyring 1", "keys": []}',
  ]) {
    writeFileSync(path, text)
    await assert.rejects((await openKeyring(`file:${path}`, {})).ids(), (error: Error) => {
      assert.ok(error instanceof KeyringError)
      assert.ok(!error.message.includes(secret))
      return true
    })
  }
  await assert.rejects(
    (await openKeyring(`file:${join(folder, 'none.json')}`, {})).ids(),
    /There is no keyring/,
  )
})

test('two rotations at once: one adds its key, the other says so', async () => {
  const keyring = await FileKeyring.initialise(join(folder, 'twice.json'))
  const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => keyring.create()))
  const made = outcomes.filter((one) => one.status === 'fulfilled')
  assert.equal((await keyring.ids()).length, 1 + made.length)
  assert.ok(made.length >= 1)
})

test('a keyring in the environment holds several keys, and says what to set for a new one', async () => {
  const key = (byte: number) => Buffer.alloc(32, byte).toString('base64')
  const keyring = await openKeyring('env:KEYS', { KEYS: `old=${key(1)}, new=${key(2)}` })
  assert.deepEqual(await keyring.ids(), ['old', 'new'])
  const wrapped = await keyring.wrap('old', DATA_KEY, CONTEXT)
  assert.deepEqual(await keyring.unwrap('old', wrapped, CONTEXT), DATA_KEY)
  await assert.rejects(keyring.unwrap('new', wrapped, CONTEXT), Unsealable)
  await assert.rejects(keyring.create(), /Append ",key-/)
  for (const wrong of ['', 'old', `old=${key(1)},old=${key(2)}`, 'old=short', `o d=${key(1)}`]) {
    await assert.rejects((await openKeyring('env:KEYS', { KEYS: wrong })).ids(), KeyringError)
  }
})

test('a keyring of no known kind is refused', async () => {
  for (const uri of ['', 'file:', 'keyring.json', 'ftp:x', ':'])
    await assert.rejects(openKeyring(uri, {}), KeyringError)
})

test('a link to a keyring stays one when a key is added, and leads to no folder that others may write to', async () => {
  const [target, link] = [join(folder, 'linked', 'keyring.json'), join(folder, 'link.json')]
  mkdirSync(join(folder, 'linked'), { mode: 0o700 })
  const direct = await FileKeyring.initialise(target)
  symlinkSync(target, link)
  const linked = new FileKeyring(link)
  await linked.create()
  assert.ok(lstatSync(link).isSymbolicLink())
  assert.deepEqual(await direct.ids(), await linked.ids())
  assert.equal((await direct.ids()).length, 2)
  chmodSync(join(folder, 'linked'), 0o777)
  await assert.rejects(linked.ids(), /Others may write to .*linked/)
})
