import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Office, openOffice } from '../access/staff.ts'
import { download, upload } from '../files/support.ts'
import { type Market, type Person, startMarket } from '../support/market.ts'
import { hear, say } from './support.ts'

// Who is in a chat, for every actor and every state of a dispute. Who arbitrates is src/disputes' to say: here it is said
// by hand, with a function of the same name and shape.

let market: Market
let office: Office
let path: string
before(async () => {
  market = await startMarket({ connections: 20 })
  office = await openOffice(market)
  path = `/v1/trades/${office.tradeId}/messages`
  await office.superuser.query(`create table public.scratch_assignments (trade_id uuid, arbitrator_id uuid);
    create or replace function fairlock.arbitrates(p_trade uuid) returns boolean
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
    as $$ begin return exists (select from public.scratch_assignments
      where trade_id = p_trade and arbitrator_id = fairlock.acting_user()); end $$;
    alter function fairlock.arbitrates(uuid) owner to fairlock_engine;
    grant select on public.scratch_assignments to fairlock_engine`)
  await say({ path }, office.seller, 'the fiat did not come')
})
after(async () => {
  await office?.superuser.end()
  await market?.stop()
})

const assign = () =>
  office.superuser.query('insert into public.scratch_assignments values ($1, $2)', [
    office.tradeId,
    office.arbitrator.id,
  ])
const end = () => office.superuser.query('delete from public.scratch_assignments')

/** What each call answers: reading, reading on, writing, marking, the desk of staff. */
async function statusesOf(who: Person): Promise<number[]> {
  return [
    (await who.get(path)).status,
    (await who.get(`${path}?after=0`)).status,
    (await who.post(path, { text: 'a word' })).status,
    (await who.post(`${path}/read`, { upTo: 1 })).status,
    (await who.get(`/v1/admin/cases/${office.tradeId}/messages`)).status,
  ]
}

async function lines(action: string): Promise<number> {
  const { rows } = await office.superuser.query(
    'select count(*)::int as lines from audit.events where action = $1 and actor_id = $2 and subject_id = $3',
    [action, office.arbitrator.id, office.tradeId],
  )
  return rows[0].lines
}

const NOBODY = [404, 404, 404, 404, 404]
const SIDE = [200, 200, 201, 200, 404]

test('in every state of a dispute everybody may do what their place in it says, and nothing else', async () => {
  const { seller, buyer, arbitrator, support, compliance, admin } = office
  const stranger = await market.person('stranger')
  const states: [string, () => Promise<unknown>, number[]][] = [
    ['without an arbitrator', end, NOBODY],
    ['while it is arbitrated', assign, [200, 200, 201, 404, 404]],
    ['after its end', end, NOBODY],
  ]
  for (const [state, enter, ofArbitrator] of states) {
    await enter()
    for (const side of [seller, buyer]) assert.deepEqual(await statusesOf(side), SIDE, `a side ${state}`)
    assert.deepEqual(await statusesOf(arbitrator), ofArbitrator, `the arbitrator ${state}`)
    for (const other of [stranger, support, compliance, admin])
      assert.deepEqual(await statusesOf(other), NOBODY, `another ${state}`)
  }
})

test('each look of the arbitrator is a line in the log, and so is each word; both sides see who speaks', async () => {
  const { seller, buyer, arbitrator } = office
  await assign()
  const [looks, words] = [await lines('secret.opened'), await lines('message.posted')]
  await hear({ path }, arbitrator, 0, 3)
  const { latest, readBy } = (await arbitrator.get(`${path}?limit=1`)).body
  assert.ok((await lines('secret.opened')) > looks + 2, 'a line for each page')
  const said = await say({ path }, arbitrator, 'please show the receipt')
  assert.equal(await lines('message.posted'), words + 1)
  for (const side of [seller, buyer]) {
    const [heard] = await hear({ path }, side, latest)
    assert.deepEqual([heard.text, heard.author], [said.text, { id: arbitrator.id, role: 'arbitrator' }])
    const unread = (await side.get('/v1/me/unread-messages')).body.items
    assert.ok(unread[0].unread >= 1)
  }
  assert.deepEqual((await seller.get(path)).body.readBy, readBy, 'no mark of theirs')
  await end()
})

test('files of messages open to the arbitrator with the chat, and close with it', async () => {
  const { buyer, arbitrator } = office
  const file = await upload(market.url, buyer, 'what my bank says', { purpose: 'message', name: 'bank.txt' })
  assert.equal(file.status, 201, JSON.stringify(file.body))
  assert.equal((await buyer.post(path, { fileIds: [file.body.id] })).status, 201)
  const look = async () => (await download(market.url, arbitrator, `/v1/files/${file.body.id}`)).status
  assert.equal(await look(), 404)
  await assign()
  assert.equal(await look(), 200)
  await end()
  assert.equal(await look(), 404)
})

test('a message of the arbitrator that meets the end of the dispute waits for it, and is refused', async () => {
  const { superuser, arbitrator, tradeId, seller } = office
  await assign()
  await superuser.query('begin')
  await superuser.query('select from crypto_trades where id = $1 for no key update', [tradeId])
  const latest = (await seller.get(path)).body.latest
  const late = arbitrator.post(path, { text: 'one more word' })
  const isWaiting = `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%fairlock.command%'
    and datname = current_database()`
  const { default: pg } = await import('pg')
  const watcher = new pg.Client(market.database.superuserUrl)
  await watcher.connect()
  for (let i = 0; (await watcher.query(isWaiting)).rowCount === 0; i++) assert.ok(i < 2000, 'it waits')
  await watcher.end()
  await superuser.query('delete from public.scratch_assignments')
  await superuser.query('commit')
  assert.equal((await late).status, 404)
  assert.equal((await seller.get(path)).body.latest, latest)
})
