import assert from 'node:assert/strict'
import { renameSync } from 'node:fs'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { Problem } from '../../src/platform/index.ts'
import { KeyringError, keyIdOf } from '../../src/platform/sealing/index.ts'
import { sealWith } from '../../src/platform/sealing/sealed.ts'
import type { Person } from '../support/market.ts'
import { underLoad } from './load.ts'
import { Vault } from './vault.ts'

let vault: Vault
let people: Person[]
before(async () => {
  vault = await Vault.open()
  people = await vault.people(4)
})
after(() => vault?.close())

test('rotations and rewraps under load: no request fails, and everything that was acknowledged opens', async () => {
  const load = await underLoad(vault, people, async () => {
    for (let round = 0; round < 3; round++) {
      await vault.rotate()
      await vault.requestRewrap()
      await Promise.all([vault.rewrap(), vault.rewrap({ backwards: true })])
    }
  })
  assert.ok(load.stored > 10 && load.opened > 10 && load.trades > 0, JSON.stringify(load))
  await vault.checkAll()
  assert.equal((await vault.keyStates()).decrypt_only, undefined)
})

test('two rotations at once end with one active key that wraps everything', async () => {
  const outcomes = await Promise.allSettled([vault.rotate(), vault.rotate()])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'fulfilled'],
  )
  const { rows } = await vault.superuser.query(
    `select state, (select count(*)::int from fairlock.data_keys
       where key_encryption_key = k.id and state <> 'destroyed') as wraps
     from fairlock.key_encryption_keys k where state in ('active', 'pending')`,
  )
  assert.deepEqual(rows, [{ state: 'active', wraps: 4 }])
  await vault.checkAll()
})

test('a person’s first secret is sealed however often the keys are rotated at that moment', async () => {
  for (let round = 0; round < 4; round++) {
    const person = await vault.market.person('newcomer')
    await Promise.all([vault.rotate(), vault.store(person, 0)])
  }
  await vault.checkAll()
})

test('who writes with a key that is being retired is refused: no value is ever under a destroyed key', async () => {
  const [person] = people
  const writers = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const client = new pg.Client(vault.market.database.superuserUrl)
      await client.connect()
      return client
    }),
  )
  const profile = await writers[0]!.query('select id from crypto_profiles where user_id = $1', [person!.id])
  const place = { table: 'public.crypto_profiles', column: 'two_factor_secret', row: profile.rows[0].id }
  let written = 0
  let refused = 0
  for (let round = 0; round < 6; round++) {
    // A process that has sealed already, and writes while the key comes to its end.
    const sealed = await vault.market.sealer.seal(person!.id, place, Buffer.from('late'))
    const id = keyIdOf(sealed)
    const late = await vault.market.sealer.keys.withKey(id, person!.id, (key) =>
      writers.map(() => sealWith(key, id, place, Buffer.from('late'))),
    )
    await vault.requestRewrap()
    const writes = writers.map(async (writer, number) => {
      // How soon the key's turn comes depends on the machine: each round waits longer than the one before.
      await new Promise((resolve) => setTimeout(resolve, number * 25 * (round + 1)))
      await writer.query('begin')
      try {
        await writer.query('update crypto_profiles set two_factor_secret = $1 where id = $2', [
          late[number],
          place.row,
        ])
        await new Promise((resolve) => setTimeout(resolve, 5))
        await writer.query('commit')
        written++
      } catch (error) {
        await writer.query('rollback')
        assert.equal((error as { code?: string }).code, 'FL097')
        refused++
      }
    })
    await Promise.all([vault.rewrap(), ...writes])
    const { rows } = await vault.superuser.query(
      `select k.state from crypto_profiles p join fairlock.data_keys k on k.id = fairlock.sealed_with(p.two_factor_secret)
       where p.id = $1`,
      [place.row],
    )
    assert.notEqual(rows[0].state, 'destroyed')
  }
  await Promise.all(writers.map((writer) => writer.end()))
  assert.ok(written > 0 && refused > 0, `${written} written, ${refused} refused: both sides of the race`)
  vault.secrets.delete(`${place.table}.${place.column} ${place.row}`)
})

test('a keyring that goes away in the middle is an error that says so, and nothing is lost', async () => {
  const hidden = `${vault.keyringPath}.away`
  vault.market.sealer.keys.forget()
  await vault.requestRewrap()
  renameSync(vault.keyringPath, hidden)
  await assert.rejects(vault.rotate(), KeyringError)
  await assert.rejects(vault.rewrap(), (error: Error) => {
    assert.ok(error instanceof KeyringError, String(error))
    assert.match(error.message, /There is no keyring/)
    return !(error instanceof Problem)
  })
  renameSync(hidden, vault.keyringPath)
  await vault.checkAll()
  assert.equal((await vault.rewrap()).done, true)
  await vault.checkAll()
})

test('a value that its key does not open stays, with its key, and the rewrap says where', async () => {
  const [, person] = people
  const place = { table: 'public.crypto_profiles', column: 'two_factor_secret' }
  await vault.store(person!, 0)
  const { rows } = await vault.superuser.query(
    'select id, two_factor_secret as sealed from crypto_profiles where user_id = $1',
    [person!.id],
  )
  const changed = rows[0].sealed.replace(/.$/, (last: string) => (last === 'A' ? 'Q' : 'A'))
  await vault.superuser.query('update crypto_profiles set two_factor_secret = $1 where id = $2', [
    changed,
    rows[0].id,
  ])
  await vault.requestRewrap()
  const { stuck, done } = await vault.rewrap()
  assert.deepEqual(stuck, [`${place.table}.${place.column} of id ${rows[0].id}`])
  assert.equal(done, true)
  assert.equal((await vault.keyStates()).decrypt_only, 1)
  vault.secrets.delete(`${place.table}.${place.column} ${rows[0].id}`)
  await vault.checkAll()
})

test('the rate of a rewrap is kept, and it goes on where its time was over', async () => {
  await vault.requestRewrap(20)
  const began = performance.now()
  let report = await vault.rewrap({ forMs: 300 })
  assert.equal(report.done, false)
  while (!report.done) report = await vault.rewrap({ forMs: 300 })
  assert.ok(performance.now() - began > 500, 'not faster than allowed')
  await vault.checkAll()
})

test('a bytea column is sealed anew as a text column is', async () => {
  const [person] = people
  const { superuser, market } = vault
  await superuser.query(`create table public.scratch_files (id uuid primary key, user_id uuid, content bytea);
    grant select, update on public.scratch_files to fairlock_engine;
    create trigger sealed_content before insert or update of content, user_id on public.scratch_files
      for each row when (new.content is not null) execute function fairlock.guard_sealed('content', 'user_id')`)
  const column = { table: 'public.scratch_files', column: 'content', key: 'id', owner: 'user_id' }
  const place = { table: column.table, column: column.column, row: '0193a5b0-0000-7000-8000-0000000000aa' }
  const plaintext = Buffer.from('a scan of a receipt')
  const sealed = await market.sealer.seal(person!.id, place, plaintext)
  const write = (bytes: Buffer) =>
    superuser.query('insert into scratch_files values ($1, $2, $3)', [place.row, person!.id, bytes])
  await assert.rejects(write(plaintext), { code: 'FL098' })
  await write(Buffer.from(sealed, 'base64url'))
  await vault.requestRewrap()
  const { Rewrap, SEALED_COLUMNS } = await import('../../src/platform/sealing/index.ts')
  await new Rewrap(market.db, market.sealer, { columns: [...SEALED_COLUMNS, column] }).run()
  const { rows } = await superuser.query('select content from scratch_files')
  const now = rows[0].content.toString('base64url')
  assert.notEqual(keyIdOf(now), keyIdOf(sealed))
  assert.deepEqual(await market.sealer.open(person!.id, place, now), plaintext)
})
