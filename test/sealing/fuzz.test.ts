import assert from 'node:assert/strict'
import { createCipheriv, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { Unsealable } from '../../src/platform/sealing/index.ts'
import { keyIdOf, OVERHEAD_BYTES, openWith, type Place, sealWith } from '../../src/platform/sealing/sealed.ts'
import { unwrapInMemory, wrapInMemory } from '../../src/platform/sealing/wrapping.ts'

const KEY = randomBytes(32)
const KEY_ID = '0193a5b0-0000-7000-8000-000000000001'
const PLACE: Place = { table: 'public.crypto_profiles', column: 'two_factor_secret', row: '7', purpose: 'p' }
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const SEALED = sealWith(KEY, KEY_ID, PLACE, Buffer.from('JBSWY3DPEHPK3PXP'))

const bytes = (max: number) => fc.uint8Array({ maxLength: max }).map((some) => Buffer.from(some))
const base64url = (some: Buffer) => some.toString('base64url')

function refused(sealed: string, place: Place = PLACE, key: Buffer = KEY): void {
  assert.throws(() => openWith(key, place, sealed), Unsealable)
  let id = KEY_ID
  try {
    id = keyIdOf(sealed)
  } catch (error) {
    assert.ok(error instanceof Unsealable, String(error))
  }
  assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
}

test('any bytes come back as they were, each time sealed differently, with the same overhead', () => {
  const property = fc.property(bytes(2000), fc.uuid(), fc.string(), (text, row, purpose) => {
    const place = { ...PLACE, row, purpose }
    const [one, two] = [sealWith(KEY, KEY_ID, place, text), sealWith(KEY, KEY_ID, place, text)]
    assert.notEqual(one, two)
    assert.equal(Buffer.from(one, 'base64url').length, text.length + OVERHEAD_BYTES)
    assert.match(one, /^RkwBA[A-Za-z0-9_-]{59,}$/, 'the form that the database asks for')
    assert.deepEqual(openWith(KEY, place, one), text)
    assert.equal(keyIdOf(two), KEY_ID)
  })
  fc.assert(property, { numRuns: 300 })
  for (const length of [65_535, 65_536, 1_000_000, 1_048_576]) {
    const text = randomBytes(length)
    assert.ok(openWith(KEY, PLACE, sealWith(KEY, KEY_ID, PLACE, text)).equals(text))
  }
})

test('a bit flipped in any byte: unsealable', () => {
  const clear = Buffer.from(SEALED, 'base64url')
  for (let at = 0; at < clear.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const changed = Buffer.from(clear)
      changed[at]! ^= 1 << bit
      refused(base64url(changed))
    }
  }
})

test('a character changed, removed or added anywhere: unsealable', () => {
  for (let at = 0; at < SEALED.length; at++) {
    const [before, after] = [SEALED.slice(0, at), SEALED.slice(at + 1)]
    for (const one of ALPHABET) if (one !== SEALED[at]) refused(before + one + after)
    for (const one of ['=', '+', '/', ' ', '\n', '\0', 'é', '\ud800', '😀', '']) refused(before + one + after)
    for (const one of ['A', '=', ' ', '\ud800']) refused(before + one + SEALED.slice(at))
  }
})

test('cut anywhere or made longer: unsealable', () => {
  for (let length = 0; length < SEALED.length; length++) refused(SEALED.slice(0, length))
  const property = fc.property(bytes(200), (more) => {
    if (more.length > 0) refused(base64url(Buffer.concat([Buffer.from(SEALED, 'base64url'), more])))
    refused(`${SEALED}=`)
  })
  fc.assert(property, { numRuns: 200 })
})

test('other versions, algorithms, keys and nonces: unsealable', () => {
  const clear = Buffer.from(SEALED, 'base64url')
  for (let value = 0; value < 256; value++) {
    for (const at of [0, 1, 2, 3]) {
      if (value === clear[at]) continue
      const changed = Buffer.from(clear)
      changed[at] = value
      assert.throws(() => keyIdOf(base64url(changed)), Unsealable)
      refused(base64url(changed))
    }
  }
  refused(SEALED, PLACE, randomBytes(32))
  refused(SEALED, PLACE, Buffer.alloc(32))
})

test('texts with more than one way to write them in base64url: only ours opens', () => {
  for (const length of [0, 1, 2, 3]) {
    const sealed = sealWith(KEY, KEY_ID, PLACE, Buffer.alloc(length))
    const last = ALPHABET.indexOf(sealed.at(-1)!)
    for (let other = 0; other < 64; other++) {
      const text = sealed.slice(0, -1) + ALPHABET[other]
      if (other === last) assert.equal(openWith(KEY, PLACE, text).length, length)
      else refused(text)
    }
    const padded = Buffer.from(sealed, 'base64url').toString('base64')
    if (padded !== sealed) refused(padded)
    for (const wrong of [` ${sealed}`, `${sealed}\n`, `${sealed.slice(0, 8)}\n${sealed.slice(8)}`])
      refused(wrong)
  }
})

test('any text at all: unsealable', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 400 }),
    bytes(400).map(base64url),
    bytes(400).map((some) => `RkwBA${base64url(some)}`),
    bytes(400).map((some) => base64url(Buffer.concat([Buffer.from('FL\x01\x01'), some]))),
    fc.base64String({ maxLength: 400 }),
  )
  fc.assert(
    fc.property(anything, (text) => refused(text)),
    { numRuns: 3000 },
  )
  for (const huge of ['A'.repeat(2 ** 26 + 1), `RkwBA${'A'.repeat(2 ** 24)}`, '\ud800'.repeat(2 ** 20)])
    refused(huge)
})

test('every part of the place counts, however the parts are cut', () => {
  const names = fc.tuple(fc.string({ unit: 'binary' }), fc.string(), fc.string(), fc.string())
  const placeOf = ([table, column, row, purpose]: string[]) =>
    ({ table, column, row, purpose }) as Required<Place>
  const property = fc.property(names, names, bytes(50), (one, two, text) => {
    const sealed = sealWith(KEY, KEY_ID, placeOf(one), text)
    if (one.some((part, i) => part !== two[i])) refused(sealed, placeOf(two))
    const [table, column, row, purpose] = one
    const moved = [table.slice(0, -1), table.slice(-1) + column, row, purpose]
    if (table !== '' && moved.every((part) => part.isWellFormed())) refused(sealed, placeOf(moved))
  })
  fc.assert(property, { numRuns: 500 })
})

test('a place with half a character is none: nothing is sealed for it, nothing opens', () => {
  for (const half of ['\ud800', 'a\udc00b']) {
    for (const part of ['table', 'column', 'row', 'purpose']) {
      assert.throws(() => sealWith(KEY, KEY_ID, { ...PLACE, [part]: half }, Buffer.alloc(1)), Unsealable)
      refused(SEALED, { ...PLACE, [part]: half })
    }
  }
})

test('wrapped data keys: any other bytes and any other context are unsealable', () => {
  const context = Buffer.from('a context')
  const wrapped = wrapInMemory(KEY, randomBytes(32), context)
  fc.assert(
    fc.property(bytes(100), bytes(40), (other, elsewhere) => {
      assert.throws(() => unwrapInMemory(KEY, other, context), Unsealable)
      if (!elsewhere.equals(context)) assert.throws(() => unwrapInMemory(KEY, wrapped, elsewhere), Unsealable)
    }),
    { numRuns: 1000 },
  )
  const without = createCipheriv('aes-256-gcm', KEY, wrapped.subarray(0, 12))
  const unbound = Buffer.concat([
    wrapped.subarray(0, 12),
    without.update(randomBytes(32)),
    without.final(),
    without.getAuthTag(),
  ])
  assert.throws(() => unwrapInMemory(KEY, unbound, context), Unsealable, 'one without a context')
})
