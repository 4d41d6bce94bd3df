import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type pg from 'pg'
import { call, type Market, offerBody, startMarket } from '../support/market.ts'
import { connected } from './support.ts'

let market: Market
let superuser: pg.Client
before(async () => {
  market = await startMarket()
  superuser = await connected(market.database.superuserUrl)
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

/** What must not be in the log, however it came into the tables. */
const PLANTED = {
  email: 'planted.person@example.org',
  newEmail: 'planted.other@example.org',
  password: 'planted password 7Qx',
  displayName: 'planted_display_name',
  userAgent: 'PlantedBrowser/1.0',
  country: 'ZW',
  iban: 'DE02120300000000202051',
  provider: 'Planted Bank Ltd',
  wallet: 'bc1qplantedaddress00000000000',
  investment: 'planted investment strategy',
  evidence: 'planted evidence text',
  keyName: 'planted key name',
  passkeyName: "planted person's telephone",
}

test('no planted secret, name, address or detail of a person is in the log', async () => {
  const headers = { 'user-agent': PLANTED.userAgent }
  const { email, password, displayName } = PLANTED
  const made = await call(market.url, 'POST', '/v1/auth/register', { email, password, displayName }, headers)
  assert.equal(made.status, 201)
  const person: string = made.body.user.id
  const token = { authorization: `Bearer ${made.body.token}`, ...headers }
  const signedIn = await call(market.url, 'POST', '/v1/auth/login', { email, password }, headers)
  assert.equal(signedIn.status, 200)
  await call(
    market.url,
    'PATCH',
    '/v1/me',
    { country: PLANTED.country, displayName: 'planted_display_name_2' },
    token,
  )
  await call(market.url, 'POST', '/v1/api-keys', { name: PLANTED.keyName, scopes: ['read'] }, token)
  await call(market.url, 'POST', '/v1/offers', offerBody(), token)
  await namePasskey(person, PLANTED.passkeyName)
  const place = { table: 'public.crypto_payment_methods', column: 'account_details_encrypted', row: person }
  const sealed = await market.sealer.seal(person, place, Buffer.from(PLANTED.iban))
  await superuser.query(
    `insert into crypto_payment_methods (id, user_id, type, provider, account_details_encrypted)
     values ($1, $1, 'sepa', $2, $3)`,
    [person, PLANTED.provider, sealed],
  )
  await superuser.query(
    'update crypto_payment_methods set account_details_encrypted = $2 where user_id = $1',
    [person, await market.sealer.seal(person, place, Buffer.from(`${PLANTED.iban}1`))],
  )
  await superuser.query(
    `update crypto_profiles set investment_strategy = $2, wallet_address = $3, security_settings = jsonb_build_object('x', $2::text)
     where user_id = $1`,
    [person, PLANTED.investment, PLANTED.wallet],
  )
  await superuser.query(
    'insert into crypto_wallets (user_id, currency, wallet_address) values ($1, $2, $3)',
    [person, 'LTC', PLANTED.wallet],
  )
  await superuser.query('update users set email = $2 where id = $1', [person, PLANTED.newEmail])
  await superuser.query('delete from crypto_payment_methods where user_id = $1', [person])

  const { rows } = await superuser.query<{ line: string }>('select e::text as line from audit.events e')
  const hashes = await superuser.query<{ hash: string }>(
    `select password_hash as hash from fairlock.credentials
     union all select encode(token_hash, 'hex') from fairlock.sessions
     union all select encode(token_hash, 'hex') from fairlock.api_keys
     union all select encode(wrapped, 'hex') from fairlock.data_keys
     union all select host(address) from fairlock.sessions`,
  )
  const secrets = [...Object.values(PLANTED), sealed, made.body.token, ...hashes.rows.map(({ hash }) => hash)]
  assert.ok(rows.length > 12)
  for (const secret of secrets) {
    for (const form of [
      secret,
      Buffer.from(secret).toString('base64'),
      Buffer.from(secret).toString('hex'),
    ]) {
      const found = rows.find(({ line }) => line.toLowerCase().includes(form.toLowerCase()))
      assert.equal(found, undefined, `${form} is in ${found?.line}`)
    }
  }
})

test('every watched table leaves a line at an insert, a change and a removal, with a reason', async () => {
  const { rows } = await superuser.query<{ name: string; noticed: string[]; events: string[] }>(
    `select w.name, (select array_agg(attname::text) from pg_attribute
         where attrelid = tgrelid and attnum = any (tgattr::smallint[])) as noticed,
       array_remove(array[case when tgtype & 4 > 0 then 'insert' end, case when tgtype & 8 > 0 then 'delete' end,
         case when tgtype & 16 > 0 then 'update' end], null) as events
     from audit.watched() w left join pg_trigger on tgrelid = w.name::regclass and tgname = 'recorded'`,
  )
  assert.ok(rows.length > 12)
  for (const { name, events, noticed } of rows) {
    assert.deepEqual(events, ['insert', 'delete', 'update'], name)
    const { rows: columns } = await superuser.query<{ name: string }>(
      `select attname as name from pg_attribute, audit.watched() w where w.name = $1 and attrelid = w.name::regclass
         and attnum > 0 and not attisdropped and attgenerated = '' and attname <> all (w.ignored)`,
      [name],
    )
    assert.deepEqual(noticed.toSorted(), columns.map((one) => one.name).sort(), name)
  }
  const silent = await superuser.query(
    `select action from audit.events where changes is not null and reason is null`,
  )
  assert.deepEqual(silent.rows, [])
})

test('what a person does by commands has the person, the time, the session and the request', async () => {
  const person = await market.person('actor')
  await person.patch('/v1/me', { country: 'FR' })
  const { rows } = await superuser.query(
    `select action, reason, session_id is not null as session, request_id is not null as request,
       at between now() - interval '1 minute' and now() as at
     from audit.events where actor_id = $1 and subject_id = $1 order by id`,
    [person.id],
  )
  const rest = { session: true, request: true, at: true }
  assert.deepEqual(rows.slice(-2), [
    { action: 'crypto_profiles.changed', reason: 'change_me', ...rest },
    { action: 'person.changed', reason: null, ...rest },
  ])
})

/** Adds a passkey and removes it, as the API does once a signature has been verified. */
async function namePasskey(person: string, name: string): Promise<void> {
  const made = { credentialId: 'AAECAw==', publicKey: 'AAECAw==', counter: 0, transports: [], name }
  const added = { ...made, backedUp: false, rpId: 'localhost', codeHashes: [] }
  await superuser.query('begin')
  await superuser.query(`select set_config('fairlock.user_id', $1, true)`, [person])
  const { rows } = await superuser.query(`select fairlock.add_passkey($1) as answer`, [added])
  await superuser.query('select fairlock.remove_passkey($1)', [rows[0].answer.passkey.id])
  await superuser.query('commit')
}
