import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { erasePerson } from '../../src/operations/index.ts'
import { newId } from '../../src/platform/index.ts'
import { type Place, Unsealable } from '../../src/platform/sealing/index.ts'
import { call, type Market, offerBody, type Person, passwordOf, startMarket } from '../support/market.ts'

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

const erase = (person: Person, options: { withBalance?: boolean; dryRun?: boolean } = {}) =>
  erasePerson({
    ownerUrl: market.database.ownerUrl,
    appUrl: market.database.appUrl,
    userId: person.id,
    reason: 'asked for it',
    withBalance: false,
    dryRun: false,
    ...options,
  })

/** Everything personal that is planted: after the erasure none of it may be found anywhere. */
const PLANTED = {
  agent: 'PlantedBrowser/7.3 of Zebulon',
  terms: 'write to zebulon-private@example.net first',
  method: 'Zebulon Savings Bank',
  key: 'bot of Zebulon',
  wallet: 'bc1qzebulonzebulonzebulon',
  destination: 'Zebulon Quartermain, 7 Hidden Lane',
  feedback: 'Zebulon says it went well',
  answer: 'Zebulon says thanks',
  notice: 'Zebulon signed in from Zanzibar',
}

test('every table that names people is on the list of erasures, and the list names what exists', async () => {
  const { rows } = await superuser.query<{ name: string; listed: boolean }>(
    `select distinct format('%I.%I', n.nspname, c.relname) as name,
       format('%I.%I', n.nspname, c.relname) in (select relation from fairlock.erasure_rules()) as listed
     from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
     where n.nspname in ('public', 'fairlock', 'ledger', 'audit') and c.relkind in ('r', 'p') and not c.relispartition
       and (c.oid = 'public.users'::regclass or a.atttypid = 'uuid'::regtype
         and (a.attname ~ '^(user|owner|maker|taker|buyer|seller|actor|person|staff)_id$' or exists (
           select from pg_constraint f where f.conrelid = c.oid and f.confrelid = 'public.users'::regclass
             and a.attnum = any (f.conkey))))`,
  )
  const missing = rows.filter(({ listed }) => !listed).map(({ name }) => name)
  assert.deepEqual(missing, [], 'Say in fairlock.erasure_rules() what becomes of these tables.')
  const unknown = await superuser.query(
    'select relation from fairlock.erasure_rules() where to_regclass(relation) is null',
  )
  assert.deepEqual(unknown.rows, [])
})

test('after an erasure nothing personal is in any table, and what was sealed is dead in old copies', async () => {
  const zebulon = await planted('Zebulon')
  const other = await market.person('other')
  await tradeBetween(zebulon, other)
  // What others were answered has the name as it was.
  assert.equal((await zebulon.patch('/v1/me', { displayName: 'quartermain_2nd' })).status, 200)
  const words = [...Object.values(PLANTED), zebulon.email, 'Zebulon']
  const before = await findEverywhere(words)
  for (const word of words)
    assert.ok(
      before.some((line) => line.startsWith(`${word} is in`)),
      `${word} is planted`,
    )
  const old = await sealedOf(zebulon)
  assert.equal(old.length, 2)
  for (const { place, sealed } of old) await market.sealer.open(zebulon.id, place, sealed)

  const dry = await erase(zebulon, { dryRun: true })
  assert.ok(dry.rows.some(({ fate, rows }) => fate === 'deleted' && rows > 0))
  assert.equal((await zebulon.get('/v1/me')).status, 200, 'a dry run does nothing')
  const done = await erase(zebulon, { withBalance: true })
  assert.deepEqual(done.refused, [])
  assert.deepEqual(
    done.rows.map(({ table, rows }) => [table, rows]),
    dry.rows.map(({ table, rows }) => [table, table === 'audit.events' ? rowsOf(done, table) : rows]),
  )

  assert.deepEqual(await findEverywhere(words), [])
  assert.equal((await zebulon.get('/v1/me')).status, 401, 'the session is over at once')
  const login = { email: zebulon.email, password: passwordOf(zebulon.email.split('@')[0]!) }
  assert.equal((await call(market.url, 'POST', '/v1/auth/login', login)).status, 401)
  market.sealer.keys.forget()
  for (const { place, sealed } of old)
    await assert.rejects(market.sealer.open(zebulon.id, place, sealed), Unsealable)
  await assert.rejects(market.sealer.seal(zebulon.id, old[0]!.place, Buffer.from('x')), {
    code: 'person_erased',
  })
  const trades = await other.get('/v1/trades')
  assert.match(JSON.stringify(trades.body), /erased:/, 'the other side still has the trade')
  const again = await erase(zebulon)
  assert.ok(again.erasedAt, 'a second time there is nothing to do')
})

test('nobody is erased with live trades, nor with coins unless that is said', async () => {
  const [rich, other] = [await market.person('rich'), await market.person('taker')]
  await market.credit(rich, 'BTC', '1')
  const offer = (await rich.post('/v1/offers', offerBody())).body
  const trade = await other.post(`/v1/offers/${offer.id}/trades`, {
    amount: '0.1',
    paymentMethodType: 'sepa',
  })
  for (const one of [rich, other])
    assert.match((await erase(one)).refused.join(' '), /live trades have to end first/)
  assert.equal((await rich.get('/v1/me')).status, 200, 'who is refused stays signed in')
  await other.post(`/v1/trades/${trade.body.id}/cancellation`, { reason: 'changed my mind' })
  assert.match((await erase(rich)).refused.join(' '), /hold 1\.00000000 BTC/)
  assert.deepEqual((await erase(rich, { withBalance: true })).refused, [])
  assert.equal((await other.get(`/v1/offers/${offer.id}`)).status, 404, 'the offer is off the market')
  const { rows } = await superuser.query('select balance from crypto_wallets where user_id = $1', [rich.id])
  assert.equal(rows[0].balance, '1.00000000', 'the books are as they were')
})

test('nobody can take the name or the address that an erased person gets, and so hinder it', async () => {
  const [person, other] = [await market.person('leaving'), await market.person('hindering')]
  for (const sign of ['-', ':']) {
    const displayName = `erased${sign}${person.id.slice(-12)}`
    await other.patch('/v1/me', { displayName })
    const email = `${displayName}@erased.invalid`
    const password = passwordOf('hindering')
    await call(market.url, 'POST', '/v1/auth/register', { email, password, displayName: `hinder${sign}er` })
  }
  assert.ok((await erase(person)).rows.length > 0)
})

test('who has no key yet gets none after the erasure', async () => {
  const person = await market.person('unsealed')
  await erase(person)
  const place = { table: 'public.crypto_profiles', column: 'two_factor_secret', row: person.id }
  await assert.rejects(market.sealer.seal(person.id, place, Buffer.from('x')), { code: 'person_erased' })
})

test('a first secret that is sealed while its person is erased is either refused or dead', async () => {
  for (let round = 0; round < 8; round++) {
    const person = await market.person('racer')
    const place = { table: 'public.crypto_profiles', column: 'two_factor_secret', row: person.id }
    await Promise.allSettled([
      erase(person),
      market.sealer.seal(person.id, place, Buffer.from('x')),
      market.sealer.seal(person.id, place, Buffer.from('y')),
    ])
    const { rows } = await superuser.query(
      `select count(*)::int as living from fairlock.data_keys where owner_id = $1 and state <> 'destroyed'`,
      [person.id],
    )
    const erased = await superuser.query('select from fairlock.erasures where user_id = $1', [person.id])
    assert.equal(erased.rowCount, 1)
    assert.equal(rows[0].living, 0)
  }
})

/** Somebody with something personal wherever there is a place for it. */
async function planted(name: string): Promise<Person> {
  const person = await market.person(name)
  await person.patch('/v1/me', { country: 'TZ' })
  const login = { email: person.email, password: passwordOf(person.email.split('@')[0]!) }
  const again = await call(market.url, 'POST', '/v1/auth/login', login, { 'user-agent': PLANTED.agent })
  assert.equal(again.status, 200, JSON.stringify(again.body))
  const offer = await person.post('/v1/offers', offerBody({ terms: PLANTED.terms }), 'a planted key')
  await person.patch(`/v1/offers/${offer.body.id}`, { terms: `${PLANTED.terms}!` })
  await person.post('/v1/api-keys', { name: PLANTED.key, scopes: ['read'] })
  const method = newId()
  await market.sealer.store(
    person.id,
    { table: 'public.crypto_payment_methods', column: 'account_details_encrypted', row: method },
    Buffer.from('DE89370400440532013000'),
    (sealed) =>
      superuser.query(
        `insert into crypto_payment_methods (id, user_id, type, provider, account_details_encrypted)
         values ($1, $2, 'sepa', $3, $4)`,
        [method, person.id, PLANTED.method, sealed],
      ),
  )
  const wallet = newId()
  await market.sealer.store(
    person.id,
    { table: 'public.crypto_wallets', column: 'encrypted_private_key', row: wallet },
    Buffer.from('a private key'),
    (sealed) =>
      superuser.query(
        `insert into crypto_wallets (id, user_id, currency, wallet_address, encrypted_private_key)
         values ($1, $2, 'ETH', $3, $4)`,
        [wallet, person.id, PLANTED.wallet, sealed],
      ),
  )
  await superuser.query(
    `insert into crypto_transactions (user_id, currency, amount, transaction_type, status, destination_name, metadata)
     values ($1, 'ETH', 1, 'deposit', 'failed', $2, jsonb_build_object('to', $2::text))`,
    [person.id, PLANTED.destination],
  )
  await superuser.query(
    `insert into fairlock.notices (id, user_id, kind, data, mail_to)
     select gen_random_uuid(), id, 'session.new_device', jsonb_build_object('device', $2::text), email
     from users where id = $1`,
    [person.id, PLANTED.notice],
  )
  return person
}

/** A trade that has ended, with the person's words and payment details in it. */
async function tradeBetween(seller: Person, buyer: Person): Promise<void> {
  await market.credit(seller, 'BTC', '1')
  const offer = (await seller.post('/v1/offers', offerBody({ totalAmount: '0.1', maxAmount: '0.1' }))).body
  const take = { amount: '0.1', paymentMethodType: 'sepa' }
  const trade = (await buyer.post(`/v1/offers/${offer.id}/trades`, take, 'the key of the take')).body.id
  await buyer.post(`/v1/trades/${trade}/payment`)
  assert.equal((await seller.post(`/v1/trades/${trade}/release`)).status, 200)
  const said = { rating: '4', feedback: PLANTED.feedback }
  assert.equal((await seller.post(`/v1/trades/${trade}/rating`, said, 'the key of the rating')).status, 201)
  assert.equal((await buyer.post(`/v1/trades/${trade}/rating`, said, 'another key')).status, 201)
  const answer = { text: PLANTED.answer }
  assert.equal((await seller.post(`/v1/trades/${trade}/rating/answer`, answer, 'of the answer')).status, 201)
  // The take has written where the buyer pays to, with the name of the bank.
  const { rows } = await superuser.query(
    'update crypto_trades set metadata = to_jsonb($2::text) where id = $1 returning payment_details',
    [trade, PLANTED.destination],
  )
  assert.equal(rows[0].payment_details?.provider, PLANTED.method)
  await superuser.query('update crypto_escrows set metadata = to_jsonb($2::text) where trade_id = $1', [
    trade,
    PLANTED.destination,
  ])
}

async function sealedOf(person: Person): Promise<{ place: Place; sealed: string }[]> {
  const { rows } = await superuser.query(
    `select 'public.crypto_payment_methods' as "table", 'account_details_encrypted' as "column", id as "row",
       account_details_encrypted as sealed from crypto_payment_methods where user_id = $1
     union all select 'public.crypto_wallets', 'encrypted_private_key', id, encrypted_private_key
     from crypto_wallets where user_id = $1 and encrypted_private_key is not null`,
    [person.id],
  )
  return rows.map(({ sealed, ...place }) => ({ place, sealed }))
}

/** Where any of the words is, in whatever column of whatever table. */
async function findEverywhere(words: string[]): Promise<string[]> {
  const tables = await superuser.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = relnamespace
     where nspname !~ '^pg_' and nspname <> 'information_schema' and relkind = 'r'`,
  )
  const found: string[] = []
  for (const { name } of tables.rows) {
    const { rows } = await superuser.query<{ word: string; line: string }>(
      `select word, left(to_jsonb(t)::text, 600) as line from ${name} t, unnest($1::text[]) word
       where position(lower(word) in lower(to_jsonb(t)::text)) > 0`,
      [words],
    )
    found.push(...rows.map(({ word, line }) => `${word} is in ${name}: ${line}`))
  }
  return found
}

function rowsOf(erasure: { rows: { table: string; rows: number }[] }, table: string): number | undefined {
  return erasure.rows.find((row) => row.table === table)?.rows
}
