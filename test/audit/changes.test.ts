import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { type Market, offerBody, startMarket } from '../support/market.ts'

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

type Event = {
  actor_id: string | null
  action: string
  reason: string | null
  changes: Record<string, [unknown, unknown]> | null
}

async function eventsOf(subject: string): Promise<Event[]> {
  const found = await superuser.query<Event>(
    'select actor_id, action, reason, changes from audit.events where subject_id = $1 order by id',
    [subject],
  )
  return found.rows
}

test('every table is watched, or is said why not', async () => {
  const { rows } = await superuser.query<{ name: string; lists: number }>(
    `select format('%I.%I', nspname, relname) as name,
       (select count(*) from (select name from audit.watched() union all select name from audit.unwatched()) l
        where to_regclass(l.name) = c.oid)::int as lists
     from pg_class c join pg_namespace n on n.oid = relnamespace
     where nspname in ('public', 'fairlock') and relkind in ('r', 'p') and not relispartition order by 1`,
  )
  assert.deepEqual(
    rows.filter(({ lists }) => lists !== 1).map(({ name }) => name),
    [],
    'Put these tables into audit.watched() or, with a reason, into audit.unwatched() (src/audit/audit.changes.sql), once.',
  )
})

test('the lists name tables and columns that exist', async () => {
  const { rows } = await superuser.query(
    `select name, coalesce(col, 'the table') as missing
     from (select name, unnest(key || shown || ignored) as col from audit.watched()
           union all select name, null from audit.unwatched()) l
     where to_regclass(name) is null or col <> '*' and not exists (
       select from pg_attribute where attrelid = to_regclass(name) and attname = col and not attisdropped)`,
  )
  assert.deepEqual(rows, [])
})

test('a move of a trade is one line, with what became of trade and escrow', async () => {
  const [seller, buyer] = [await market.person('seller'), await market.person('buyer')]
  await market.credit(seller, 'BTC', '1')
  const offer = await seller.post('/v1/offers', offerBody())
  const take = { amount: '0.1', paymentMethodType: 'sepa' }
  const trade = (await buyer.post(`/v1/offers/${offer.body.id}/trades`, take)).body.id
  await buyer.post(`/v1/trades/${trade}/payment`)
  await buyer.post(`/v1/trades/${trade}/cancellation`, { reason: 'paid from the wrong account' })
  assert.deepEqual(await eventsOf(trade), [
    {
      actor_id: buyer.id,
      action: 'trade.taken',
      reason: 'take_offer',
      changes: { status: [null, 'funded'], escrow: 'funded' },
    },
    {
      actor_id: buyer.id,
      action: 'trade.paid',
      reason: 'pay_trade',
      changes: { status: ['funded', 'paid'], escrow: 'funded' },
    },
    {
      actor_id: buyer.id,
      action: 'trade.cancelled',
      reason: 'paid from the wrong account',
      changes: { status: ['paid', 'cancelled'], escrow: 'refunded' },
    },
  ])
})

test('a change past all commands says which login did it, and hides what it must', async () => {
  const person = await market.person('victim')
  const place = { table: 'public.crypto_profiles', column: 'two_factor_secret', row: person.id }
  await superuser.query(`update users set email = 'stolen@example.org' where id = $1`, [person.id])
  await superuser.query(
    `update crypto_profiles set is_verified_trader = true, total_trades = 7, two_factor_secret = $2
     where user_id = $1`,
    [person.id, await market.sealer.seal(person.id, place, Buffer.from('JBSWY3DPEHPK3PXP'))],
  )
  const changed = (await eventsOf(person.id)).filter(({ action }) => action.endsWith('.changed'))
  const reason = 'postgres, outside of a command'
  assert.deepEqual(changed, [
    { actor_id: null, action: 'users.changed', reason, changes: { email: ['***', '***'] } },
    {
      actor_id: null,
      action: 'crypto_profiles.changed',
      reason,
      changes: { is_verified_trader: [false, true], two_factor_secret: [null, '***'] },
    },
  ])
})

test('counters and balances, which every trade changes, leave no line', async () => {
  const person = await market.person('counted')
  await market.credit(person, 'BTC', '1')
  const before = await superuser.query('select count(*) from audit.events')
  await superuser.query('update crypto_profiles set total_trades = total_trades + 1, updated_at = now()')
  await superuser.query('update crypto_wallets set updated_at = now()')
  await superuser.query('update fairlock.sessions set last_seen_at = now()')
  assert.deepEqual((await superuser.query('select count(*) from audit.events')).rows, before.rows)
})

test('a command gives its reason to the lines of all rows it changes', async () => {
  const person = await market.person('known')
  const admin = await market.admin()
  await admin.put(`/v1/admin/users/${person.id}/kyc`, { level: 'basic', reason: 'passport seen' })
  const lines = (await eventsOf(person.id)).filter(({ actor_id }) => actor_id === admin.id)
  assert.deepEqual(
    lines.map(({ action, reason }) => [action, reason]),
    [
      ['crypto_profiles.changed', 'passport seen'],
      ['person.kyc', 'passport seen'],
    ],
  )
  assert.deepEqual(lines[0]?.changes?.kyc_status, ['pending', 'basic'])
})

test('a value that looks like a mask, and a JSON null, are told apart from none', async () => {
  const person = await market.person('nulls')
  const edit = (sql: string) =>
    superuser.query(`update crypto_profiles set ${sql} where user_id = $1`, [person.id])
  await edit(`security_settings = 'null'`)
  await edit(`security_settings = '{"a": null}'`)
  await edit(`security_settings = null`)
  const changes = (await eventsOf(person.id)).flatMap((one) => one.changes?.security_settings ?? [])
  assert.deepEqual(changes, [null, '***', '***', null])
})

test('the log is append-only for the application, the engine, and the owner of the schema', async () => {
  const verbs = [
    `update audit.events set reason = 'other'`,
    'delete from audit.events',
    'truncate audit.events',
    'delete from audit.events_default',
    `update audit.blocks set note = 'other'`,
    'delete from audit.signatures',
    'truncate audit.leaves cascade',
  ]
  const { rows } = await superuser.query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'audit.events'::regclass`,
  )
  const refused = async (url: string, sql: string, role: string, codes: string[]) => {
    const client = new pg.Client(url)
    await client.connect()
    try {
      if (role !== '') await client.query(`set role ${role}`)
      await assert.rejects(
        client.query(sql),
        (error: pg.DatabaseError) => codes.includes(error.code ?? ''),
        sql,
      )
    } finally {
      await client.end()
    }
  }
  for (const sql of [...verbs, ...rows.map(({ name }) => `delete from ${name}`)]) {
    await refused(market.database.appUrl, sql, '', ['42501'])
    await refused(market.database.ownerUrl, sql, 'fairlock_engine', ['42501'])
    await refused(market.database.ownerUrl, sql, '', ['FL090'])
    await refused(market.database.superuserUrl, sql, '', ['FL090'])
  }
  await refused(
    market.database.ownerUrl,
    `insert into audit.events (id, action, subject) values (1, 'a', 'b')`,
    'fairlock_engine',
    ['42501'],
  )
})
