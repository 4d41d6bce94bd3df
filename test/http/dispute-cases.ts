import type pg from 'pg'
import { upload } from '../files/support.ts'
import type { Answer, Market, Person } from '../support/market.ts'
import { offerBody } from '../support/market.ts'

type Case = { who: Person; path: string; body?: unknown; other?: unknown }
type Bench = { market: Market; superuser: pg.Client }

/** Every POST of disputes, brought to where it has one effect: a trade above the amount that needs a second arbitrator. */
export function disputeCases(bench: () => Bench): Record<string, () => Promise<Case>> {
  const arbitrators: Person[] = []
  const opened = async () => {
    const { market, superuser } = bench()
    while (arbitrators.length < 4) arbitrators.push(await newArbitrator(market, superuser))
    const [seller, buyer] = [await market.person('seller'), await market.person('buyer')]
    await market.credit(seller, 'BTC', '5')
    const offer = await ok(seller.post('/v1/offers', offerBody()))
    const taken = await ok(
      buyer.post(`/v1/offers/${offer.id}/trades`, { amount: '0.6', paymentMethodType: 'sepa' }),
    )
    await ok(buyer.post(`/v1/trades/${taken.id}/payment`))
    const open = {
      who: seller,
      path: `/v1/trades/${taken.id}/dispute`,
      body: { reason: 'payment_not_received' },
    }
    const dispute = async () => {
      const { id } = await ok(seller.post(open.path, open.body))
      const assigned = async (part: string) => {
        const { rows } = await superuser.query(
          `select arbitrator_id as id from fairlock.dispute_assignments
           where dispute_id = $1 and part = $2 and ended_at is null`,
          [id, part],
        )
        return arbitrators.find((one) => one.id === rows[0].id)!
      }
      const path = (name: string) => `/v1/disputes/${id}/${name}`
      return { id, path, seller, buyer, assigned, first: await assigned('first') }
    }
    return { open, dispute }
  }
  const ruling = { outcome: 'refund', reason: 'no money came' }
  return {
    'POST /v1/trades/{id}/dispute': async () => {
      const { open } = await opened()
      return { ...open, body: { ...open.body, description: 'nothing' }, other: open.body }
    },
    'POST /v1/disputes/{id}/answer': async () => {
      const { buyer, path } = await (await opened()).dispute()
      return {
        who: buyer,
        path: path('answer'),
        body: { statement: 'paid' },
        other: { statement: 'not paid' },
      }
    },
    'POST /v1/disputes/{id}/evidence': async () => {
      const { buyer, path } = await (await opened()).dispute()
      const { id: fileId } = await ok(upload(bench().market.url, buyer, 'a receipt'))
      const body = { fileId, note: 'what was paid' }
      return { who: buyer, path: path('evidence'), body, other: { fileId } }
    },
    'POST /v1/disputes/{id}/questions': async () => {
      const { first, path } = await (await opened()).dispute()
      const body = { to: 'buyer', text: 'when?' }
      return { who: first, path: path('questions'), body, other: { ...body, to: 'seller' } }
    },
    'POST /v1/disputes/{id}/questions/{questionId}/answer': async () => {
      const { id, first, buyer, path } = await (await opened()).dispute()
      await ok(first.post(path('questions'), { to: 'buyer', text: 'when?' }))
      const { timeline } = await ok(buyer.get(`/v1/disputes/${id}`))
      const question = timeline.find((line: { kind: string }) => line.kind === 'dispute.question').facts
        .entryId
      return { who: buyer, path: path(`questions/${question}/answer`), body: { text: 'now' } }
    },
    'POST /v1/disputes/{id}/notes': async () => {
      const { first, path } = await (await opened()).dispute()
      return { who: first, path: path('notes'), body: { text: 'a note' } }
    },
    'POST /v1/disputes/{id}/recusal': async () => {
      const { first, path } = await (await opened()).dispute()
      return { who: first, path: path('recusal'), body: { reason: 'a friend' } }
    },
    'POST /v1/disputes/{id}/assignment': async () => {
      const { path } = await (await opened()).dispute()
      return { who: await bench().market.admin(), path: path('assignment'), body: { reason: 'a holiday' } }
    },
    'POST /v1/disputes/{id}/ruling': async () => {
      const { first, path } = await (await opened()).dispute()
      return { who: first, path: path('ruling'), body: ruling, other: { ...ruling, outcome: 'release' } }
    },
    'POST /v1/disputes/{id}/consent': async () => {
      const { first, assigned, path } = await (await opened()).dispute()
      await ok(first.post(path('ruling'), ruling))
      const body = { agree: true, reason: 'so it is' }
      return { who: await assigned('second'), path: path('consent'), body, other: { ...body, agree: false } }
    },
    'POST /v1/disputes/{id}/appeal': async () => {
      const { buyer, first, assigned, path } = await (await opened()).dispute()
      await ok(first.post(path('ruling'), ruling))
      await ok((await assigned('second')).post(path('consent'), { agree: true, reason: 'so it is' }))
      return { who: buyer, path: path('appeal'), body: { reason: 'look again' } }
    },
  }
}

async function newArbitrator(market: Market, superuser: pg.Client): Promise<Person> {
  const person = await market.person('arbitrator')
  await superuser.query(`insert into fairlock.staff_roles (user_id, role) values ($1, 'arbitrator')`, [
    person.id,
  ])
  return person
}

async function ok(asked: Promise<Answer>) {
  const { status, body } = await asked
  if (status >= 300) throw new Error(`refused with ${status}: ${JSON.stringify(body)}`)
  return body
}
