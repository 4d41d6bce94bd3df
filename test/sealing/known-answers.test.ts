import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gcm } from '@noble/ciphers/aes.js'
import { Unsealable, wrapContext } from '../../src/platform/sealing/index.ts'
import { keyIdOf, openWith, sealWith } from '../../src/platform/sealing/sealed.ts'
import { unwrapInMemory, wrapInMemory } from '../../src/platform/sealing/wrapping.ts'
import { openAnew, sealAnew, unwrapAnew, wrapAnew } from './second-implementation.ts'

type Valid = [number, string, string, string, string, string, string]
type Vectors = {
  valid: Valid[]
  invalid: {
    key: string
    nonce: string
    associatedData: string
    ciphertext: string
    tags: [number, string][]
  }
}

const vectors: Vectors = JSON.parse(
  readFileSync(new URL('./vectors/wycheproof-aes-gcm.json', import.meta.url), 'utf8'),
)
const hex = (text: string) => Buffer.from(text, 'hex')
const PLACE = {
  table: 'public.crypto_wallets',
  column: 'encrypted_private_key',
  row: '0193a5b0-1111-7000-8000-00000000abcd',
}

test('Wycheproof: every valid vector unwraps to its text, here and in the second implementation', () => {
  for (const [number, key, nonce, context, text, ciphertext, tag] of vectors.valid) {
    const sealed = hex(nonce + ciphertext + tag)
    assert.equal(
      Buffer.from(gcm(hex(key), hex(nonce), hex(context)).encrypt(hex(text))).toString('hex'),
      ciphertext + tag,
    )
    // An empty text is valid GCM and no data key.
    if (text === '') assert.throws(() => unwrapInMemory(hex(key), sealed, hex(context)), Unsealable)
    else
      assert.equal(unwrapInMemory(hex(key), sealed, hex(context)).toString('hex'), text, `vector ${number}`)
  }
  assert.equal(vectors.valid.length, 31)
})

test('Wycheproof: no vector with a modified tag unwraps', () => {
  const { key, nonce, associatedData, ciphertext, tags } = vectors.invalid
  for (const [number, tag] of tags)
    assert.throws(
      () => unwrapInMemory(hex(key), hex(nonce + ciphertext + tag), hex(associatedData)),
      Unsealable,
      `vector ${number}`,
    )
  assert.equal(tags.length, 27)
})

test('a value sealed when the format was made still opens: this text never changes', () => {
  const key = Buffer.from(Array.from({ length: 32 }, (_, i) => i))
  const keyId = '0193a5b0-0000-7000-8000-000000000001'
  const sealed = 'RkwBAQGTpbAAAHAAgAAAAAAAAAGlpaWlpaWlpaWlpaVAZ_fOXetGqVvJwJDNV6wAEDsjdqKS9-f_F5OlwhA'
  assert.equal(sealAnew(key, keyId, Buffer.alloc(12, 0xa5), PLACE, Buffer.from('a known secret')), sealed)
  assert.equal(openWith(key, PLACE, sealed).toString(), 'a known secret')
  assert.equal(keyIdOf(sealed), keyId)
})

test('each implementation opens what the other seals, and neither what is moved', () => {
  for (const length of [0, 1, 15, 16, 17, 64, 255, 4096]) {
    const [key, nonce, text, keyId] = [randomBytes(32), randomBytes(12), randomBytes(length), randomUUID()]
    for (const place of [PLACE, { ...PLACE, purpose: 'für später' }]) {
      const ours = sealWith(key, keyId, place, text)
      assert.deepEqual(Buffer.from(openAnew(key, place, ours)), text)
      assert.throws(() => openAnew(key, { ...place, row: randomUUID() }, ours))
      const theirs = sealAnew(key, keyId, nonce, place, text)
      assert.deepEqual(openWith(key, place, theirs), text)
      assert.throws(() => openWith(key, { ...place, column: 'another' }, theirs), Unsealable)
    }
  }
})

test('each implementation unwraps the other’s data keys', () => {
  for (let round = 0; round < 20; round++) {
    const [key, nonce, dataKey] = [randomBytes(32), randomBytes(12), randomBytes(32)]
    const context = wrapContext(randomUUID(), round % 2 ? randomUUID() : null)
    assert.deepEqual(Buffer.from(unwrapAnew(key, wrapInMemory(key, dataKey, context), context)), dataKey)
    const theirs = Buffer.from(wrapAnew(key, nonce, dataKey, context))
    assert.deepEqual(unwrapInMemory(key, theirs, context), dataKey)
    assert.throws(() => unwrapInMemory(key, theirs, wrapContext(randomUUID(), null)), Unsealable)
  }
})
