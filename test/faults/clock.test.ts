import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { expireTrades } from '../../src/trades/index.ts'
import { Arena } from '../races/arena.ts'
import { assertCleanBooks } from '../support/books.ts'

const TRADES = 12

let arena: Arena
before(async () => {
  arena = await Arena.open()
})
after(() => arena.close())

test('four clocks at once end every overdue trade, each once, and none fails', async () => {
  const trades = await overdueTrades()
  const ended = await Promise.all([1, 2, 3, 4].map(() => expireTrades(arena.market.db)))
  assert.equal(
    ended.reduce((sum, one) => sum + one, 0),
    TRADES,
  )
  for (const { id, seller } of trades) {
    assert.equal(await arena.outcome(id), 'expired hold refund')
    await arena.assertAvailable(seller, '1')
  }
  await assertCleanBooks(arena.market.database.ownerUrl)
})

test('a trade that cannot be ended does not keep the others from it', async () => {
  const [broken, ...others] = await overdueTrades()
  await arena.setDeadline(broken!.id, -60_000)
  await arena.superuser.query(`begin; set local session_replication_role = replica;
    update ledger.accounts a set balance = 0 from public.crypto_escrows e
    where e.id = a.id and e.trade_id = '${broken!.id}'; commit`)
  await assert.rejects(expireTrades(arena.market.db), /1 of 12 overdue trades could not be ended/)
  assert.equal(await arena.outcome(broken!.id), 'funded hold')
  for (const { id } of others) assert.equal(await arena.outcome(id), 'expired hold refund')
})

async function overdueTrades() {
  const trades = await Promise.all(Array.from({ length: TRADES }, () => arena.trade('funded')))
  for (const { id } of trades) await arena.setDeadline(id, -1000)
  return trades
}
