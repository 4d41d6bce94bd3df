import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pino from 'pino'
import { buildApp } from '../../src/http/index.ts'
import { SignInLimits } from '../../src/identity/index.ts'
import { type Market, startMarket } from '../support/market.ts'

let market: Market
before(async () => {
  market = await startMarket()
})
after(() => market?.stop())

/** The status of GET /metrics for these headers. */
async function asked(metricsToken: string | null, headers: Record<string, string>): Promise<number> {
  const limits = new SignInLimits(market.db.pool)
  const log = pino({ level: 'silent' })
  const { db, sealer } = market
  const app = await buildApp({ db, sealer, limits, log, trustProxy: 0, metricsToken, jobs: () => null })
  try {
    return (await app.inject({ url: '/metrics', headers })).statusCode
  } finally {
    await app.close()
  }
}

test('metrics go to this machine, and not through a proxy on it to others', async () => {
  assert.equal(await asked(null, {}), 200)
  for (const name of ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via']) {
    assert.equal(await asked(null, { [name]: '203.0.113.5' }), 404, name)
  }
})

test('with a token, metrics go to whoever has it', async () => {
  const token = 'sixteen-characters-or-more'
  assert.equal(await asked(token, { authorization: `Bearer ${token}` }), 200)
  for (const shown of [`Bearer ${token}x`, `Bearer ${token.slice(1)}`, 'Bearer ', token]) {
    assert.equal(await asked(token, { authorization: shown }), 404)
  }
  assert.equal(await asked(token, {}), 404)
})
