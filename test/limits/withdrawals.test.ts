import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sentenceOf } from '../../src/notifications/words.ts'
import { newId } from '../../src/platform/index.ts'
import { assertCleanBooks } from '../support/books.ts'
import { call, type Market, type Person, startMarket } from '../support/market.ts'
import { testPool } from '../support/server.ts'
import { Counter } from './support.ts'

let market: Market
let counter: Counter
before(async () => {
  market = await startMarket()
  counter = await Counter.open(market)
})
after(async () => {
  await counter.close()
  await market.stop()
})

type Limits = { daily: string | null; monthly: string | null }
const PATH = '/v1/wallets/BTC'
const set = (who: Person, withdrawalLimits: Limits) => who.patch(PATH, { withdrawalLimits })
const limitsOf = async (who: Person) => (await who.get(PATH)).body.withdrawalLimits

/** A line of a withdrawal, as the engine writes it; the error's code where it is refused. */
async function withdraw(
  who: Person,
  amount: string,
  status = 'pending',
): Promise<{ id: string; code?: string }> {
  const id = newId()
  try {
    await counter.superuser.query(
      `insert into crypto_transactions (id, user_id, wallet_id, amount, currency, status, transaction_type)
       select $1, user_id, id, $3, currency, $4, 'withdrawal' from crypto_wallets where user_id = $2 and currency = 'BTC'`,
      [id, who.id, amount, status],
    )
    return { id }
  } catch (error) {
    return { id, code: (error as { code: string }).code }
  }
}
const become = (id: string, change: string) =>
  counter.superuser.query(`update crypto_transactions set ${change} where id = $1`, [id])

test('64 withdrawals at once take from a wallet what its limit lets out, and no more', async () => {
  const person = await market.person()
  assert.equal((await set(person, { daily: '1', monthly: '5' })).status, 200)
  const engines = testPool(market.database.superuserUrl, {
    max: 64,
    options: '-c role=fairlock_engine',
  })
  const replies = await Promise.allSettled(
    Array.from({ length: 64 }, () =>
      engines.query(
        `insert into public.crypto_transactions (id, user_id, wallet_id, amount, currency, status, transaction_type)
         select fairlock.new_id(), user_id, id, 0.03, 'BTC', 'pending', 'withdrawal' from public.crypto_wallets
         where user_id = $1`,
        [person.id],
      ),
    ),
  )
  await engines.end()
  const refused = replies.flatMap((reply) => (reply.status === 'rejected' ? [reply.reason.code] : []))
  assert.deepEqual([refused.length, ...new Set(refused)], [31, 'FL105'])
  const { daily, monthly, pending } = await limitsOf(person)
  assert.deepEqual(
    [daily.used, daily.left, monthly.used, pending],
    ['0.99000000', '0.01000000', '0.99000000', null],
  )
  await assertCleanBooks(market.database.ownerUrl)
})

test('what fails is given back, and days and months pass by themselves', async () => {
  const person = await market.person()
  await set(person, { daily: '1', monthly: '2' })
  const [first, done] = [await withdraw(person, '0.6'), await withdraw(person, '0.4', 'completed')]
  assert.equal((await withdraw(person, '0.00000001')).code, 'FL105')
  for (const nothing of ['-1', '0', 'NaN']) assert.equal((await withdraw(person, nothing)).code, 'FL094')
  assert.equal((await withdraw(person, '5', 'failed')).code, undefined, 'one that failed at once is none')
  await become(first.id, `status = 'failed'`)
  assert.equal((await limitsOf(person)).daily.left, '0.60000000')
  await assert.rejects(become(first.id, `status = 'pending'`), { code: 'FL095' })
  for (const change of ['amount = 9', `transaction_type = 'deposit'`, 'counted_on = counted_on - 1'])
    await assert.rejects(become(done.id, change), { code: 'FL094' })
  await become(done.id, `status = 'reversed'`)
  assert.equal((await limitsOf(person)).monthly.used, '0.00000000')

  const old = await withdraw(person, '1')
  await counter.daysPass(40)
  assert.deepEqual((await limitsOf(person)).monthly.used, '0.00000000')
  await withdraw(person, '0.7')
  await become(old.id, `status = 'cancelled'`)
  assert.equal((await limitsOf(person)).daily.used, '0.70000000', 'another month’s is not given back')
  await assertCleanBooks(market.database.ownerUrl)
})

test('a limit is lowered at once, and raised or taken away after the pause', async () => {
  const person = await market.person()
  const first = await set(person, { daily: '2', monthly: null })
  assert.deepEqual(
    [first.body.withdrawalLimits.daily.limit, first.body.withdrawalLimits.pending],
    ['2.00000000', null],
  )
  // The one is raised, the other lowered.
  const mixed = (await set(person, { daily: '3', monthly: '4' })).body.withdrawalLimits
  assert.deepEqual([mixed.daily.limit, mixed.monthly.limit], ['2.00000000', '4.00000000'])
  assert.deepEqual([mixed.pending.daily, mixed.pending.monthly], ['3.00000000', '4.00000000'])
  assert.ok(Math.abs(Date.parse(mixed.pending.takesEffectAt) - Date.now() - 24 * 3_600_000) < 60_000)
  assert.deepEqual(
    (await set(person, { daily: '3', monthly: '4' })).body.withdrawalLimits,
    mixed,
    'no new pause',
  )
  assert.equal((await withdraw(person, '2.5')).code, 'FL105')
  await counter.asIntruder(
    `update crypto_wallets set limits_pending_until = now() where user_id = '${person.id}'`,
  )
  const now = await limitsOf(person)
  assert.deepEqual([now.daily.limit, now.monthly.limit, now.pending], ['3.00000000', '4.00000000', null])
  assert.equal((await withdraw(person, '2.5')).code, undefined)
  const { rows } = await counter.superuser.query(
    'select withdrawal_limit_daily::text as daily, limits_pending_until as until from crypto_wallets where user_id = $1',
    [person.id],
  )
  assert.deepEqual(rows[0], { daily: '3.00000000', until: null })
  // Taken away, and thought better of.
  assert.notEqual((await set(person, { daily: null, monthly: null })).body.withdrawalLimits.pending, null)
  const back = (await set(person, { daily: '3', monthly: '4' })).body.withdrawalLimits
  assert.deepEqual([back.daily.limit, back.pending], ['3.00000000', null])
  const notices = (await person.get('/v1/me/notices')).body.items.filter(
    ({ kind }: { kind: string }) => kind === 'withdrawal_limits.changed',
  )
  assert.ok(notices.length >= 4)
  assert.match(
    sentenceOf('withdrawal_limits.changed', notices.at(-1).data),
    /2.00000000 a day and any amount a month/,
  )
})

test('raising asks for the second factor where there is one; lowering does not', async () => {
  const person = await market.person()
  await set(person, { daily: '2', monthly: '2' })
  await counter.asIntruder(
    `update fairlock.credentials set second_factor = true where user_id = '${person.id}'`,
  )
  assert.equal((await set(person, { daily: '3', monthly: '2' })).body.code, 'second_factor_required')
  assert.equal((await limitsOf(person)).pending, null)
  assert.equal((await set(person, { daily: '1', monthly: '2' })).status, 200)
})

test('they are the owner’s alone, and values that are none are refused', async () => {
  const [person, stranger] = await Promise.all([market.person(), market.person()])
  await set(person, { daily: '1', monthly: '1' })
  await set(stranger, { daily: '9', monthly: '9' })
  assert.equal((await limitsOf(person)).daily.limit, '1.00000000')
  assert.equal(
    (await call(market.url, 'PATCH', PATH, { withdrawalLimits: { daily: '1', monthly: '1' } })).status,
    401,
  )
  for (const path of ['/v1/wallets/EUR', '/v1/wallets/NONE'])
    assert.equal((await person.patch(path, { withdrawalLimits: { daily: '1', monthly: null } })).status, 404)
  for (const daily of ['0', '-1', '1e3', '0.000000001', 1, ''])
    assert.equal((await person.patch(PATH, { withdrawalLimits: { daily, monthly: null } })).status, 400)
  assert.equal((await person.patch(PATH, { withdrawalLimits: { daily: '1' } })).status, 400)
  const made = await person.post('/v1/api-keys', { name: 'bot', scopes: ['read', 'trade'] })
  const key = { authorization: `Bearer ${made.body.key}` }
  assert.equal(
    (await call(market.url, 'GET', PATH, undefined, key)).body.withdrawalLimits.daily.limit,
    '1.00000000',
  )
  const tried = await call(market.url, 'PATCH', PATH, { withdrawalLimits: { daily: '1', monthly: '1' } }, key)
  assert.equal(tried.body.code, 'session_only')
})
