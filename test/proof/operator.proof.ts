import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import pg from 'pg'
import {
  adoptionDown,
  contract,
  readShapes,
  recognise,
  recordMapping,
  retryQuarantine,
} from '../../src/adoption/index.ts'
import { makeLegacy } from '../../src/adoption/legacy/index.ts'
import { bringUp } from '../../src/cli/bring-up.ts'
import { asEngine } from '../../src/platform/index.ts'
import { status, withSession } from '../../src/platform/migrator/index.ts'
import { adoptedDatabase, mistakes, takeOver } from '../adoption/taken-over.ts'
import { emptyDatabase, type TestDatabase } from '../support/server.ts'

// What an operator is told by the commands, from the first look to the end. Each test goes on where the last one ended.
let database: TestDatabase
let owner: pg.Client

before(async () => {
  database = await emptyDatabase()
  await makeLegacy(database.ownerUrl, { rows: 150 })
  owner = new pg.Client(database.ownerUrl)
  await owner.connect()
  // What the old platform has beside the tables that are taken over.
  await owner.query(
    `create table extras (id serial primary key); create type mood as enum ('fine');
     create function touch(mood) returns int language sql as 'select 1';
     create view "My People" as select id, email from users;
     create type state as enum ('pending', 'completed', 'failed', 'cancelled', 'limbo');
     alter table crypto_transactions alter status drop default, alter status type state using status::state`,
  )
})
after(() => owner.end())

type Answer = { code: unknown; out: string; err: string }

function fairlock(...args: string[]): Promise<Answer> {
  const env = { ...process.env, DATABASE_URL: database.ownerUrl, FAIRLOCK_APP_DATABASE_URL: database.appUrl }
  return new Promise((resolve) => {
    execFile(process.execPath, ['src/main.ts', ...args], { env }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    )
  })
}

/** Each command ends with exit code 1 and says this in one sentence or two, without a stack. */
async function refuses(commands: string[], says: RegExp): Promise<void> {
  const answers = await Promise.all(commands.map((one) => fairlock(...one.split(' '))))
  for (const [index, { code, err }] of answers.entries()) {
    assert.equal(code, 1, commands[index])
    assert.match(err, says, commands[index])
    assert.doesNotMatch(err, /\n {4}at /, commands[index])
  }
}

async function deeds(): Promise<{ action: string; reason: string; details: Record<string, unknown> }[]> {
  const { rows } = await asEngine(database.ownerUrl, (client) =>
    client.query(
      `select action, reason, details from audit.events where action like 'adoption.%' order by id`,
    ),
  )
  return rows
}

test('where nobody adopted the old tables, no command says that all is well', () =>
  refuses(['db verify', 'db plan', 'ledger verify'], /older platform.*fairlock db adopt/s))

test('what was adopted has a status, and other commands say what comes first', async () => {
  const { mapping, shapes } = await recognise(database.ownerUrl)
  await withSession(database.ownerUrl, (session) =>
    recordMapping(session, { mapping: mapping!, shapes, confirmed: true }),
  )
  const [shown] = await Promise.all([
    fairlock('db', 'status'),
    refuses(['db verify', 'db contract'], /adopted.*run fairlock db up/s),
  ])
  assert.deepEqual([shown.code, shown.err], [0, ''])
  assert.match(shown.out, /Take-over: adopted/)
})

test('without the expansion nothing is added to the old tables', async () => {
  const columns = `select table_name, column_name from information_schema.columns
    where table_schema = 'public' order by table_name, ordinal_position`
  const { rows: old } = await owner.query(columns)
  const { phase } = await takeOver(database, { expand: false })
  assert.equal(phase, 'beside')
  assert.deepEqual((await owner.query(columns)).rows, old)
})

test('the audit log has who adopted, each phase, and what each walk came to', async () => {
  const found = await deeds()
  assert.deepEqual(
    found
      .filter(({ action }) => action !== 'adoption.walked')
      .map(({ action, details }) => [action, details.to]),
    [
      ['adoption.adopted', undefined],
      ...['expanding', 'carrying', 'validating', 'beside'].map((phase) => ['adoption.phase', phase]),
    ],
  )
  const { rows } = await owner.query<{ count: number }>('select count(*)::int from users')
  const walked = found.find(({ details }) => details.table === 'users')!.details
  assert.deepEqual([walked.rows, walked.carried], [rows[0]!.count, rows[0]!.count])
  assert.equal(walked.login, new URL(database.ownerUrl).username)
})

test('trying rows again says how many there were and how many came', async () => {
  const { rows } = await owner.query<{ id: string }>(
    `update crypto_transactions set status = 'limbo'
     where id in (select id from crypto_transactions where status = 'completed' limit 2) returning id`,
  )
  await takeOver(database, { expand: false })
  const keys = rows.map(({ id }) => id)
  await owner.query(`update crypto_transactions set status = 'completed' where id = $1`, [keys[0]])
  const { tried, carried } = await retryQuarantine(database.ownerUrl, { code: 'status_unknown' })
  assert.deepEqual([tried, carried], [2, 1])
  const again = await fairlock('db', 'quarantine', 'retry', '--key', keys[0]!)
  assert.match(again.out, /^No such row is in quarantine/)
  await owner.query(`update crypto_transactions set status = 'completed' where id = $1`, [keys[1]])
})

test('an order that turned round is no offer any more, and the verification knows', async () => {
  const { rows } = await owner.query<{ id: string }>(
    `update crypto_trades set side = case side when 'buy' then 'sell' else 'buy' end, price = price + 1
     where status = 'open' returning id`,
  )
  await takeOver(database, { expand: false })
  const offers = await asEngine(database.ownerUrl, (client) =>
    client.query(`select distinct status from fairlock.offers where id = any ($1)`, [
      rows.map(({ id }) => id),
    ]),
  )
  assert.deepEqual(offers.rows, [{ status: 'closed' }])
  assert.deepEqual(await mistakes(database), [])
  // The path of a session is no change of the old tables.
  const shapes = await withSession(database.ownerUrl, async (session) => {
    const before = await readShapes(session)
    await session.query(`set search_path = ''`)
    return [before, await readShapes(session)].map((found) => found.flatMap(({ columns }) => columns))
  })
  const declared = shapes.map((columns) => columns.map((column) => column.declared))
  assert.deepEqual(declared[0], declared[1])
})

test('what was given back has a status, too, and its verification counts no more when it is up again', async () => {
  const verified = await fairlock('db', 'verify')
  assert.equal(verified.code, 0, verified.out + verified.err)
  await adoptionDown({ ...database, to: 'adopted', reason: 'a trial' })
  const [shown] = await Promise.all([
    fairlock('db', 'status'),
    refuses(['db verify', 'audit verify'], /parked.*run fairlock db up/s),
  ])
  assert.deepEqual([shown.code, shown.err], [0, ''])
  assert.match(shown.out, /Take-over: parked.*crypto_trades .*verified .*passed/s)
  await takeOver(database, { expand: false })
  assert.deepEqual(
    (await deeds()).filter(({ action }) => action === 'adoption.given_back').map(({ reason }) => reason),
    ['a trial'],
  )
  await assert.rejects(end(), /from before the two were beside each other/)
})

test('after the contract other tables are no drift, and the way back is a restore', async () => {
  const verified = await fairlock('db', 'verify')
  assert.equal(verified.code, 0, verified.out + verified.err)
  assert.equal((await end()).done, true)
  assert.deepEqual((await status(database)).drift, [])
  assert.equal((await deeds()).at(-1)!.action, 'adoption.contracted')
  const journal = 'select count(*)::int as count from fairlock_migrations.journal'
  const { rows } = await owner.query<{ count: number }>(journal)
  await refuses(['db down --to 0001 --yes'], /restore.*Nothing was done/s)
  assert.deepEqual((await owner.query(journal)).rows, rows)
})

function end() {
  return contract({
    ...database,
    afterDays: 0,
    acceptQuarantine: true,
    force: true,
    bringUp: () => bringUp(database),
    confirm: async () => true,
  })
}

test('old rows that cannot be updated, because of a publication, are carried all the same', async () => {
  const published = await adoptedDatabase({ rows: 60 })
  const superuser = new pg.Client(published.superuserUrl)
  await superuser.connect()
  await superuser.query('create publication everything for all tables')
  await superuser.query('alter table crypto_trades replica identity nothing')
  await superuser.end()
  assert.equal((await takeOver(published)).phase, 'beside')
})
