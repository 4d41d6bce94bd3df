import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { type Keyring, KeyringError, Unsealable, wrapContext } from '../../src/platform/sealing/index.ts'

export type Subject = {
  keyring: Keyring
  /** Adds a key as an operator does, where the program cannot; gives the keyring as it is after a restart. */
  addKey?: () => Promise<Keyring>
  stop(): Promise<void>
}

const CONTEXT = wrapContext('0193a5b0-0000-7000-8000-000000000001', '0193a5b0-0000-7000-8000-0000000000aa')
const ELSEWHERE = wrapContext('0193a5b0-0000-7000-8000-000000000001', '0193a5b0-0000-7000-8000-0000000000ab')

/** What every kind of keyring must do, run against a real one. `skip` says why it cannot be tried here. */
export function keyringContract(
  kind: string,
  start: () => Promise<Subject>,
  skip: string | false = false,
): void {
  suite(`a keyring of kind ${kind}`, { skip }, () => {
    let subject: Subject
    let keyring: Keyring
    let first: string
    let second: string
    before(async () => {
      subject = await start()
      keyring = subject.keyring
    })
    after(() => subject?.stop())

    test('says where it is', () => {
      assert.equal(keyring.kind, kind)
      assert.ok(keyring.location.startsWith(`${kind}:`))
    })

    test('adds a key, or says how to, and lists the oldest first', async () => {
      first = (await keyring.ids()).at(-1) ?? (await keyring.create())
      const before = await keyring.ids()
      if (subject.addKey) {
        await assert.rejects(keyring.create(), (error: Error) => {
          assert.ok(error instanceof KeyringError)
          assert.match(error.message, /rotate again/)
          return true
        })
        keyring = await subject.addKey()
      } else {
        assert.ok(!before.includes(await keyring.create()))
      }
      const ids = await keyring.ids()
      assert.deepEqual(ids.slice(0, -1), before)
      second = ids.at(-1)!
    })

    test('wraps a data key and unwraps it, each time differently', async () => {
      const dataKey = randomBytes(32)
      const wrapped = await Promise.all([1, 2].map(() => keyring.wrap(first, dataKey, CONTEXT)))
      assert.notDeepEqual(wrapped[0], wrapped[1])
      for (const one of wrapped) {
        assert.ok(one.length >= 40 && one.length <= 4000, 'what the database keeps')
        assert.ok(!one.includes(dataKey))
        assert.deepEqual(await keyring.unwrap(first, one, CONTEXT), dataKey)
      }
    })

    test('unwraps nothing in another context or with another key', async () => {
      const wrapped = await keyring.wrap(first, randomBytes(32), CONTEXT)
      await assert.rejects(keyring.unwrap(first, wrapped, ELSEWHERE), Unsealable)
      await assert.rejects(keyring.unwrap(first, wrapped, Buffer.alloc(0)), Unsealable)
      await assert.rejects(keyring.unwrap(second, wrapped, CONTEXT), Unsealable)
    })

    test('answers Unsealable, and nothing else, to bytes that were changed or cut', async () => {
      const wrapped = await keyring.wrap(first, randomBytes(32), CONTEXT)
      for (let at = 0; at < wrapped.length; at++) {
        const changed = Buffer.from(wrapped)
        changed[at]! ^= 1 << (at % 8)
        await assert.rejects(keyring.unwrap(first, changed, CONTEXT), Unsealable, `byte ${at} changed`)
      }
      for (const length of [0, 1, 11, 12, 27, 28, 29, 44, wrapped.length - 1]) {
        await assert.rejects(
          keyring.unwrap(first, wrapped.subarray(0, length), CONTEXT),
          Unsealable,
          `${length} bytes`,
        )
      }
      for (const longer of [Buffer.concat([wrapped, Buffer.alloc(1)]), randomBytes(60), randomBytes(4000)])
        await assert.rejects(keyring.unwrap(first, longer, CONTEXT), Unsealable)
      assert.equal((await keyring.unwrap(first, wrapped, CONTEXT)).length, 32, 'and works on')
    })

    test('says of a key that it does not hold that it does not', async () => {
      const wrapped = await keyring.wrap(first, randomBytes(32), CONTEXT)
      for (const id of ['no-such-key', '', `${first}0`, 'x'.repeat(300)]) {
        await assert.rejects(keyring.wrap(id, randomBytes(32), CONTEXT), KeyringError)
        await assert.rejects(keyring.unwrap(id, wrapped, CONTEXT), KeyringError)
      }
    })

    test('serves 50 at once, some of whom get nothing', async () => {
      const keys = Array.from({ length: 50 }, (_, i) => ({
        key: randomBytes(32),
        context: Buffer.from(`context ${i}`),
      }))
      const wrapped = await Promise.all(keys.map(({ key, context }) => keyring.wrap(first, key, context)))
      await Promise.all(
        keys.map(async ({ key, context }, i) => {
          if (i % 5 === 0) await assert.rejects(keyring.unwrap(first, wrapped[i]!, CONTEXT), Unsealable)
          else assert.deepEqual(await keyring.unwrap(first, wrapped[i]!, context), key)
        }),
      )
    })
  })
}
