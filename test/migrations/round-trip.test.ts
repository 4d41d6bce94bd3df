import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import type pg from 'pg'
import { down, lineDifference, status, up, verify } from '../../src/platform/migrator/index.ts'
import { schemaSnapshot } from '../../src/platform/schema-snapshot.ts'
import { checksums, freshDatabase, scratchDirectory, smallDatabase } from './support.ts'

async function everything(owner: pg.Client): Promise<Record<string, string>> {
  // What the code of src/ writes, nothing keeps.
  const written = ['fairlock.trade_transitions', 'fairlock.payment_method_types']
  const sums = await checksums(owner, ['public', 'fairlock', 'ledger', 'audit'])
  return Object.fromEntries(Object.entries(sums).filter(([table]) => !written.includes(table)))
}

async function fill(owner: pg.Client): Promise<void> {
  for (const file of ['fill.sql', 'fill-product.sql']) {
    await owner.query(await readFile(new URL(file, import.meta.url), 'utf8'))
  }
}

test('down to the old tables and up again leaves every row as it was (I23)', async (t) => {
  const { database, owner } = await freshDatabase(t)
  const code = await scratchDirectory(t)
  await up({ ...database, code })
  await fill(owner)
  const before = await everything(owner)
  const empty = Object.entries(before).filter(([, sum]) => sum.startsWith('0 '))
  assert.deepEqual(empty, [], 'tables that fill-product.sql has to fill, so that their way down is tried')
  const schema = await schemaSnapshot(owner)

  const undone = await down({ ...database, to: '1' })
  assert.deepEqual(undone.problems, [])
  assert.equal(undone.migrations.at(-1), '0002-new-columns')
  const old = await owner.query(
    `select from pg_class where relname = 'crypto_escrows' and relnamespace = 2200`,
  )
  assert.equal(old.rowCount, 0)

  const redone = await up({ ...database, code })
  assert.deepEqual([redone.problems, redone.notes], [[], []])
  assert.deepEqual(await everything(owner), before)
  assert.deepEqual(lineDifference(schema, await schemaSnapshot(owner)), [])
  assert.deepEqual(await verify(database), [])
  assert.deepEqual((await status({ ...database, code })).kept, [])
})

// A migration that was published does not change: each is tried here while it is among the newest, all by the proof.
const ALONE = Number(process.env.MIGRATIONS_ALONE ?? 3)

test(`each of the newest ${ALONE} migrations alone can be undone and applied again`, async (t) => {
  const { database, owner } = await freshDatabase(t)
  const code = await scratchDirectory(t)
  const applied = await up({ ...database, code })
  await fill(owner)
  const before = await everything(owner)
  const leftBy: Record<string, string> = {}
  const alone = applied.migrations.slice(1).slice(-ALONE)
  for (const migration of alone.toReversed()) {
    const previous = applied.migrations[applied.migrations.indexOf(migration) - 1]
    assert.ok(previous !== undefined)
    await down({ ...database, to: previous })
    leftBy[previous] = await schemaSnapshot(owner)
  }
  for (const migration of alone) {
    const result = await up({ ...database, code, to: migration })
    assert.deepEqual([result.migrations, result.problems, result.notes], [[migration], [], []])
    const undone = leftBy[migration]
    // A function that a way down writes anew is the one that was there before, to the letter. Rights are the code's, and
    // a rule may come back for new rows alone, because the old ones may have been written under a wider one.
    const [left, made] = [undone, await schemaSnapshot(owner)].map((one) =>
      one?.replaceAll(' NOT VALID', '').replaceAll(/^grant .*\n/gm, ''),
    )
    if (left !== undefined)
      assert.deepEqual(lineDifference(left, made ?? ''), [], `what comes after ${migration}`)
  }
  assert.deepEqual(await everything(owner), before)
})

test('what the old platform did in between stays, and orphans of it wait in the side schema', async (t) => {
  const { database, owner } = await freshDatabase(t)
  const code = await scratchDirectory(t)
  await up({ ...database, code })
  await fill(owner)
  await down({ ...database, to: '1' })

  // A changed row, new rows, a person and their things gone.
  const gone = '00000000-0000-4000-8000-000000000005'
  await owner.query(`update public.crypto_profiles set risk_tolerance = 'high', trading_volume = 77`)
  await owner.query(`insert into public.users (id, email) values (gen_random_uuid(), 'new@example.org')`)
  await owner.query(
    `insert into public.crypto_wallets (user_id, wallet_address, currency)
     select id, 'bc1new', 'BTC' from public.users where email = 'new@example.org'`,
  )
  await owner.query(
    `update public.crypto_transactions set wallet_id = null
     where wallet_id in (select id from public.crypto_wallets where user_id = $1)`,
    [gone],
  )
  const trades = `select id from public.crypto_trades where user_id = '${gone}'`
  await owner.query(`delete from public.crypto_wallets where user_id = $1`, [gone])
  await owner.query(`delete from public.crypto_profiles where user_id = $1`, [gone])
  const goneTrades = (await owner.query<{ id: string }>(trades)).rows.map((row) => row.id)
  assert.equal(goneTrades.length, 2)
  await owner.query('update public.crypto_trades set transaction_id = null where id = any ($1)', [goneTrades])
  await owner.query(`delete from public.crypto_transactions where user_id = $1`, [gone])
  await owner.query('delete from public.crypto_trades where id = any ($1)', [goneTrades])

  const result = await up({ ...database, code })
  assert.deepEqual(result.problems, [])
  const profile = await owner.query(
    `select distinct risk_tolerance, trading_volume, two_factor_secret like 'sealed%' as sealed
     from public.crypto_profiles`,
  )
  assert.deepEqual(profile.rows, [{ risk_tolerance: 'high', trading_volume: '77.00000000', sealed: true }])
  const wallet = await owner.query(
    `select wallet_address from public.crypto_wallets where wallet_address like 'bc1new'`,
  )
  assert.equal(wallet.rowCount, 1)
  const escrows = await owner.query('select from public.crypto_escrows where trade_id = any ($1)', [
    goneTrades,
  ])
  assert.equal(escrows.rowCount, 0)

  const kept = (await status({ ...database, code })).kept
  const waiting = kept.find((one) => one.table === 'public.crypto_escrows' && one.columns.length === 0)
  assert.equal(waiting?.left, 2)
  const copy = await owner.query(`select trade_id from fairlock_kept."${waiting?.copy}" order by 1`)
  assert.deepEqual(
    copy.rows.map((row: { trade_id: string }) => row.trade_id),
    goneTrades.sort(),
  )
  assert.ok(result.notes.some((note) => note.includes('2 rows of public.crypto_escrows did not come back')))

  // Another round neither loses nor doubles what waits.
  const before = await checksums(owner, ['public'])
  await down({ ...database, to: '1' })
  await up({ ...database, code })
  assert.deepEqual(await checksums(owner, ['public']), before)
  const again = (await status({ ...database, code })).kept
  assert.equal(
    again.filter((one) => one.table === 'public.crypto_escrows' && one.columns.length === 0)[0]?.left,
    2,
  )
})

test('the first migration is only undone when its tables are empty', async (t) => {
  const { database, owner } = await smallDatabase(t)
  const code = await scratchDirectory(t)
  await up({ ...database, code })
  await owner.query(`insert into public.users (email) values ('a@example.org')`)
  await assert.rejects(down({ ...database, to: 'nothing' }), /public.users has rows/)
  await owner.query('delete from public.users')
  await down({ ...database, to: 'nothing' })
  assert.deepEqual((await up({ ...database, code })).problems, [])
})
