import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Market, offerBody, type Person, startMarket } from '../support/market.ts'
import { Square } from './support.ts'

let market: Market
let square: Square
let maker: Person
let taker: Person
before(async () => {
  market = await startMarket()
  square = await Square.open(market)
  const [one, two] = await Promise.all(['maker', 'taker'].map(market.person))
  maker = one!
  taker = two!
  await market.credit(maker, 'BTC', '5')
})
after(async () => {
  await square?.close()
  await market?.stop()
})

const TAKE = { amount: '0.01', paymentMethodType: 'sepa' }
const MARKET = '/v1/offers?pair=BTC/EUR'
const makersOf = async (who: Person) =>
  (await who.get(MARKET)).body.items.map((one: { maker: { id: string } }) => one.maker.id)

test('two of whom one has blocked the other do not meet, and neither is told who it was', async () => {
  const offer = await maker.post('/v1/offers', offerBody())
  const back = await taker.post('/v1/offers', offerBody({ side: 'buy' }))
  const other = await market.person('other')
  const answers = []
  for (const [blocker, blocked] of [
    [maker, taker],
    [taker, maker],
  ] as const) {
    assert.equal((await blocker.put(`/v1/me/blocks/${blocked.id}`, undefined)).status, 204)
    const { body } = await blocker.get('/v1/me/blocks')
    assert.deepEqual(
      body.items.map((one: { person: { id: string } }) => one.person.id),
      [blocked.id],
    )
    assert.deepEqual((await blocked.get('/v1/me/blocks')).body.items, [])
    for (const [who, path] of [
      [taker, `/v1/offers/${offer.body.id}/trades`],
      [maker, `/v1/offers/${back.body.id}/trades`],
    ] as const) {
      const { status, body: refused } = await who.post(path, TAKE)
      answers.push(`${status} ${refused.code} ${refused.title}`)
    }
    assert.ok(!(await makersOf(taker)).includes(maker.id) && !(await makersOf(maker)).includes(taker.id))
    assert.ok((await makersOf(other)).includes(maker.id))
    assert.equal((await blocker.delete(`/v1/me/blocks/${blocked.id}`)).status, 204)
    assert.equal((await blocker.delete(`/v1/me/blocks/${blocked.id}`)).status, 404)
  }
  assert.equal(new Set(answers).size, 1, answers.join('\n'))
  assert.match(answers[0]!, /^403 offer_not_for_you/)
  assert.equal((await taker.post(`/v1/offers/${offer.body.id}/trades`, TAKE)).status, 201)
  for (const one of [offer, back]) await (one === offer ? maker : taker).delete(`/v1/offers/${one.body.id}`)
})

test('an offer for trusted people is taken by them alone; trust and block are one choice', async () => {
  const offer = await maker.post('/v1/offers', offerBody({ requirements: { trustedOnly: true } }))
  assert.equal(offer.body.requirements.trustedOnly, true)
  const path = `/v1/offers/${offer.body.id}/trades`
  await taker.put(`/v1/me/trusted/${maker.id}`, undefined)
  const refused = await taker.post(path, TAKE)
  assert.deepEqual([refused.body.code, refused.body.requirement], ['requirements_not_met', 'trustedOnly'])
  await maker.put(`/v1/me/trusted/${taker.id}`, undefined)
  assert.equal((await taker.post(path, TAKE)).status, 201)
  await maker.put(`/v1/me/blocks/${taker.id}`, undefined)
  assert.deepEqual((await maker.get('/v1/me/trusted')).body.items, [])
  await maker.put(`/v1/me/trusted/${taker.id}`, undefined)
  assert.deepEqual((await maker.get('/v1/me/blocks')).body.items, [])
  const open = await maker.patch(`/v1/offers/${offer.body.id}`, { requirements: { trustedOnly: false } })
  assert.equal(open.body.requirements.trustedOnly, false)
  assert.equal((await taker.put(`/v1/me/trusted/${taker.id}`, undefined)).body.code, 'not_yourself')
})

test('a list holds a thousand people, also when two are added at once', async () => {
  const owner = await market.person('owner')
  await square.superuser.query(
    `with made as (
       insert into public.users (id, email) select gen_random_uuid(), 'crowd' || n || '@example.org'
       from generate_series(1, 1001) n returning id
     ), profile as (
       insert into public.crypto_profiles (user_id, display_name) select id, id::text from made
     )
     select count(*) from made`,
  )
  const { rows } = await square.superuser.query<{ id: string }>(
    `select user_id as id from public.crypto_profiles where display_name = user_id::text order by 1`,
  )
  await square.superuser.query(
    `insert into fairlock.marked_people (owner_id, person_id, mark) select $1, id, 'blocked' from unnest($2::uuid[]) id`,
    [owner.id, rows.slice(0, 999).map(({ id }) => id)],
  )
  const last = rows.slice(999).map(({ id }) => owner.put(`/v1/me/blocks/${id}`, undefined))
  const codes = (await Promise.all(last)).map(({ status, body }) => body.code ?? status)
  assert.deepEqual(codes.sort(), [204, 'list_full'])
  const seen = new Set<string>()
  for (let cursor: string | null = ''; cursor !== null; ) {
    const path: string = `/v1/me/blocks?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`
    const { body } = await owner.get(path)
    for (const { person } of body.items) seen.add(person.id)
    cursor = body.nextCursor
  }
  assert.equal(seen.size, 1000)
})
