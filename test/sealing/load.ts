import assert from 'node:assert/strict'
import { offerBody, type Person } from '../support/market.ts'
import type { Vault } from './vault.ts'

export type Load = { stored: number; opened: number; trades: number; slowestMs: number }

/**
 * Runs `work` while people store and open secrets and trade over HTTP without a pause: every request has to succeed, and
 * every secret that was acknowledged has to open.
 */
export async function underLoad(vault: Vault, people: Person[], work: () => Promise<void>): Promise<Load> {
  const load: Load = { stored: 0, opened: 0, trades: 0, slowestMs: 0 }
  let isOver = false
  const timed = async (request: () => Promise<void>) => {
    const began = performance.now()
    await request()
    load.slowestMs = Math.max(load.slowestMs, performance.now() - began)
  }
  const writer = async (person: Person) => {
    for (let number = 0; !isOver; number++) {
      await timed(() => vault.store(person, number))
      load.stored++
    }
  }
  const half = Math.ceil(people.length / 2)
  // The reader looks at secrets that nobody overwrites meanwhile.
  const untouched = new Set(people.slice(0, half))
  const reader = async () => {
    while (!isOver) {
      for (const secret of vault.secrets.values()) {
        if (!untouched.has(secret.owner)) continue
        await timed(() => vault.check(secret))
        load.opened++
        if (isOver) return
      }
    }
  }
  const traders = await newTraders(vault)
  const all = [
    ...people.slice(half).map(writer),
    reader(),
    (async () => {
      while (!isOver) {
        await timed(() => trade(traders))
        load.trades++
      }
    })(),
  ]
  const failed = Promise.race(all.map((one) => one.then(() => new Promise<never>(() => undefined))))
  try {
    await Promise.race([work(), failed])
  } finally {
    isOver = true
  }
  await Promise.all(all)
  return load
}

type Traders = { maker: Person; taker: Person; offer: string }

async function newTraders(vault: Vault): Promise<Traders> {
  const [maker, taker] = [await vault.market.person('maker'), await vault.market.person('taker')]
  await vault.market.credit(maker, 'BTC', '1000')
  const made = await maker.post('/v1/offers', offerBody({ totalAmount: '1000' }))
  return { maker, taker, offer: made.body.id }
}

/** Take, pay and release, over HTTP. */
async function trade({ maker, taker, offer }: Traders): Promise<void> {
  const taken = await taker.post(`/v1/offers/${offer}/trades`, { amount: '0.01', paymentMethodType: 'sepa' })
  assert.equal(taken.status, 201, JSON.stringify(taken.body))
  const paid = await taker.post(`/v1/trades/${taken.body.id}/payment`)
  assert.equal(paid.status, 200, JSON.stringify(paid.body))
  const released = await maker.post(`/v1/trades/${taken.body.id}/release`)
  assert.equal(released.status, 200, JSON.stringify(released.body))
}
