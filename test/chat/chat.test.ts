import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { download, picture, upload } from '../files/support.ts'
import { type Answer, type Market, type Person, startMarket } from '../support/market.ts'
import { type Deal, deal, hear, say, tell } from './support.ts'

// A trade told by its two sides, and what its chat keeps of it.

let market: Market
let superuser: pg.Client
let trade: Deal
before(async () => {
  market = await startMarket({ connections: 20 })
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
  trade = await deal(market)
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

const numbers = (items: { number: number }[]) => items.map((one) => one.number)
const code = (answer: { status: number; body: { code?: string } }) => [answer.status, answer.body.code]

test('both sides write, read and see what the other has read; a stranger finds nothing', async () => {
  const { seller, buyer, path } = trade
  const first = await say(trade, buyer, 'Hello, which reference shall I use?')
  assert.deepEqual(
    [first.number, first.kind, first.author, first.text, first.warnings],
    [1, 'text', { id: buyer.id, role: 'buyer' }, 'Hello, which reference shall I use?', []],
  )
  await say(trade, seller, 'None, please.')
  const page = (await seller.get(path)).body
  assert.deepEqual(numbers(page.items), [2, 1], 'newest first')
  assert.deepEqual([page.latest, page.readBy, page.mayWrite], [2, { seller: 0, buyer: 0 }, true])
  assert.deepEqual(page.items[1], first)

  assert.deepEqual((await seller.get('/v1/me/unread-messages')).body.items, [
    { tradeId: trade.id, unread: 1, latest: 2 },
  ])
  const marks = [5, 1, 2].map((upTo) => () => seller.post(`${path}/read`, { upTo }))
  for (const mark of marks) assert.deepEqual((await mark()).body, { upTo: 2 }, 'never beyond, never back')
  assert.deepEqual((await buyer.get(path)).body.readBy, { seller: 2, buyer: 0 })
  assert.deepEqual((await seller.get('/v1/me/unread-messages')).body.items, [])

  const stranger = await market.person('stranger')
  for (const answer of [
    await stranger.get(path),
    await stranger.post(path, { text: 'let me in' }),
    await stranger.post(`${path}/read`, { upTo: 1 }),
    await (await market.admin()).get(path),
    await (await market.admin()).get(`/v1/admin/cases/${trade.id}/messages`),
  ])
    assert.deepEqual(code(answer), [404, 'not_found'])
  assert.deepEqual((await stranger.get('/v1/me/unread-messages')).body, { items: [], nextCursor: null })
})

test('each move is told in the chat once, in order, in words and facts', async () => {
  const one = await deal(market)
  await tell(superuser)
  await say(one, one.buyer, 'I am paying now.')
  await one.buyer.post(`/v1/trades/${one.id}/payment`)
  await tell(superuser)
  const facts = { reason: 'no_payment', openedBy: 'seller', answerDueAt: '2026-11-24T10:00:00.000Z' }
  const { rows: news } = await superuser.query(
    `insert into fairlock.outbox (kind, people, trade_id, data) values
       ('dispute.noted', array[$2::uuid], $1, '{}'),
       ('dispute.opened', array[$2::uuid, $3::uuid], $1, $4)
     returning *`,
    [one.id, one.seller.id, one.buyer.id, { ...facts, words: 'somebody’s own words', list: [] }],
  )
  // Told twice, as after a crash between telling and forgetting.
  await superuser.query('select fairlock.tell_chat(o) from fairlock.outbox o where id = $1', [news[1].id])
  await tell(superuser)
  await one.seller.post(`/v1/trades/${one.id}/release`)
  await tell(superuser)
  const heard = await hear(one, one.seller)
  assert.deepEqual(
    heard.map(({ number, kind, code: what, text }) => [number, kind, what, text]),
    [
      [1, 'system', 'trade.taken', 'The trade began. The coins are held in escrow.'],
      [2, 'text', null, 'I am paying now.'],
      [3, 'system', 'trade.paid', 'The buyer marked the fiat as sent.'],
      [
        4,
        'system',
        'dispute.opened',
        'The seller opened a dispute. The other side should answer until 2026-11-24T10:00:00.000Z.',
      ],
      [5, 'system', 'trade.completed', 'The seller released the coins. The trade is completed.'],
    ],
  )
  assert.deepEqual(heard[3].data, facts, 'codes and no words')
  assert.deepEqual([heard[2].author, heard[2].warnings, heard[2].unreadable], [null, [], null])
  const { rows } = await superuser.query(
    `select c.id = t.chat_channel_id as same from crypto_trades t join fairlock.chat_channels c on c.trade_id = t.id
     where t.id = $1`,
    [one.id],
  )
  assert.deepEqual(rows, [{ same: true }])
  assert.deepEqual((await one.seller.get('/v1/me/unread-messages')).body.items, [
    { tradeId: one.id, unread: 1, latest: 5 },
  ])
})

test('a trade from before the chat gets its channel with its first message; after that it stays', async () => {
  const one = await deal(market)
  await superuser.query('set session_replication_role = replica')
  await superuser.query('update crypto_trades set chat_channel_id = null where id = $1', [one.id])
  await superuser.query('set session_replication_role = origin')
  const both = [one.seller, one.buyer].map((who) => say(one, who, 'at once'))
  assert.deepEqual((await Promise.all(both)).map((said) => said.number).sort(), [1, 2])
  const { rows } = await superuser.query(
    'select chat_channel_id from crypto_trades join fairlock.chat_channels c on c.id = chat_channel_id where trade_id = $1',
    [one.id],
  )
  assert.equal(rows.length, 1)
  for (const change of [
    'update crypto_trades set chat_channel_id = gen_random_uuid()',
    'update crypto_trades set chat_channel_id = null',
    'update fairlock.chat_channels set last_number = last_number - 1',
    'update fairlock.chat_channels set seller_id = buyer_id',
  ])
    await assert.rejects(superuser.query(`${change} where true`), { code: 'FL094' })
  await assert.rejects(superuser.query('delete from fairlock.messages'), { code: 'FL090' })
})

test('64 at once get the numbers without a gap, and no reader with after= misses one', async () => {
  const [one, other] = [await deal(market), await deal(market)]
  const heard = new Map<Person, number[]>([
    [one.seller, []],
    [one.buyer, []],
  ])
  let isWriting = true
  const read = async (who: Person, mine: number[]) => {
    for (let isLast = false; !isLast; ) {
      isLast = !isWriting
      const limit = 1 + (mine.length % 7)
      mine.push(
        ...numbers((await who.get(`${one.path}?after=${mine.at(-1) ?? 0}&limit=${limit}`)).body.items),
      )
      if (isLast && mine.length < 64) isLast = false
      assert.ok(mine.length <= 64)
    }
  }
  // The limit of 30 a minute is each person's: the rest is written past it.
  const readers = [...heard].map(([who, mine]) => read(who, mine))
  const writers = Array.from({ length: 64 }, (_, i) => postPastLimit(one, i % 2 ? one.seller : one.buyer, i))
  const written = await Promise.all(writers)
  isWriting = false
  await Promise.all([...readers, say(other, other.buyer, 'meanwhile, elsewhere')])
  const dense = Array.from({ length: 64 }, (_, i) => i + 1)
  assert.deepEqual(
    [...written].sort((a, b) => a - b),
    dense,
  )
  for (const mine of heard.values()) assert.deepEqual(mine, dense, 'in order, none missed, none twice')
  for (const limit of [1, 5, 64]) {
    assert.deepEqual(numbers(await hear(one, one.seller, 0, limit)), dense)
    assert.deepEqual(numbers(await backwards(one, limit)), [...dense].reverse())
  }
})

test('a chat takes 2,000 messages of people, exactly, whoever comes at once', async () => {
  const one = await deal(market)
  await say(one, one.buyer, 'the first')
  await superuser.query(
    'update fairlock.chat_channels set posted = 1998, last_number = 1998 where trade_id = $1',
    [one.id],
  )
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      (i % 2 ? one.seller : one.buyer).post(one.path, { text: `last ${i}` }),
    ),
  )
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 201, 409, 409, 409, 409, 409, 409])
  assert.ok(answers.every(({ status, body }) => status === 201 || body.code === 'too_many_messages'))
  await one.buyer.post(`/v1/trades/${one.id}/payment`)
  await tell(superuser)
  assert.equal((await one.seller.get(one.path)).body.items[0].code, 'trade.paid', 'the platform always can')
})

test('thirty messages a minute, for each person in each trade', async () => {
  const [one, two] = [await deal(market), await deal(market)]
  const answers = await Promise.all(
    Array.from({ length: 33 }, (_, i) => one.buyer.post(one.path, { text: `quickly ${i}` })),
  )
  assert.equal(answers.filter(({ status }) => status === 201).length, 30)
  const over = answers.find(({ status }) => status === 429)
  assert.equal(over?.body.code, 'too_many_requests')
  assert.ok(Number(over?.headers.get('retry-after')) <= 60)
  await say(one, one.seller, 'the other side still can')
  await say(two, two.buyer, 'and who is in another trade')
})

test('what is written is kept as it can be seen: clean, whole, up to 4,000 characters', async () => {
  const { buyer, path } = trade
  const kept = await say(trade, buyer, '  one\r\ntwo\u202e\u200b three\u2066 👩‍👩‍👧 کتاب‌ها \u2069\n')
  assert.equal(kept.text, 'one\ntwo three 👩‍👩‍👧 کتاب‌ها')
  assert.equal((await say(trade, buyer, '😀'.repeat(4000))).text.length, 8000)
  const bad = ['', ' \n ', '\u200b\u202e', 'a\u0000b', 'a\u001bb', 'a\ud800', '\udc00a', 'x'.repeat(4001)]
  for (const text of bad) {
    const answer = await buyer.post(path, { text })
    assert.deepEqual([code(answer), answer.body.errors[0].field], [[400, 'invalid_request'], 'text'], text)
  }
  const warned = await say(trade, buyer, 'Write me at marta@example.org')
  assert.deepEqual(warned.warnings, [{ code: 'email', from: 12, to: 29 }])
  assert.deepEqual((await trade.seller.get(path)).body.items[0].warnings, warned.warnings)
})

test('the same key says the same once; with other words it is refused, and its hash tells no words', async () => {
  const one = await deal(market)
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => one.buyer.post(one.path, { text: 'once only' }, 'a key')),
  )
  for (const answer of answers) assert.deepEqual([answer.status, answer.body], [201, answers[0]?.body])
  assert.equal((await hear(one, one.seller)).length, 1)
  const other = await one.buyer.post(one.path, { text: 'other words' }, 'a key')
  assert.deepEqual(code(other), [422, 'idempotency_key_reused'])
  const { rows } = await superuser.query(
    `select count(distinct fingerprint)::int as hashes from fairlock.idempotency_keys where operation = 'post_message'`,
  )
  assert.deepEqual(rows, [{ hashes: 1 }])
})

test('files go with a message: uploaded for it, once, for the two sides to look at', async () => {
  const one = await deal(market)
  const sent = await picture(8, 6).png().toBuffer()
  const give = async (who: Person, purpose = 'message') =>
    (await upload(market.url, who, sent, { purpose, name: 'receipt.png' })).body.id as string
  const mine = [await give(one.buyer), await give(one.buyer)]
  const [theirs, evidence] = [await give(one.seller), await give(one.buyer, 'evidence')]
  for (const wrong of [theirs, evidence, one.id]) {
    const refused = await one.buyer.post(one.path, { text: 'look', fileIds: [...mine, wrong] })
    assert.deepEqual([code(refused), refused.body.errors[0].field], [[422, 'unknown_file'], 'fileIds'])
  }
  const body = { fileIds: mine.toReversed() }
  const both = await Promise.all([
    one.buyer.post(one.path, body, 'files'),
    one.buyer.post(one.path, body, 'files'),
  ])
  for (const { status, body: said } of both)
    assert.deepEqual(
      [status, said.text, said.files.map((file: { id: string }) => file.id)],
      [201, null, body.fileIds],
    )
  assert.equal(both[0]!.body.files[0].name, 'receipt.png')
  assert.deepEqual(code(await one.buyer.post(one.path, { fileIds: [mine[0]] })), [422, 'unknown_file'])
  assert.deepEqual(code(await one.buyer.post(one.path, {})), [400, 'invalid_request'])
  const six = Array.from({ length: 6 }, (_, i) => one.id.slice(0, -1) + i)
  assert.equal((await one.buyer.post(one.path, { fileIds: six })).status, 400)

  const [heard] = await hear(one, one.seller)
  assert.deepEqual(heard, both[0]!.body)
  const path = `/v1/files/${mine[0]}`
  assert.deepEqual((await download(market.url, one.seller, path)).bytes, sent)
  assert.equal((await download(market.url, one.seller, `${path}/thumbnail`)).status, 200)
  for (const who of [await market.person('stranger'), await market.admin()])
    assert.equal((await download(market.url, who, path)).status, 404)
  assert.equal((await download(market.url, one.buyer, `/v1/files/${theirs}`)).status, 404, 'not sent yet')
})

test('after the end both read for good and write for some days; who is banned writes in live trades only', async () => {
  const one = await deal(market)
  const admin = await market.admin()
  const until = '2999-01-01T00:00:00Z'
  await admin.put(`/v1/admin/users/${one.buyer.id}/ban`, { until, reason: 'a test of bans' })
  await say(one, one.buyer, 'banned, and still in this trade')
  await one.buyer.post(`/v1/trades/${one.id}/cancellation`, {})
  assert.deepEqual(code(await one.buyer.post(one.path, { text: 'after the end' })), [403, 'banned'])
  await say(one, one.seller, 'after the end')
  await superuser.query('set session_replication_role = replica')
  await superuser.query(`update crypto_trades set cancelled_at = now() - interval '15 days' where id = $1`, [
    one.id,
  ])
  await superuser.query('set session_replication_role = origin')
  const late = await one.seller.post(one.path, { text: 'too late' })
  assert.deepEqual([...code(late), typeof late.body.closedAt], [409, 'chat_closed', 'string'])
  const page = (await one.seller.get(one.path)).body
  assert.deepEqual([page.mayWrite, page.items.length], [false, 2])
  assert.equal((await one.seller.post(`${one.path}/read`, { upTo: 2 })).status, 200)
})

test('keys: reading needs read, writing and marking need trade', async () => {
  const one = await deal(market)
  const ask = async (scopes: string[]) => {
    const made = await one.seller.post('/v1/api-keys', { name: scopes.join(), scopes })
    const key = Object.create(one.seller) as Person
    const headers = {
      authorization: `Bearer ${made.body.key ?? made.body.token}`,
      'content-type': 'application/json',
    }
    Object.assign(key, { headers: () => headers })
    const send = async (method: string, path: string, body?: object) =>
      (
        await fetch(market.url + path, {
          method,
          headers: body === undefined ? { authorization: headers.authorization } : headers,
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
      ).status
    return [
      await send('GET', one.path),
      await send('POST', one.path, { text: 'by a program' }),
      await send('POST', `${one.path}/read`, { upTo: 1 }),
      await send('GET', '/v1/me/unread-messages'),
    ]
  }
  assert.deepEqual(await ask(['read']), [200, 403, 403, 200])
  assert.deepEqual(await ask(['trade']), [200, 201, 200, 200])
})

test('the news of a message tells no words', async () => {
  await superuser.query('delete from fairlock.outbox')
  const said = await say(trade, trade.seller, 'words that are nobody else’s')
  await trade.buyer.post(`${trade.path}/read`, { upTo: said.number })
  const { rows } = await superuser.query(
    'select kind, people, trade_id, data from fairlock.outbox order by id',
  )
  const people = [trade.seller.id, trade.buyer.id]
  assert.deepEqual(rows, [
    {
      kind: 'message.posted',
      people,
      trade_id: trade.id,
      data: { messageId: said.id, number: said.number, author: trade.seller.id, actor: 'seller' },
    },
    {
      kind: 'message.read',
      people,
      trade_id: trade.id,
      data: { upTo: said.number, reader: trade.buyer.id, actor: 'buyer' },
    },
  ])
})

/** As the API writes it, by the command and not by the route. */
async function postPastLimit({ id }: Deal, who: Person, i: number): Promise<number> {
  const { newId } = await import('../../src/platform/index.ts')
  const { callerFromHeader } = await import('../../src/identity/index.ts')
  const caller = callerFromHeader(`Bearer ${who.token}`, 'test', '127.0.0.1')
  assert.ok(caller)
  const messageId = newId()
  const place = { table: 'fairlock.messages', column: 'text', row: messageId }
  const text = await market.sealer.seal(who.id, place, Buffer.from(`message ${i}`))
  const args = { tradeId: id, messageId, text, warnings: [] }
  return (await market.db.command<{ number: number }>(caller, 'post_message', args, null)).number
}

async function backwards({ path, seller }: Deal, limit: number) {
  const items: { number: number }[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Answer['body'] = (await seller.get(`${path}?limit=${limit}${cursor && `&cursor=${cursor}`}`))
      .body
    items.push(...page.items)
    cursor = page.nextCursor
  }
  return items
}

test('what one person sends in a trade is bounded, for it is kept for ever', async () => {
  const one = await deal(market)
  const sent = await picture(8, 6).png().toBuffer()
  const give = async (who: Person) =>
    (await upload(market.url, who, sent, { purpose: 'message', name: 'a.png' })).body.id as string
  const send = async (who: Person) => who.post(one.path, { fileIds: [await give(who)] })
  assert.equal((await send(one.buyer)).status, 201)
  // As if it had been ten of the largest, but for a few bytes.
  await superuser.query(`alter table fairlock.files disable trigger guarded`)
  await superuser.query(
    `update fairlock.files set bytes = 10 * 1048576 * (select file_megabytes from fairlock.settings) - 10
     where owner_id = $1`,
    [one.buyer.id],
  )
  await superuser.query(`alter table fairlock.files enable trigger guarded`)
  assert.deepEqual(code(await send(one.buyer)), [409, 'too_many_files_sent'])
  assert.equal((await one.buyer.post(one.path, { text: 'words still go' })).status, 201)
  assert.equal((await send(one.seller)).status, 201)
})
