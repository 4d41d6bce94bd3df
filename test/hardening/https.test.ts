import assert from 'node:assert/strict'
import { test } from 'node:test'
import pino from 'pino'
import { buildApp } from '../../src/http/index.ts'
import { SignInLimits } from '../../src/identity/index.ts'
import { Database } from '../../src/platform/index.ts'
import { startMarket } from '../support/market.ts'

test('behind a proxy that ends TLS, browsers are told to stay with https; without trust the header says nothing', async () => {
  const market = await startMarket()
  const db = new Database(market.database.appUrl, { connections: 1 })
  try {
    for (const trustProxy of [true, false]) {
      const app = await buildApp({
        db,
        sealer: market.sealer,
        limits: new SignInLimits(db.pool),
        log: pino({ level: 'silent' }),
        trustProxy,
        metricsToken: null,
        jobs: () => null,
      })
      for (const proto of ['https', 'http']) {
        const { headers } = await app.inject({ url: '/v1/offers', headers: { 'x-forwarded-proto': proto } })
        const said = headers['strict-transport-security']
        if (trustProxy && proto === 'https')
          assert.match(String(said), /^max-age=63072000; includeSubDomains$/)
        else assert.equal(said, undefined)
      }
      await app.close()
    }
  } finally {
    await db.close()
    await market.stop()
  }
})
