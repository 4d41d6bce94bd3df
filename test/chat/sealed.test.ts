import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { callerFromHeader } from '../../src/identity/index.ts'
import { erasePerson } from '../../src/operations/index.ts'
import { Rewrap } from '../../src/platform/sealing/index.ts'
import { grant, type Office, openOffice, REASON } from '../access/staff.ts'
import { type Market, type Person, startMarket } from '../support/market.ts'
import { deal, hear, say } from './support.ts'

// What keeps the words of a chat: their seal, staff's grants, erasure, and the renewal of keys under readers.

let market: Market
let office: Office
before(async () => {
  market = await startMarket({ connections: 20 })
  office = await openOffice(market)
})
after(async () => {
  await office?.superuser.end()
  await market?.stop()
})

const texts = (items: { text: string | null }[]) => items.map(({ text }) => text)

test('staff read the chat of a case under a grant, each look is in the log, and they write nothing', async () => {
  const { seller, buyer, support, superuser, tradeId } = office
  const path = `/v1/trades/${tradeId}/messages`
  await say({ path }, seller, 'it did not come')
  await say({ path }, buyer, 'it did')
  const desk = `/v1/admin/cases/${tradeId}/messages`
  assert.equal((await support.get(desk)).status, 404, 'without a grant')
  await grant(support, office.admin, { scope: 'case', tradeId })
  const page = await support.get(`${desk}?limit=1`)
  assert.deepEqual([page.status, texts(page.body.items), page.body.mayWrite], [200, ['it did'], false])
  const next = await support.get(`${desk}?limit=1&cursor=${page.body.nextCursor}`)
  assert.deepEqual(texts(next.body.items), ['it did not come'])
  assert.equal((await support.get(path)).status, 404)
  assert.equal((await support.post(path, { text: 'from the staff' })).status, 404)
  assert.equal((await support.post(`${path}/read`, { upTo: 1 })).status, 404)
  const { rows } = await superuser.query(
    `select reason, details ->> 'what' as what from audit.events where actor_id = $1 and action = 'case.viewed'`,
    [support.id],
  )
  assert.deepEqual(rows, [
    { reason: REASON, what: 'messages' },
    { reason: REASON, what: 'messages' },
  ])
  assert.deepEqual((await buyer.get(path)).body.readBy, { seller: 0, buyer: 0 }, 'staff leave no marks')
})

test('the words are sealed for their author and place: elsewhere they do not open, and are shown as damaged', async () => {
  const one = await deal(market)
  for (const who of [one.seller, one.buyer]) await say(one, who, `words of ${who.id}`)
  const { superuser } = office
  const rows = async () =>
    (
      await superuser.query('select id, text from fairlock.messages where trade_id = $1 order by number', [
        one.id,
      ])
    ).rows
  const [first] = await rows()
  assert.match(first.text, /^RkwBA/)
  await assert.rejects(
    superuser.query(`update fairlock.messages set text = 'in clear' where id = $1`, [first.id]),
    {
      code: 'FL098',
    },
  )
  const other = await deal(market, one.seller)
  const mine = await say(other, one.seller, 'said elsewhere')
  const {
    rows: [whole],
  } = await superuser.query('select text from fairlock.messages where id = $1', [mine.id])
  await superuser.query('update fairlock.messages set text = $2 where id = $1', [mine.id, first.text])
  const [moved] = await hear(other, one.seller)
  assert.deepEqual([moved.text, moved.unreadable], [null, 'damaged'])
  await superuser.query('update fairlock.messages set text = $2 where id = $1', [mine.id, whole.text])
  assert.deepEqual(texts(await hear(other, one.seller)), ['said elsewhere'])
  assert.equal((await hear(one, one.buyer)).length, 2)
})

test('an erased author’s words are gone, and the chat says so', async () => {
  const one = await deal(market)
  await say(one, one.buyer, 'write to zebulon@example.org')
  await say(one, one.seller, 'I will')
  await one.buyer.post(`/v1/trades/${one.id}/cancellation`, {})
  const { ownerUrl, appUrl } = market.database
  const erased = await erasePerson({
    ownerUrl,
    appUrl,
    userId: one.buyer.id,
    reason: 'asked for it',
    withBalance: true,
    dryRun: false,
  })
  assert.deepEqual(erased.refused, [])
  const [theirs, mine] = await hear(one, one.seller)
  assert.deepEqual([theirs.text, theirs.unreadable, theirs.warnings], [null, 'erased', []])
  assert.deepEqual(theirs.author, { id: one.buyer.id, role: 'buyer' })
  assert.equal(mine.text, 'I will')
})

test('a hundred messages of two people ask for two keys', async () => {
  const one = await deal(market)
  for (let i = 0; i < 20; i++) await say(one, i % 2 ? one.seller : one.buyer, `message ${i}`)
  market.sealer.keys.forget()
  const asked: string[] = []
  const call = market.db.call.bind(market.db)
  market.db.call = (caller, text, values) => {
    asked.push(text)
    return call(caller, text, values)
  }
  try {
    assert.equal((await one.seller.get(`${one.path}?limit=100`)).body.items.length, 20)
  } finally {
    market.db.call = call
  }
  assert.equal(asked.filter((text) => text.includes('fairlock.data_key(')).length, 2)
})

test('while keys are renewed and forgotten every reader finds every word, and writers go on', async () => {
  const one = await deal(market)
  for (let i = 0; i < 12; i++) await say(one, i % 2 ? one.seller : one.buyer, `message ${i}`)
  let isRewrapping = true
  const read = async (who: Person) => {
    for (let rounds = 0; isRewrapping || rounds < 2; rounds++) {
      market.sealer.keys.forget()
      const heard = await hear(one, who)
      assert.deepEqual(
        texts(heard).slice(0, 12),
        Array.from({ length: 12 }, (_, i) => `message ${i}`),
      )
    }
  }
  const write = async () => {
    for (let i = 12; i < 20; i++) await say(one, one.seller, `message ${i}`)
  }
  const renew = async () => {
    for (let i = 0; i < 3; i++) {
      await office.superuser.query(
        `update fairlock.rewrap set requested_at = clock_timestamp(), finished_at = null, max_rate = null`,
      )
      const report = await new Rewrap(market.db, market.sealer, {}).run()
      assert.deepEqual(report.stuck, [])
    }
    isRewrapping = false
  }
  await Promise.all([read(one.seller), read(one.buyer), write(), renew()])
  assert.equal((await hear(one, one.buyer)).length, 20)
})

test('what is read between a renewal and the end of its key is read once more', async () => {
  const one = await deal(market)
  await say(one, one.seller, 'said before')
  const caller = callerFromHeader(`Bearer ${one.buyer.token}`, 'test', '127.0.0.1')
  assert.ok(caller)
  const { openMessages } = await import('../../src/trades/chat/open.ts')
  const page = async () => {
    const text = 'select fairlock.chat_page($1, 0, null, 10) as answer'
    return (await market.db.call<{ items: Parameters<typeof openMessages>[1] }>(caller, text, [one.id])).items
  }
  const stale = await page()
  await office.superuser.query(
    'update fairlock.rewrap set requested_at = clock_timestamp(), finished_at = null, max_rate = null',
  )
  await new Rewrap(market.db, market.sealer, {}).run()
  market.sealer.keys.forget()
  assert.deepEqual(texts(await openMessages(market.sealer, stale, page)), ['said before'])
})
