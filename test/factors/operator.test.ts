import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import pg from 'pg'
import { makeKey } from '../keys/support.ts'
import { type Market, startMarket, TEST_KEYS } from '../support/market.ts'
import { codeOf, guarded, inSession, signIn } from './support.ts'

let market: Market
let superuser: pg.Client
before(async () => {
  market = await startMarket()
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

const root = join(import.meta.dirname, '../..')
const fairlock = (...args: string[]) =>
  promisify(execFile)(process.execPath, [join(root, 'src/main.ts'), ...args], {
    cwd: root,
    env: {
      PATH: process.env.PATH ?? '',
      DATABASE_URL: market.database.ownerUrl,
      FAIRLOCK_KEYRING: 'env:TEST_KEYRING',
      ...TEST_KEYS,
    },
  })

test('the operator takes lost factors away: sessions and keys end, withdrawals pause, the person is told', async () => {
  const { person, secret } = await guarded(market, superuser)
  await person.post('/v1/me/step-up', { totp: codeOf(secret) })
  const bot = await makeKey(person, market.url)
  await superuser.query(
    `insert into fairlock.webhooks (id, user_id, url, events) values (gen_random_uuid(), $1, 'https://bot.example.org', '{*}')`,
    [person.id],
  )
  const { stdout } = await fairlock(
    'user',
    'reset-factors',
    person.email,
    '--reason',
    'ticket 4711: lost telephone',
    '--yes',
  )
  assert.match(stdout, /password alone/)
  assert.equal((await person.get('/v1/me')).status, 401)
  assert.equal((await bot.get('/v1/me')).status, 401)
  const back = await signIn(market, person)
  assert.equal(back.status, 200)
  const again = inSession(market, person, back.body.token)
  const security = (await again.get('/v1/me/security')).body
  assert.deepEqual(
    [security.twoFactor, security.secondFactor, security.passkeys, security.recoveryCodesLeft],
    [false, false, 0, 0],
  )
  assert.ok(Date.parse(security.withdrawalsPausedUntil) > Date.now())
  const notices = (await again.get('/v1/me/notices')).body
  assert.ok(notices.items.some((one: { kind: string }) => one.kind === 'factor.reset'))
  const webhooks = (await again.get('/v1/webhooks')).body.items
  assert.deepEqual(
    webhooks.map(({ status }: { status: string }) => status),
    ['paused'],
    'whoever had the session may have made it',
  )
  const { rows } = await superuser.query(
    `select reason from audit.events where action = 'factor.reset' and subject_id = $1`,
    [person.id],
  )
  assert.deepEqual(rows, [{ reason: 'ticket 4711: lost telephone' }])
})

test('without a reason, or for nobody, nothing is done', async () => {
  await assert.rejects(fairlock('user', 'reset-factors', 'nobody@example.org', '--yes'), { code: 2 })
  await assert.rejects(
    fairlock('user', 'reset-factors', 'nobody@example.org', '--reason', 'ticket 1', '--yes'),
    {
      code: 1,
    },
  )
})
