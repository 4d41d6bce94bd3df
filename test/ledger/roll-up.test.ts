import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { rollUp } from '../../src/ledger/index.ts'
import { assertCleanBooks } from '../support/books.ts'
import { type Market, type Person, startMarket } from '../support/market.ts'

let market: Market
let people: Person[]
before(async () => {
  market = await startMarket()
  people = [await market.person(), await market.person()]
  for (const person of people) await market.credit(person, 'BTC', '1')
})
beforeEach(settle)
after(() => market.stop())

test('an entry that is not committed yet is counted in after its commit, however often the roll-up runs before', async () => {
  await withOpen(async (slow, quick) => {
    await credit(slow, people[0]!)
    await credit(quick, people[1]!)
    await quick.query('commit')
    assert.deepEqual([await rollUp(market.db), await rollUp(market.db), await rollUp(market.db)], [0, 0, 0])
    await slow.query('commit')
    assert.equal(await settle(), 2)
  })
})

test('also when its transaction began after the one with the newest entry', async () => {
  await withOpen(async (slow, quick) => {
    await quick.query('select pg_current_xact_id()')
    await credit(slow, people[0]!)
    await credit(quick, people[1]!)
    await quick.query('commit')
    assert.deepEqual([await rollUp(market.db), await rollUp(market.db), await rollUp(market.db)], [0, 0, 0])
    await slow.query('commit')
    assert.equal(await settle(), 2)
  })
})

test('it refuses to run after something else in the same transaction, where it could not tell who is late', async () => {
  await withOpen(async (client) => {
    await client.query('select pg_current_xact_id(); reset role')
    await assert.rejects(client.query('select ledger.roll_up()'), /first thing that its transaction does/)
  })
})

test('what was rolled back leaves a hole in the ids, not in the books', async () => {
  await withOpen(async (slow, quick) => {
    await credit(slow, people[0]!)
    await credit(quick, people[1]!)
    await slow.query('rollback')
    await quick.query('commit')
    assert.equal(await settle(), 1)
  })
})

test('many roll-ups at once, among people who are credited, count each entry once', async () => {
  const work = Array.from({ length: 40 }, (_, n) =>
    n % 2 === 0 ? rollUp(market.db) : market.credit(people[n % 4 === 1 ? 0 : 1]!, 'BTC', '0.00000001'),
  )
  const counted = (await Promise.all(work)).reduce<number>((sum, one) => sum + (one ?? 0), 0)
  assert.equal(counted + (await settle()), 20)
})

/** Rolls up until everything is counted in, proves the books, and says how many entries that were. */
async function settle(): Promise<number> {
  let counted = 0
  // Open transactions of other databases of the server delay a roll-up too.
  for (let run = 0; (await countLeft()) > 0; run++) {
    assert.ok(run < 500, 'the roll-up never came to an end')
    counted += await rollUp(market.db)
    if (run > 3) await sleep(10)
  }
  await assertCleanBooks(market.database.ownerUrl)
  return counted
}

async function countLeft(): Promise<number> {
  const left = await onDatabase((client) =>
    client.query(`select count(*)::int as entries from ledger.entries e join ledger.accounts a on a.id = e.account_id
      where a.kind in ('fees', 'custody') and e.id > a.rolled_up_to`),
  )
  return left.rows[0].entries
}

function credit(client: pg.Client, person: Person): Promise<unknown> {
  return client.query(`select fairlock.adjust_balance($1, 'BTC', 0.5, 'test')`, [person.id])
}

/** Two transactions of the engine, which a test leaves open as long as it likes. */
async function withOpen(work: (slow: pg.Client, quick: pg.Client) => Promise<void>): Promise<void> {
  await onDatabase((slow) =>
    onDatabase(async (quick) => {
      const admin = (await market.admin()).id
      for (const client of [slow, quick]) {
        await client.query(`begin; set local role fairlock_engine; set local fairlock.user_id = '${admin}'`)
      }
      await work(slow, quick)
    }),
  )
}

async function onDatabase<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(market.database.superuserUrl)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
