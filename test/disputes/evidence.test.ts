import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { download, picture, sha256, upload } from '../files/support.ts'
import type { Person } from '../support/market.ts'
import { Court, done, refusal } from './court.ts'

// Evidence: put before the others for good, seen by who is in the dispute and by nobody else, each look on the record.

let court: Court
before(async () => {
  court = await Court.open(2)
})
after(() => court?.close())

const sent = (person: Person, content: Buffer | string, name = 'receipt.txt') =>
  done(upload(court.market.url, person, content, { name }))
const add = async (person: Person, dispute: string, content: Buffer | string, note?: string) => {
  const { id: fileId } = await sent(person, content)
  return person.post(`/v1/disputes/${dispute}/evidence`, { fileId, ...(note === undefined ? {} : { note }) })
}

test('each side and the arbitrator put files before the others, who all see them; strangers see nothing', async () => {
  const { disputeId, id: tradeId, seller, buyer, arbitrator } = await court.disputed()
  const path = `/v1/disputes/${disputeId}/evidence`
  const photo = await picture(800, 600).png().toBuffer()
  const file = await sent(buyer, photo, 'Überweisung.png')
  const added = await done(buyer.post(path, { fileId: file.id, note: 'The transfer, with its number' }))
  assert.deepEqual(
    [added.actor, added.addedBy, added.note, added.file],
    ['buyer', buyer.id, 'The transfer, with its number', file],
  )
  assert.equal((await add(seller, disputeId, 'My statement of the month: nothing came.')).status, 201)
  assert.equal((await add(arbitrator, disputeId, 'What the bank says', 'asked on the telephone')).status, 201)

  for (const who of [seller, buyer, arbitrator]) {
    const { items } = await done(who.get(path))
    const isArbitrator = who === arbitrator
    assert.deepEqual(
      items.map((one: { actor: string; addedBy: string | null; note: string | null }) => [
        one.actor,
        one.addedBy,
        one.note,
      ]),
      [
        ['buyer', buyer.id, 'The transfer, with its number'],
        ['seller', seller.id, null],
        ['arbitrator', isArbitrator ? arbitrator.id : null, 'asked on the telephone'],
      ],
    )
    assert.equal(items[0].file.sha256, sha256(photo))
    for (const { file: one } of items) {
      const seen = await download(court.market.url, who, `/v1/files/${one.id}`)
      assert.deepEqual([seen.status, sha256(seen.bytes)], [200, one.sha256])
    }
    assert.equal((await download(court.market.url, who, `/v1/files/${file.id}/thumbnail`)).status, 200)
  }
  const [stranger, idle, admin] = [
    await court.market.person('stranger'),
    court.arbitrators.find((one) => one !== arbitrator)!,
    await court.market.admin(),
  ]
  for (const who of [stranger, idle, admin])
    for (const place of [
      path,
      `${path}/${added.id}/views`,
      `/v1/files/${file.id}`,
      `/v1/files/${file.id}/thumbnail`,
    ])
      assert.deepEqual(refusal(await who.get(place)), [404, 'not_found'], place)
  assert.deepEqual(refusal(await add(stranger, disputeId, 'I was there')), [404, 'not_found'])

  // What the dispute itself lists, and the news.
  const { evidence } = await court.row('select evidence from crypto_disputes where id = $1', [disputeId])
  assert.deepEqual(
    evidence.map((one: { actor: string; by: string | null; sha256: string; id: string }) => [
      one.actor,
      one.by,
    ]),
    [
      ['buyer', buyer.id],
      ['seller', seller.id],
      ['arbitrator', null],
    ],
  )
  assert.deepEqual([evidence[0].id, evidence[0].sha256], [added.id, file.sha256])
  const news = await court.row(
    `select people, data from fairlock.outbox where kind = 'dispute.evidence_added' and trade_id = $1 order by id limit 1`,
    [tradeId],
  )
  assert.deepEqual(news.people.sort(), [seller.id, buyer.id, arbitrator.id].sort())
  assert.deepEqual(news.data, { disputeId, evidenceId: added.id, actor: 'buyer' })
  const seenByBuyer = JSON.stringify((await buyer.get(`/v1/disputes/${disputeId}`)).body)
  assert.ok(seenByBuyer.includes(added.id) && !seenByBuyer.includes(arbitrator.id))
})

test('who looked is shown to both sides and the arbitrator, page by page', async () => {
  const { disputeId, seller, buyer, arbitrator } = await court.disputed()
  const { body: added } = await add(buyer, disputeId, 'a receipt')
  const path = `/v1/disputes/${disputeId}/evidence/${added.id}/views`
  for (const who of [seller, arbitrator, buyer]) await who.get(`/v1/files/${added.file.id}`)
  const seen = (who: Person) =>
    done(who.get(path)).then(({ items }) =>
      items.map((one: { actor: string; what: string; viewerId: string | null }) => [
        one.actor,
        one.what,
        one.viewerId,
      ]),
    )
  const sides = [
    ['buyer', 'original', buyer.id],
    ['arbitrator', 'original', null],
    ['seller', 'original', seller.id],
  ]
  assert.deepEqual(await seen(seller), sides)
  assert.deepEqual(await seen(buyer), sides)
  assert.equal((await seen(arbitrator))[1]?.[2], arbitrator.id)
  const first = await done(seller.get(`${path}?limit=2`))
  const rest = await done(seller.get(`${path}?limit=2&cursor=${first.nextCursor}`))
  assert.deepEqual([first.items.length, rest.items.length, rest.nextCursor], [2, 1, null])
  const other = await court.disputed()
  const elsewhere = await other.buyer.get(`/v1/disputes/${other.disputeId}/evidence/${added.id}/views`)
  assert.equal(elsewhere.status, 404, 'of another dispute')
  const log = await court.row(
    `select count(*)::int as looks from audit.events where action = 'secret.opened' and subject_id = $1`,
    [added.file.id],
  )
  assert.equal(log.looks, 3)
})

test('a file is evidence once, of its own person, for this purpose, and is never changed or taken back', async () => {
  const { disputeId, seller, buyer } = await court.disputed()
  const path = `/v1/disputes/${disputeId}/evidence`
  const mine = await sent(buyer, 'mine')
  const picked = await done(upload(court.market.url, buyer, 'for the chat', { purpose: 'message' }))
  for (const [who, fileId] of [
    [seller, mine.id],
    [buyer, picked.id],
    [buyer, disputeId],
  ] as const) {
    const answer = await who.post(path, { fileId })
    assert.deepEqual([...refusal(answer), answer.body.errors[0].field], [422, 'unknown_file', 'fileId'])
  }
  const { id } = await done(buyer.post(path, { fileId: mine.id }))
  assert.deepEqual(refusal(await buyer.post(path, { fileId: mine.id })), [422, 'unknown_file'])
  for (const sql of [
    'delete from fairlock.evidence where id = $1',
    'update fairlock.evidence set added_at = now() where id = $1',
    'update fairlock.evidence set file_id = id where id = $1',
  ])
    await assert.rejects(court.row(sql, [id]), { code: 'FL090' }, sql)
  await assert.rejects(court.row('delete from fairlock.files where id = $1', [mine.id]), { code: 'FL090' })
})

test('a dispute has no more files than it may, however many arrive at once, and none after its end', async () => {
  const { disputeId, seller, buyer, arbitrator, id: tradeId } = await court.disputed()
  await court.row('update fairlock.settings set evidence_per_dispute = 4')
  const files: [Person, string][] = []
  for (const who of [seller, buyer, arbitrator])
    for (let i = 0; i < 3; i++) files.push([who, (await sent(who, `text ${i}`)).id])
  const answers = await Promise.all(
    files.map(([who, fileId]) => who.post(`/v1/disputes/${disputeId}/evidence`, { fileId })),
  )
  const refused = answers.filter(({ status }) => status !== 201)
  assert.equal(refused.length, 5)
  assert.ok(refused.every(({ status, body }) => status === 409 && body.code === 'too_much_evidence'))
  const kept = await court.row(
    `select (select count(*)::int from fairlock.evidence where dispute_id = d.id) as rows, jsonb_array_length(evidence) as listed,
       (select count(*)::int from fairlock.files where subject_id = d.id) as attached from crypto_disputes d where id = $1`,
    [disputeId],
  )
  assert.deepEqual(kept, { rows: 4, listed: 4, attached: 4 })
  for (const part of ['seller', 'buyer']) {
    const { count } = await court.row(
      'select count(*)::int from fairlock.evidence where dispute_id = $1 and added_part = $2',
      [disputeId, part],
    )
    assert.ok(count <= 2, 'one side has filled the places of the other')
  }
  await court.row('update fairlock.settings set evidence_per_dispute = 20')

  await done(seller.post(`/v1/trades/${tradeId}/release`))
  assert.deepEqual(refusal(await add(buyer, disputeId, 'too late')), [409, 'dispute_over'])
  const { items } = await done(buyer.get(`/v1/disputes/${disputeId}/evidence`))
  assert.equal(items.length, 4)
  assert.equal((await buyer.get(`/v1/files/${items[0].file.id}`)).status, 200, 'the sides keep seeing it')
  assert.equal((await arbitrator.get(`/v1/disputes/${disputeId}/evidence`)).status, 404, 'the arbitrator not')
})
