import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type pg from 'pg'
import { call, type Json, type Market, offerBody, Person, passwordOf } from '../support/market.ts'

/** Somebody with one-time codes switched on. */
export type Guarded = { person: Person; secret: string; recoveryCodes: string[] }

/** A one-time code as an authenticator app makes it, written by RFC 6238; `steps` away from now. */
export function codeOf(secret: string, steps = 0, at = Date.now()): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret].map((one) => alphabet.indexOf(one).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000) + steps))
  const hash = createHmac('sha1', key).update(counter).digest()
  const offset = hash[19]! & 0xf
  return String((hash.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** A code that is none of those near now. */
export function wrongCode(secret: string): string {
  const right = [-2, -1, 0, 1, 2].map((steps) => codeOf(secret, steps))
  return ['000000', '111111', '222222', '333333', '444444', '555555'].find((one) => !right.includes(one))!
}

/** Registers somebody and switches one-time codes on; the codes of now can be used afterwards. */
export async function guarded(market: Market, superuser: pg.Client, name = 'guarded'): Promise<Guarded> {
  const person = await market.person(name)
  const started = await person.post('/v1/me/two-factor')
  assert.equal(started.status, 200, JSON.stringify(started.body))
  const { secret } = started.body
  const confirmed = await person.post('/v1/me/two-factor/confirmation', { totp: codeOf(secret) })
  assert.equal(confirmed.status, 200, JSON.stringify(confirmed.body))
  await forget(superuser, person)
  await makeStale(superuser, person)
  return { person, secret, recoveryCodes: confirmed.body.recoveryCodes }
}

/** As if no code had been used yet: tests need more codes than there are in the time that they run. */
export async function forget(superuser: pg.Client, person: Person): Promise<void> {
  await superuser.query(
    `update fairlock.credentials set totp_step = null, totp_session = null, factor_failures = 0,
       factor_blocked_until = null where user_id = $1`,
    [person.id],
  )
}

/** As if the last proof of a factor were six minutes old. */
export async function makeStale(superuser: pg.Client, person: Person): Promise<void> {
  await superuser.query(
    `update fairlock.sessions set factor_at = factor_at - interval '6 minutes' where user_id = $1`,
    [person.id],
  )
}

/** Signs in again with the password of `market.person`. */
export function signIn(market: Market, person: Person, more: Json = {}) {
  const password = passwordOf(person.email.replace('@example.org', ''))
  return call(market.url, 'POST', '/v1/auth/login', { email: person.email, password, ...more })
}

/** The person in another session. */
export function inSession(market: Market, person: Person, token: string): Person {
  return new Person(market.url, person.id, person.email, token)
}

/** A trade of this seller that is paid and waits for the release. */
export async function paidTrade(market: Market, seller: Person): Promise<string> {
  await market.credit(seller, 'BTC', '1')
  const buyer = await market.person('buyer')
  const offer = await seller.post('/v1/offers', offerBody())
  const take = { amount: '0.1', paymentMethodType: 'sepa' }
  const trade = await buyer.post(`/v1/offers/${offer.body.id}/trades`, take)
  const paid = await buyer.post(`/v1/trades/${trade.body.id}/payment`)
  assert.equal(paid.status, 200, JSON.stringify(paid.body))
  return trade.body.id
}
