import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { call, type Market, startMarket } from '../support/market.ts'

let market: Market
before(async () => {
  market = await startMarket()
})
after(() => market?.stop())

const register = (displayName: string, number: number) =>
  call(market.url, 'POST', '/v1/auth/register', {
    email: `somebody${number}@example.org`,
    password: 'a pass phrase that nobody else has',
    displayName,
  })

test('a name in letters that only look like others is refused', async () => {
  const odd = [
    '\uff46\uff41\uff49\uff52\uff4c\uff4f\uff43\uff4b',
    '\u{1d41a}\u{1d41d}\u{1d426}',
    'e\u0301lise',
    'a\u200bdmin',
  ]
  for (const [number, name] of odd.entries()) {
    const { status, body } = await register(name, number)
    assert.equal(status, 400, name)
    assert.equal(body.errors[0].field, 'displayName')
  }
})

test('a name in any script is taken', async () => {
  for (const [number, name] of ['\u00e9lise', '\u041c\u0430\u0440\u0442\u0430', '\u4e2d\u6751'].entries()) {
    assert.equal((await register(name, 100 + number)).status, 201, name)
  }
})
