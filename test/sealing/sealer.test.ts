import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { Problem } from '../../src/platform/index.ts'
import {
  KeyringError,
  keyIdOf,
  openKeyring,
  type Place,
  SEALED_COLUMNS,
  Sealer,
  Unsealable,
} from '../../src/platform/sealing/index.ts'
import { type Market, type Person, startMarket, TEST_KEYS } from '../support/market.ts'

let market: Market
let engine: pg.Client
let superuser: pg.Client
let owner: Person
let other: Person
before(async () => {
  market = await startMarket()
  ;[owner, other] = await Promise.all([market.person('owner'), market.person('other')])
  engine = new pg.Client(market.database.ownerUrl)
  await engine.connect()
  await engine.query('set role fairlock_engine')
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
})
after(async () => {
  await engine?.end()
  await superuser?.end()
  await market?.stop()
})

const SECRET = Buffer.from('JBSWY3DPEHPK3PXP')

test('a value is sealed and opened with its owner’s data key, which is made once however many ask at once', async () => {
  const place = await profileOf(owner)
  const sealed = await Promise.all(
    Array.from({ length: 12 }, () => market.sealer.seal(owner.id, place, SECRET)),
  )
  assert.equal(new Set(sealed.map(keyIdOf)).size, 1)
  assert.equal(new Set(sealed).size, 12, 'no two are alike')
  for (const one of sealed) assert.deepEqual(await market.sealer.open(owner.id, place, one), SECRET)
})

test('a value moved to another row, column, table or purpose does not open (I15)', async () => {
  const place = await profileOf(owner)
  const sealed = await market.sealer.seal(owner.id, place, SECRET)
  const elsewhere: Place[] = [
    { ...place, row: (await profileOf(other)).row },
    { ...place, column: 'encrypted_private_key' },
    { ...place, table: 'public.crypto_wallets' },
    { ...place, purpose: 'chat' },
    { ...place, table: 'public.crypto_profilestwo', column: '_factor_secret' },
  ]
  for (const one of elsewhere) await assert.rejects(market.sealer.open(owner.id, one, sealed), Unsealable)
})

test('a row given to somebody else keeps its secrets from them: they are its owner’s', async () => {
  const place = await profileOf(owner)
  const sealed = await market.sealer.seal(owner.id, place, SECRET)
  for (const opener of [market.sealer, new Sealer(market.db, await testKeyring())]) {
    await assert.rejects(opener.open(other.id, place, sealed), Unsealable)
    await assert.rejects(opener.open(null, place, sealed), Unsealable)
    assert.deepEqual(await opener.open(owner.id, place, sealed), SECRET)
    await assert.rejects(opener.open(other.id, place, sealed), Unsealable, 'with the key in memory too')
  }
  // Neither does it help to give them the data key: the keyring knows whose it is.
  await superuser.query('begin')
  await superuser.query(
    `update fairlock.data_keys set state = 'decrypt_only', retired_at = now() where owner_id = $1`,
    [other.id],
  )
  await superuser.query('update fairlock.data_keys set owner_id = $1 where id = $2', [
    other.id,
    keyIdOf(sealed),
  ])
  await superuser.query('commit')
  await assert.rejects(new Sealer(market.db, await testKeyring()).open(other.id, place, sealed), Unsealable)
  await superuser.query('update fairlock.data_keys set owner_id = $1 where id = $2', [
    owner.id,
    keyIdOf(sealed),
  ])
})

test('who all need a key at once wait for one unwrapping, and nobody gets one that is being zeroed', async () => {
  const person = await market.person('crowd')
  const place = await profileOf(person)
  const sealed = await market.sealer.seal(person.id, place, SECRET)
  const keyring = await testKeyring()
  let asked = 0
  const unwrap = keyring.unwrap.bind(keyring)
  keyring.unwrap = (...args) => {
    asked++
    return unwrap(...args)
  }
  const sealer = new Sealer(market.db, keyring)
  const crowd = Array.from({ length: 60 }, async (_, i) => {
    if (i % 7 === 3) sealer.keys.forget()
    if (i % 2 === 0) return assert.deepEqual(await sealer.open(person.id, place, sealed), SECRET)
    const again = await sealer.seal(person.id, place, SECRET)
    // Opened by another process: had it been sealed with zeros, it would not open.
    assert.deepEqual(await market.sealer.open(person.id, place, again), SECRET)
  })
  await Promise.all(crowd)
  assert.ok(asked >= 1 && asked < 10, `${asked} unwrappings`)
  keyring.unwrap = () => Promise.reject(new KeyringError('away'))
  sealer.keys.forget()
  await assert.rejects(Promise.all([1, 2].map(() => sealer.open(person.id, place, sealed))), KeyringError)
  keyring.unwrap = unwrap
  assert.deepEqual(await sealer.open(person.id, place, sealed), SECRET, 'a failure is not kept')
})

test('a sealed column takes no clear text, no other person’s key and no retired key, from anybody', async () => {
  const place = await profileOf(owner)
  const write = (value: string) =>
    superuser.query('update crypto_profiles set two_factor_secret = $1 where user_id = $2', [value, owner.id])
  await assert.rejects(write('JBSWY3DPEHPK3PXP'), { code: 'FL098' })
  await assert.rejects(write(`RkwBA${'A'.repeat(80)}`), { code: 'FL098' }, 'a key that does not exist')
  await assert.rejects(write(await market.sealer.seal(other.id, place, SECRET)), { code: 'FL098' })
  const sealed = await market.sealer.seal(owner.id, place, SECRET)
  await write(sealed)
  await superuser.query(
    `update fairlock.data_keys set state = 'decrypt_only', retired_at = now() where id = $1`,
    [keyIdOf(sealed)],
  )
  await write(sealed)
  await assert.rejects(write(await sealedAgain(sealed, place)), { code: 'FL097' })
  assert.deepEqual(
    await market.sealer.open(owner.id, place, sealed),
    SECRET,
    'what it sealed before still opens',
  )
})

test('a value whose key is retired between sealing and writing is sealed again', async () => {
  const place = await profileOf(other)
  let writes = 0
  await market.sealer.store(other.id, place, SECRET, async (sealed) => {
    writes++
    if (writes === 1) {
      await superuser.query(
        `update fairlock.data_keys set state = 'decrypt_only', retired_at = now() where id = $1`,
        [keyIdOf(sealed)],
      )
      throw new Problem('data_key_retired')
    }
    assert.deepEqual(await market.sealer.open(other.id, place, sealed), SECRET)
  })
  assert.equal(writes, 2)
})

test('a destroyed key opens nothing, and gives its person no new one', async () => {
  const person = await market.person('erased')
  const place = await profileOf(person)
  const sealed = await market.sealer.seal(person.id, place, SECRET)
  await engine.query(
    `update fairlock.data_keys set state = 'destroyed', wrapped = null, retired_at = now(), destroyed_at = now()
     where owner_id = $1`,
    [person.id],
  )
  market.sealer.keys.forget()
  await assert.rejects(market.sealer.open(person.id, place, sealed), Unsealable)
  await assert.rejects(market.sealer.seal(person.id, place, SECRET), { code: 'person_erased' })
})

test('every sealed column is guarded by a trigger, and every guard is on the list', async () => {
  const { rows } = await superuser.query<{ name: string }>(
    `select format('%s.%s', tgrelid::regclass, encode(tgargs, 'escape')) as name from pg_trigger
     where tgfoid = 'fairlock.guard_sealed'::regproc`,
  )
  const guarded = rows.map(({ name }) => name.replaceAll('\\000', ' ').trim()).sort()
  assert.deepEqual(
    guarded,
    SEALED_COLUMNS.map(
      ({ table, column, owner }) => `${table.replace('public.', '')}.${column} ${owner}`,
    ).sort(),
  )
})

const testKeyring = () => openKeyring('env:TEST_KEYRING', TEST_KEYS)

async function profileOf(person: Person): Promise<Place> {
  const { rows } = await superuser.query<{ id: string }>(
    'select id from crypto_profiles where user_id = $1',
    [person.id],
  )
  return { table: 'public.crypto_profiles', column: 'two_factor_secret', row: rows[0]!.id }
}

/** The same key once more, as a process would that does not know yet. */
async function sealedAgain(sealed: string, place: Place): Promise<string> {
  const { sealWith } = await import('../../src/platform/sealing/sealed.ts')
  const id = keyIdOf(sealed)
  return market.sealer.keys.withKey(id, owner.id, (key) => sealWith(key, id, place, SECRET))
}
