import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Market, startMarket } from '../support/market.ts'
import { operationsOf } from './operations.ts'

let market: Market
before(async () => {
  market = await startMarket()
})
after(() => market?.stop())

test('no call takes a secret or anything personal in its address, where logs of proxies keep it', () => {
  const personal = /mail|password|token|secret|code|totp|display.?name|address|key/i
  for (const { name, parameters } of operationsOf(market.app)) {
    for (const parameter of parameters) {
      if (parameter.in === 'header') continue
      assert.doesNotMatch(parameter.name, personal, `${name} takes ${parameter.name} in its address`)
    }
  }
})
