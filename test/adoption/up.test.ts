import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import {
  type AdoptionEvent,
  adoptionDown,
  contract,
  readState,
  recognise,
  recordMapping,
  retryQuarantine,
} from '../../src/adoption/index.ts'
import { bringUp } from '../../src/cli/bring-up.ts'
import { status, withSession } from '../../src/platform/migrator/index.ts'
import { startOldApplication } from '../support/legacy/load.ts'
import type { TestDatabase } from '../support/server.ts'
import { killedRun } from './kills.ts'
import { adoptedDatabase, mistakes, newChecksums, oldChecksums, takeOver } from './taken-over.ts'

// One database goes all the way: up, down, up, through kills, to its contract. Each test goes on where the last one ended.
let database: TestDatabase
let owner: pg.Client
let superuser: pg.Client

before(async () => {
  database = await adoptedDatabase({ rows: 250 })
  owner = new pg.Client(database.ownerUrl)
  superuser = new pg.Client(database.superuserUrl)
  await Promise.all([owner.connect(), superuser.connect()])
})
after(() => Promise.all([owner.end(), superuser.end()]))

test('a living database is taken over while the old application writes, and a next run catches up', async () => {
  const old = await startOldApplication(database.ownerUrl, { perSecond: 40 })
  const events: AdoptionEvent[] = []
  const first = await takeOver(database, { onEvent: (event) => events.push(event) })
  assert.equal(first.phase, 'beside')
  const counted = events.findLast((event) => event.kind === 'recounted')
  assert.ok(counted !== undefined && counted.people > 0 && counted.people === counted.of)
  const figures = await old.stop()
  assert.deepEqual(figures.failures, [])
  assert.ok(figures.requests > 40)
  const second = await takeOver(database)
  assert.equal(second.marksLeft, 0)
  for (const { table, in: rows, carried, quarantined } of second.counts)
    assert.equal(rows, carried + quarantined, table)
  assert.deepEqual(await mistakes(database), [])
})

test('what was mended in the old tables comes out of quarantine', async () => {
  const { rows } = await owner.query<{ id: string; side: string }>(
    `update crypto_trades set side = 'sideways'
     where id = (select id from crypto_trades where status = 'open' order by id limit 1) returning id`,
  )
  const key = rows[0]!.id
  await takeOver(database)
  const refused = await retryQuarantine(database.ownerUrl, { key })
  assert.deepEqual(refused, {
    tried: 1,
    carried: 0,
    left: [{ table: 'crypto_trades', code: 'side_unknown', rows: 1 }],
  })
  await owner.query(`alter table crypto_trades disable trigger fairlock_adoption_mark`)
  await owner.query(`update crypto_trades set side = 'buy' where id = $1`, [key])
  await owner.query(`alter table crypto_trades enable always trigger fairlock_adoption_mark`)
  assert.deepEqual(await retryQuarantine(database.ownerUrl, { key }), { tried: 1, carried: 1, left: [] })
})

test('a word that the mapping learns counts at once, and the rows that wait for it can be tried again', async () => {
  const { rows } = await owner.query<{ id: string }>(
    `update crypto_trades set side = 'sideways'
     where id = (select id from crypto_trades where status = 'open' order by id limit 1) returning id`,
  )
  await takeOver(database)
  const inForce = (await withSession(database.ownerUrl, readState))!.mapping
  const { mapping, shapes } = await recognise(database.ownerUrl, { mapping: inForce })
  assert.equal(mapping!.sides.sideways, null)
  mapping!.sides.sideways = 'sell'
  await withSession(database.ownerUrl, (session) =>
    recordMapping(session, { mapping: mapping!, shapes, confirmed: true }),
  )
  assert.deepEqual(await retryQuarantine(database.ownerUrl, { key: rows[0]!.id }), {
    tried: 1,
    carried: 1,
    left: [],
  })
  assert.deepEqual(await mistakes(database), [])
})

test('down and up again leave old and new tables as they were, with what was written meanwhile', async () => {
  const [old, fresh] = [await oldChecksums(owner), await newChecksums(superuser)]
  await adoptionDown({ ...database, to: 'adopted' })
  assert.deepEqual(await oldChecksums(owner), old)
  const left = await owner.query(
    `select tgname from pg_trigger where tgname like 'fairlock%' and not tgisinternal
     union all select attname from pg_attribute where attrelid = 'crypto_trades'::regclass and attname = 'offer_id'`,
  )
  assert.deepEqual(left.rows, [])
  assert.equal((await takeOver(database)).phase, 'beside')
  assert.deepEqual(await oldChecksums(owner), old)
  assert.deepEqual(await newChecksums(superuser), fresh)

  await adoptionDown({ ...database, to: 'nothing' })
  await owner.query(
    `with person as (insert into users (email) values ('between@example.org') returning id)
     insert into crypto_wallets (user_id, wallet_address, currency, balance) select id, 'between', 'BTC', 2 from person;
     update crypto_wallets set balance = balance + 1 where wallet_address <> 'between';
     delete from crypto_prices where id = (select id from crypto_prices order by id limit 1)`,
  )
  await takeOver(database)
  assert.deepEqual(await mistakes(database), [])
})

test('a second run waits, or says who holds the lock', async () => {
  await superuser.query(`select pg_advisory_lock(hashtext('fairlock'), hashtext('adoption'))`)
  await assert.rejects(
    takeOver(database, { wait: false }),
    /Another run of the take-over is at work: backend \d+, /,
  )
  const told: string[] = []
  const waiting = takeOver(database, {
    onEvent: (event) => {
      if (event.kind !== 'message') return
      told.push(event.text)
      superuser.query('select pg_advisory_unlock_all()').catch(() => undefined)
    },
  })
  assert.equal((await waiting).phase, 'beside')
  assert.match(told[0]!, /Waiting for it to end/)
})

test('runs that are killed, or lose their session, go on where they were', async () => {
  assert.ok((await killedRun('down', database, 'runner', 25)).died)
  const stopped = await killedRun('up', database, 'session', 60)
  assert.ok(stopped.died)
  assert.match(stopped.said, /run the same command again/)
  assert.ok((await killedRun('up', database, 'runner', 180)).died)
  await takeOver(database)
  assert.deepEqual(await mistakes(database), [])
})

test('the contract names all that speaks against it, and then puts each table in its place', async () => {
  const options = {
    ...database,
    acceptQuarantine: true,
    bringUp: () => bringUp(database),
    confirm: async () => true,
  }
  await owner.query('create table notes (id int primary key, user_id uuid references users)')
  await owner.query(`insert into notes select row_number() over (), id from users;
    create view addresses as select id, email from users where email is not null;
    create view terms as select price, order_type from crypto_trades;
    create materialized view kept as select count(*) from users`)
  await assert.rejects(contract({ ...options, afterDays: 3 }), (error: Error) => {
    for (const reason of [
      /of 3 days/,
      /Nothing was verified/,
      /the old application wrote/i,
      /kept .* materialized/,
    ])
      assert.match(error.message, reason)
    return true
  })
  await owner.query(`drop materialized view kept; drop view terms;
    insert into fairlock_adoption.reports (passed, report) values (true, '{}')`)
  const done = await contract({ ...options, afterDays: 0, force: true })
  assert.deepEqual(done.broken, [])
  assert.equal((await readState(owner as never))?.phase, 'contracted')
  const { rows } = await owner.query(
    `select confrelid::regclass::text as target, convalidated as valid from pg_constraint
     where conrelid = 'notes'::regclass and contype = 'f'`,
  )
  assert.deepEqual(rows, [{ target: 'users', valid: true }])
  await owner.query('drop view addresses; drop table notes')
  const now = await status(database)
  assert.deepEqual([now.drift, now.code], [[], 'current'])
  await assert.rejects(adoptionDown({ ...database, to: 'adopted' }), /a restore of the backup/)
  assert.equal((await contract({ ...options, afterDays: 0 })).done, true)
})
