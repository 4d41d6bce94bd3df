import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { Court, done } from '../disputes/court.ts'
import { download, upload } from '../files/support.ts'
import type { Person } from '../support/market.ts'
import { hear, say } from './support.ts'

// Who is in a chat, for every actor, before, during and after a dispute.

type Trade = Awaited<ReturnType<Court['paid']>>

let court: Court
let staff: Person[]
before(async () => {
  court = await Court.open(1)
  staff = [await court.market.admin()]
  for (const role of ['support', 'compliance']) {
    const person = await court.market.person(role)
    await court.superuser.query('insert into fairlock.staff_roles (user_id, role) values ($1, $2)', [
      person.id,
      role,
    ])
    staff.push(person)
  }
})
after(async () => {
  await court?.close()
})

const pathOf = ({ id }: Trade) => `/v1/trades/${id}/messages`
const dispute = ({ id, seller }: Trade) =>
  done(seller.post(`/v1/trades/${id}/dispute`, { reason: 'payment_not_received' }))
const release = ({ id, seller }: Trade) => done(seller.post(`/v1/trades/${id}/release`))

/** What each call answers: reading, reading on, writing, marking, the desk of staff. */
async function statusesOf(trade: Trade, who: Person): Promise<number[]> {
  const path = pathOf(trade)
  return [
    (await who.get(path)).status,
    (await who.get(`${path}?after=0`)).status,
    (await who.post(path, { text: 'a word' })).status,
    (await who.post(`${path}/read`, { upTo: 1 })).status,
    (await who.get(`/v1/admin/cases/${trade.id}/messages`)).status,
  ]
}

async function lines(action: string, { id }: Trade, actor: Person): Promise<number> {
  const { rows } = await court.superuser.query(
    'select count(*)::int as lines from audit.events where action = $1 and actor_id = $2 and subject_id = $3',
    [action, actor.id, id],
  )
  return rows[0].lines
}

const NOBODY = [404, 404, 404, 404, 404]
const SIDE = [200, 200, 201, 200, 404]

test('before, during and after a dispute everybody may do what their place in it says, and nothing else', async () => {
  const trade = await court.paid()
  await say({ path: pathOf(trade) }, trade.seller, 'the fiat did not come')
  const [arbitrator] = court.arbitrators
  assert.ok(arbitrator)
  const stranger = await court.market.person('stranger')
  const states: [string, () => Promise<unknown>, number[]][] = [
    ['before it', async () => undefined, NOBODY],
    ['while it is arbitrated', () => dispute(trade), [200, 200, 201, 404, 404]],
    ['after its end', () => release(trade), NOBODY],
  ]
  for (const [state, enter, ofArbitrator] of states) {
    await enter()
    for (const side of [trade.seller, trade.buyer])
      assert.deepEqual(await statusesOf(trade, side), SIDE, `a side ${state}`)
    assert.deepEqual(await statusesOf(trade, arbitrator), ofArbitrator, `the arbitrator ${state}`)
    for (const other of [stranger, ...staff])
      assert.deepEqual(await statusesOf(trade, other), NOBODY, `another ${state}`)
  }
})

test('each look of the arbitrator is a line in the log, and so is each word; both sides see who speaks', async () => {
  const trade = await court.disputed()
  const path = pathOf(trade)
  const { seller, buyer, arbitrator } = trade
  for (const text of ['one', 'two', 'three']) await say({ path }, seller, text)
  await hear({ path }, arbitrator, 0, 3)
  const { latest, readBy } = (await arbitrator.get(`${path}?limit=1`)).body
  assert.ok((await lines('secret.opened', trade, arbitrator)) >= 2, 'a line for each page')
  const said = await say({ path }, arbitrator, 'please show the receipt')
  assert.equal(await lines('message.posted', trade, arbitrator), 1)
  for (const side of [seller, buyer]) {
    const [heard] = await hear({ path }, side, latest)
    assert.deepEqual([heard.text, heard.author], [said.text, { id: null, role: 'arbitrator' }])
    assert.ok(!JSON.stringify(await hear({ path }, side)).includes(arbitrator.id), 'and not which one')
    const unread = (await side.get('/v1/me/unread-messages')).body.items
    assert.ok(unread[0].unread >= 1)
  }
  assert.deepEqual((await seller.get(path)).body.readBy, readBy, 'no mark of theirs')
  const { people, data } = await court.row(
    `select people, data from fairlock.outbox where kind = 'message.posted' and trade_id = $1 order by id desc limit 1`,
    [trade.id],
  )
  assert.deepEqual(people.sort(), [seller.id, buyer.id, arbitrator.id].sort(), 'all three hear of it')
  assert.deepEqual([data.author, data.actor], [null, 'arbitrator'])
})

test('files of messages open to the arbitrator with the chat, and close with it', async () => {
  const trade = await court.paid()
  const [arbitrator] = court.arbitrators
  assert.ok(arbitrator)
  const { url } = court.market
  const file = await upload(url, trade.buyer, 'what my bank says', { purpose: 'message', name: 'bank.txt' })
  assert.equal(file.status, 201, JSON.stringify(file.body))
  await done(trade.buyer.post(pathOf(trade), { fileIds: [file.body.id] }))
  const look = async () => (await download(url, arbitrator, `/v1/files/${file.body.id}`)).status
  assert.equal(await look(), 404)
  await dispute(trade)
  assert.equal(await look(), 200)
  await release(trade)
  assert.equal(await look(), 404)
})

test('a message of the arbitrator that meets the end of the case waits for it, and is refused', async () => {
  const trade = await court.disputed()
  const path = pathOf(trade)
  const { latest } = (await trade.seller.get(path)).body
  await court.superuser.query('begin')
  await court.superuser.query('select from crypto_trades where id = $1 for no key update', [trade.id])
  const late = trade.arbitrator.post(path, { text: 'one more word' })
  const isWaiting = `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%fairlock.command%'
    and datname = current_database()`
  const watcher = new pg.Client(court.market.database.superuserUrl)
  await watcher.connect()
  for (let i = 0; (await watcher.query(isWaiting)).rowCount === 0; i++) assert.ok(i < 2000, 'it waits')
  await watcher.end()
  await court.superuser.query(
    `update fairlock.dispute_assignments set ended_at = clock_timestamp(), ended_as = 'recused', ended_by = arbitrator_id
     where dispute_id = $1 and ended_at is null`,
    [trade.disputeId],
  )
  await court.superuser.query('commit')
  assert.equal((await late).status, 404)
  assert.equal((await trade.seller.get(path)).body.latest, latest)
})
