import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { call, type Market, startMarket } from '../support/market.ts'

let market: Market
before(async () => {
  market = await startMarket()
})
after(() => market?.stop())

function user(...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const env = { ...process.env, DATABASE_URL: market.database.ownerUrl }
  return new Promise((resolve) => {
    execFile(process.execPath, ['src/main.ts', 'user', ...args], { env }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    )
  })
}

test('an operator ends all sessions of somebody, on the record, and of nobody else', async () => {
  const [marta, other] = [await market.person('marta'), await market.person('other')]
  const done = await user('sign-out', '--email', marta.email, '--reason', 'a stolen laptop')
  assert.equal(done.code, 0, done.err)
  assert.equal((await marta.get('/v1/me')).status, 401)
  assert.equal((await other.get('/v1/me')).status, 200)
  const superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
  try {
    const { rows } = await superuser.query(
      `select reason from audit.events where action = 'sessions.ended_by_operator' and subject_id = $1`,
      [marta.id],
    )
    assert.deepEqual(rows, [{ reason: 'a stolen laptop' }])
  } finally {
    await superuser.end()
  }
})

test('an operator’s reset prints a link that sets a password once, and no password', async () => {
  const marta = await market.person('marta')
  const { code, out } = await user('reset', '--email', marta.email)
  assert.equal(code, 0)
  const token = out.trim().split(/[\s=]/).at(-1)!
  const body = { token, newPassword: 'seven quiet herons over the weir' }
  assert.equal((await call(market.url, 'POST', '/v1/auth/password-reset/confirmation', body)).status, 204)
  assert.notEqual((await call(market.url, 'POST', '/v1/auth/password-reset/confirmation', body)).status, 204)
  assert.equal((await marta.get('/v1/me')).status, 401)
})
