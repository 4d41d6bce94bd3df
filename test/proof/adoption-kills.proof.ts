import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import type pg from 'pg'
import { keepReport, signReport, verifyAdoption } from '../../src/adoption/index.ts'
import { marketUrls } from '../../src/platform/index.ts'
import { killedRun, type Victim, type Way } from '../adoption/kills.ts'
import { adoptedDatabase, mistakes, newChecksums, oldChecksums, takeOver } from '../adoption/taken-over.ts'
import { type TestDatabase, withClient } from '../support/server.ts'

const VICTIMS: Victim[] = ['runner', 'session', 'server']
/** One in so many of the statements that are not alike; with 1 each of them, which takes more than an hour. */
const EVERY = Number(process.env.ADOPTION_KILLS_EVERY ?? 13)
/** Where a proof that was interrupted goes on: at this one of them, which `--test-name-pattern` takes of one way only. */
const FROM = Number(process.env.ADOPTION_KILLS_FROM ?? 0)

/** A copy of a database for one kill; gone when the kill is judged. */
async function onCopy<T>(of: TestDatabase, work: (copy: TestDatabase) => Promise<T>): Promise<T> {
  const name = `copy_${randomBytes(6).toString('hex')}`
  const named = (url: string, database: string) =>
    Object.assign(new URL(url), { pathname: `/${database}` }).href
  // A session for each: one that is open while the server crashes would be lost.
  const administer = (statement: string) =>
    withClient(named(of.superuserUrl, 'postgres'), (client) => client.query(statement))
  await administer(`create database ${name} owner fairlock_owner template ${of.name} strategy file_copy`)
  const drop = async () => void (await administer(`drop database ${name} with (force)`))
  const copy = {
    name,
    drop,
    ownerUrl: named(of.ownerUrl, name),
    appUrl: named(of.appUrl, name),
    superuserUrl: named(of.superuserUrl, name),
  }
  try {
    return await work(copy)
  } finally {
    await drop()
  }
}

/** Kills a way at the first statement of each EVERY-th kind, from the same beginning, and has each run followed by `judge`. */
async function killEach(
  t: TestContext,
  from: TestDatabase,
  way: Way,
  judge: (copy: TestDatabase) => Promise<void>,
): Promise<void> {
  const undisturbed = await onCopy(from, (copy) => killedRun(way, copy, 'runner', -1))
  const kinds = undisturbed.kinds.filter((_, index) => index % EVERY === 0)
  assert.ok(kinds.length * EVERY > 20 && kinds.length > FROM)
  const kills: Record<Victim, number> = { runner: 0, session: 0, server: 0 }
  for (const [turn, kind] of kinds.entries()) {
    if (turn < FROM) continue
    const victim = VICTIMS[turn % VICTIMS.length]!
    await onCopy(from, async (copy) => {
      const { died } = await killedRun(way, copy, victim, kind)
      if (died) kills[victim]++
      if (turn % 20 === 19) console.error(`${way}: ${turn + 1} of ${kinds.length} statements`)
      try {
        await judge(copy)
      } catch (error) {
        throw new Error(`${way}, ${victim} killed at statement ${turn * EVERY + 1} of its kinds`, {
          cause: error,
        })
      }
    })
  }
  const { runner, session, server } = kills
  t.diagnostic(
    `${way}: ${undisturbed.statements} statements, ${undisturbed.kinds.length} of them not alike; killed at ` +
      `${kinds.length - FROM}: ${runner} runners, ${session} sessions, ${server} servers died of it`,
  )
}

test('every statement of the way up is killed once, and the next run ends as an undisturbed one', async (t) => {
  const adopted = await adoptedDatabase({ rows: 60 })
  const before = await withClient(adopted.ownerUrl, oldChecksums)
  await killEach(t, adopted, 'up', async (copy) => {
    assert.equal((await takeOver(copy)).phase, 'beside')
    assert.deepEqual(await withClient(copy.ownerUrl, oldChecksums), before)
    assert.deepEqual(await mistakes(copy), [])
  })
})

test('every statement of the way down is killed once: a next run ends it, or turns it round', async (t) => {
  const beside = await adoptedDatabase({ rows: 60 })
  await takeOver(beside)
  const [old, fresh] = [
    await withClient(beside.ownerUrl, oldChecksums),
    await withClient(beside.superuserUrl, newChecksums),
  ]
  let turn = 0
  await killEach(t, beside, 'down', async (copy) => {
    // Every other one is ended before it goes up again.
    if (turn++ % 2 === 0) assert.equal((await killedRun('down', copy, 'runner', -1)).died, false)
    assert.deepEqual(await withClient(copy.ownerUrl, oldChecksums), old)
    await takeOver(copy)
    assert.deepEqual(await withClient(copy.ownerUrl, oldChecksums), old)
    assert.deepEqual(await withClient(copy.superuserUrl, newChecksums), fresh)
  })
})

test('every statement of the contract is killed once, and the next run ends it', async (t) => {
  const beside = await adoptedDatabase({ rows: 60 })
  await takeOver(beside)
  const { ownerUrl } = await marketUrls(beside)
  const report = await verifyAdoption(ownerUrl, { version: 'proof' })
  await keepReport(ownerUrl, signReport(report, null))
  const users = await withClient(beside.superuserUrl, countPeople('fairlock_next'))
  await killEach(t, beside, 'contract', async (copy) => {
    assert.equal((await killedRun('contract', copy, 'runner', -1)).died, false)
    assert.deepEqual(await withClient(copy.superuserUrl, countPeople('public')), users)
    assert.deepEqual(await withClient(copy.superuserUrl, countPeople('fairlock_old')), users)
  })
})

const countPeople = (schema: string) => async (client: pg.Client) =>
  (await client.query(`select count(*) from ${schema}.users`)).rows
