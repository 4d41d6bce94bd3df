import assert from 'node:assert/strict'
import { decimal, units } from '../support/amounts.ts'
import { type Arena, type Race, round, tally } from './arena.ts'

export const balances: Race[] = [
  { name: 'thirty-two debits of one wallet', run: debits },
  { name: 'debits against credits', run: debitsAgainstCredits },
  { name: 'the same credit again and again', run: sameCredit },
]

/** Nobody may be refused who would still have been covered, and the wallet never falls below zero. */
async function debits(arena: Arena, number: number): Promise<void> {
  const person = await arena.owner('1')
  const amounts = arena.crowd.map(
    (_, index) => units('0.02') + BigInt((index * 6007 + number) % 89) * 1_000_003n,
  )
  const replies = await round(amounts.map((amount) => () => arena.adjust(person, decimal(-amount))))
  const left = await arena.available(person)
  let debited = 0n
  for (const [index, reply] of replies.entries()) {
    if (reply.code === null) debited += amounts[index]!
    else assert.equal(reply.code, 'insufficient_funds')
    if (reply.code !== null) assert.ok(amounts[index]! > left, 'a debit was refused that was covered')
  }
  assert.equal(debited + left, units('1'))
}

async function debitsAgainstCredits(arena: Arena): Promise<void> {
  const person = await arena.person()
  const replies = await round(
    arena.crowd.map((_, index) => () => arena.adjust(person, index % 2 === 0 ? '0.1' : '-0.1')),
  )
  const { done = 0, insufficient_funds = 0 } = tally(replies)
  assert.equal(done + insufficient_funds, replies.length)
  await arena.assertAvailable(person, decimal(BigInt(insufficient_funds) * units('0.1')))
}

async function sameCredit(arena: Arena, number: number): Promise<void> {
  const person = await arena.person()
  const key = `credit ${number}`
  const replies = await round(Array.from({ length: 8 }, () => () => arena.adjust(person, '0.1', { key })))
  for (const reply of replies) assert.deepEqual(reply, replies[0])
  assert.equal(replies[0]?.code, null)
  const other = await arena.adjust(person, '0.2', { key })
  assert.equal(other.code, 'idempotency_key_reused')
  await arena.assertAvailable(person, '0.1')
}
