import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Arena } from '../races/arena.ts'
import { assertCleanBooks } from '../support/books.ts'
import { TEST_KEYS } from '../support/market.ts'
import { Program } from './program.ts'

const TRADES = 40
const USUALLY_WITHIN_MS = 15_000
/** A worker killed in the middle of a task leaves its next run to the crontab, which looks every minute. */
const CERTAINLY_WITHIN_MS = 90_000

let arena: Arena
const workers: Program[] = []
before(async () => {
  arena = await Arena.open()
  const { ownerUrl, appUrl } = arena.market.database
  const env = {
    DATABASE_URL: ownerUrl,
    FAIRLOCK_APP_DATABASE_URL: appUrl,
    FAIRLOCK_DATABASE_CONNECTIONS: '4',
    FAIRLOCK_KEYRING: 'env:TEST_KEYRING',
    ...TEST_KEYS,
  }
  for (const _ of [1, 2]) {
    const worker = await Program.prepare(['--only', 'worker'], env)
    worker.spawn()
    workers.push(worker)
  }
})
after(async () => {
  for (const worker of workers) await worker.stop()
  await arena.close()
})

test('two workers end each overdue trade once', async () => {
  await assertEndedOnce(await overdueTrades(), USUALLY_WITHIN_MS)
  for (const worker of workers) assert.ok(worker.isRunning, worker.said)
})

test('when one of two workers is killed the other keeps the deadlines', async () => {
  const trades = await overdueTrades()
  await workers[0]!.kill()
  await assertEndedOnce(trades, CERTAINLY_WITHIN_MS)
  await assertCleanBooks(arena.market.database.ownerUrl)
})

async function overdueTrades(): Promise<string[]> {
  const trades = await Promise.all(Array.from({ length: TRADES }, () => arena.trade('funded')))
  const ids = trades.map(({ id }) => id)
  await arena.superuser.query(`begin; set local session_replication_role = replica;
    update public.crypto_trades set deadline = clock_timestamp() where id in ('${ids.join("','")}'); commit`)
  return ids
}

async function assertEndedOnce(trades: string[], withinMs: number): Promise<void> {
  const began = performance.now()
  while (performance.now() - began < withinMs && (await live(trades)) > 0) await sleep(50)
  for (const id of trades) assert.equal(await arena.outcome(id), 'expired hold refund')
  const { rows } = await arena.superuser.query(
    `select count(*)::int as events from audit.events where action = 'trade.expired' and subject_id = any ($1)`,
    [trades],
  )
  assert.equal(rows[0].events, trades.length)
}

async function live(trades: string[]): Promise<number> {
  const { rows } = await arena.superuser.query(
    `select count(*)::int as live from public.crypto_trades where id = any ($1) and status = 'funded'`,
    [trades],
  )
  return rows[0].live
}
