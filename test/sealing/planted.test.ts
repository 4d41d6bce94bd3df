import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import type { Embedded } from '../../src/platform/embedded/index.ts'
import { Database, newId } from '../../src/platform/index.ts'
import { FileKeyring, Sealer } from '../../src/platform/sealing/index.ts'
import { codeOf } from '../factors/support.ts'
import { Program } from '../faults/program.ts'
import { picture } from '../files/support.ts'
import { call, offerBody } from '../support/market.ts'
import { formsOf, secretsIn, secretsInFolder } from './forms.ts'

// I14: what is planted through the real program at its most talkative is nowhere afterwards, in no form: not in the data
// folder, the WAL, a base backup, the logs, the audit log, the metrics or an answer to somebody else.
const SECRETS: Record<string, Buffer> = {
  'a private key': randomBytes(32),
  'a backup phrase': Buffer.from(
    'abandon ability zebra canyon orbit velvet puzzle lantern cactus rhythm gadget wisdom',
  ),
  'an IBAN': Buffer.from('DE89370400440532013000'),
  'a TOTP secret': Buffer.from('JBSWY3DPEHPK3PXPZ5GQ7Y2T'),
  'a chat line': Buffer.from('meet me behind the old observatory at nine'),
  'a file': Buffer.from('the receipt of Quillfeather and Sons for seven hundred gold ducats'),
  'the name of a file': Buffer.from('ransom-note-of-quillfeather'),
  'what is in a picture': Buffer.from('photographed by Ottoline Quillfeather in her kitchen'),
  'a password': Buffer.from('correct-horse-battery-zeppelin-42'),
  'a wrong password': Buffer.from('wrong-horse-battery-zeppelin-43'),
}

let program: Program
let server: Embedded
let superuser: pg.Client
let answers = ''
before(async () => {
  program = await Program.prepare([], { LOG_LEVEL: 'trace' })
  await program.start()
  await program.furnish()
  server = await program.database()
  superuser = new pg.Client(server.superuserUrl)
  await superuser.connect()
  await superuser.query(`alter system set log_min_messages = 'info'`)
  await superuser.query(`alter system set log_min_duration_statement = 0`)
  await superuser.query('select pg_reload_conf()')
})
after(async () => {
  await superuser?.end()
  await program?.stop()
})

test('planted secrets are nowhere to be found (I14)', async () => {
  await plant()
  const planted = Object.keys(SECRETS)
  assert.ok(planted.includes('a session token') && planted.includes('a recovery code'))
  await superuser.query('checkpoint')
  await superuser.query('select pg_switch_wal()')
  const backup = mkdtempSync(join(tmpdir(), 'fairlock-backup-'))
  try {
    await superuser.query(`select pg_backup_start('planted', true)`)
    cpSync(server.pgdata, backup, { recursive: true, filter: (path) => !path.includes('.s.PGSQL') })
    await superuser.query('select pg_backup_stop()')
    assert.deepEqual(secretsInFolder(backup, SECRETS), [], 'the backup')
  } finally {
    rmSync(backup, { recursive: true, force: true })
  }
  assert.deepEqual(
    secretsInFolder(dirname(server.pgdata), SECRETS),
    [],
    'the data folder, WAL and logs of PostgreSQL',
  )
  assert.ok(program.said.includes('"level":'), 'the program has said something')
  assert.deepEqual(secretsIn(Buffer.from(program.said), SECRETS), [], 'the log of the program')
  const metrics = await call(program.url, 'GET', '/metrics')
  assert.match(String(metrics.body), /fairlock_data_keys/)
  assert.deepEqual(secretsIn(Buffer.from(String(metrics.body)), SECRETS), [], 'the metrics')
  assert.deepEqual(secretsIn(Buffer.from(answers), SECRETS), [], 'answers, those of errors above all')
  const { rows } = await superuser.query('select to_jsonb(e)::text as line from audit.events e')
  assert.ok(rows.length > 0)
  assert.deepEqual(
    secretsIn(Buffer.from(rows.map(({ line }) => line).join('\n')), SECRETS),
    [],
    'the audit log',
  )
})

test('the search finds each secret, in every form, where one is left in clear', async () => {
  const name = 'a private key'
  const forms = formsOf(SECRETS[name]!)
  assert.ok(forms.length >= 12)
  for (const form of forms)
    assert.deepEqual(secretsIn(Buffer.concat([randomBytes(50), form]), SECRETS), [name])
  const inside = Buffer.concat([Buffer.from('ab'), SECRETS[name]!, Buffer.from('c')]).toString('base64url')
  assert.deepEqual(secretsIn(Buffer.from(inside), SECRETS), [name])
  // The values of a table: in the data files and in the WAL.
  await superuser.query('create table public.scratch_clear (value bytea)')
  await superuser.query('insert into public.scratch_clear values ($1)', [SECRETS[name]])
  await superuser.query('checkpoint')
  const found = secretsInFolder(server.pgdata, SECRETS)
  assert.ok(
    found.some((one) => one.startsWith(`${name} in base/`)),
    found.join(),
  )
  assert.ok(
    found.some((one) => one.startsWith(`${name} in pg_wal/`)),
    found.join(),
  )
})

/** Goes through the API with the secrets, right and wrong, and seals the others as the program does. */
async function plant(): Promise<void> {
  const password = String(SECRETS['a password'])
  const email = 'planted@example.org'
  const made = await ask('POST', '/v1/auth/register', { email, password, displayName: 'planted' }, {}, false)
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const login = await ask('POST', '/v1/auth/login', { email, password }, {}, false)
  const token: string = login.body.token
  SECRETS['a session token'] = Buffer.from(token.split('.')[1]!, 'base64url')
  const headers = { authorization: `Bearer ${token}` }
  const key = await ask('POST', '/v1/api-keys', { name: 'bot', scopes: ['read'] }, headers, false)
  assert.equal(key.status, 201, JSON.stringify(key.body))
  SECRETS['an API key'] = Buffer.from(
    String(key.body.token ?? key.body.key)
      .split('.')
      .at(-1)!,
    'base64url',
  )
  await seal(made.body.user.id)
  await enrol(headers)
  await uploadFiles(headers)
  const offer = await ask('POST', '/v1/offers', offerBody(), { ...headers, 'idempotency-key': 'planted' })
  await chat(offer.body.id, headers)
  const wrong = String(SECRETS['a wrong password'])
  await ask('POST', '/v1/auth/login', { email, password: wrong })
  await ask('POST', '/v1/auth/login', { email, password: wrong, extra: password })
  await ask('POST', '/v1/auth/login', `{"email": "${email}", "password": "${password}`)
  await ask('POST', '/v1/auth/register', { email, password, displayName: 'planted' })
  await ask('POST', '/v1/auth/register', { email: 'x', password, displayName: '' })
  await ask('POST', '/v1/me/password', { password: wrong, newPassword: password }, headers)
  await ask('POST', '/v1/me/password', { currentPassword: wrong, newPassword: password }, headers)
  await ask('GET', '/v1/me', undefined, { authorization: `Bearer ${token}x` })
  await ask('GET', '/v1/me', undefined, { authorization: `Basic ${btoa(`${email}:${password}`)}` })
  await ask('GET', '/v1/nowhere', undefined, { ...headers, cookie: `fairlock_session=${token}` })
  for (const place of ['/v1/me', '/v1/api-keys', '/v1/me/sessions', '/v1/me/security', '/v1/me/notices'])
    await ask('GET', place, undefined, headers)
}

/** Says the line in the chat of a trade, rightly and wrongly, with a key and without; the two sides alone may hear it. */
async function chat(offer: string, headers: Record<string, string>): Promise<void> {
  const other = {
    email: 'other@example.org',
    password: 'four quiet words of the other',
    displayName: 'other',
  }
  const made = await ask('POST', '/v1/auth/register', other)
  const others = { authorization: `Bearer ${made.body.token}` }
  const take = { amount: '0.1', paymentMethodType: 'sepa' }
  const trade = await ask('POST', `/v1/offers/${offer}/trades`, take, others)
  assert.equal(trade.status, 201, JSON.stringify(trade.body))
  const path = `/v1/trades/${trade.body.id}/messages`
  const text = String(SECRETS['a chat line'])
  const key = { 'idempotency-key': 'planted line' }
  for (const body of [{ text }, { text }]) {
    const said = await ask('POST', path, body, { ...others, ...key }, false)
    assert.equal(said.status, 201, JSON.stringify(said.body))
  }
  const heard = await ask('GET', path, undefined, headers, false)
  // Beside what the program says of the trade meanwhile.
  const words = heard.body.items.map((message: { text: string }) => message.text)
  assert.ok(words.includes(text), words.join(' | '))
  await ask('POST', path, { text: `${text}!` }, { ...others, ...key })
  await ask('POST', path, { text: `${text}\u0000` }, others)
  await ask('POST', path, { text, more: text }, others)
  await ask('POST', path, { text }, {})
  await ask('POST', path.replace(trade.body.id, offer), { text }, others)
  await ask('POST', `${path}/read`, { upTo: text }, headers)
  for (const place of ['/v1/me/unread-messages', `/v1/trades/${trade.body.id}`, `${path}?after=9`])
    await ask('GET', place, undefined, headers)
}

/** Uploads a text and a picture, looks at them, and is refused what is no file. */
async function uploadFiles(headers: Record<string, string>): Promise<void> {
  const noted = { IFD0: { Copyright: String(SECRETS['what is in a picture']) } }
  const photo = await picture(500, 400).withExif(noted).jpeg().toBuffer()
  assert.deepEqual(secretsIn(photo, SECRETS), ['what is in a picture'])
  for (const [content, ending] of [
    [SECRETS['a file']!, 'txt'],
    [photo, 'jpg'],
  ] as const) {
    const file = await send(content, ending)
    assert.equal(file.status, 201, await file.clone().text())
    const { id } = (await file.json()) as { id: string }
    for (const path of [`/v1/files/${id}`, `/v1/files/${id}/thumbnail`]) {
      const seen = await fetch(program.url + path, { headers })
      if (path.endsWith('thumbnail')) answers += await seen.text()
    }
  }
  for (const wrong of [Buffer.concat([SECRETS['a file']!, Buffer.alloc(1)]), photo.subarray(0, -100)])
    answers += await (await send(wrong, 'txt')).text()

  function send(content: Buffer, ending: string): Promise<Response> {
    const body = new FormData()
    body.append('purpose', 'evidence')
    body.append('file', new Blob([new Uint8Array(content)]), `${SECRETS['the name of a file']}.${ending}`)
    return fetch(`${program.url}/v1/files`, { method: 'POST', headers, body })
  }
}

/** Switches one-time codes on: the secret and the recovery codes are in these two answers and nowhere else. */
async function enrol(headers: Record<string, string>): Promise<void> {
  const started = await ask('POST', '/v1/me/two-factor', undefined, headers, false)
  assert.equal(started.status, 200, JSON.stringify(started.body))
  const secret: string = started.body.secret
  const totp = codeOf(secret)
  const confirmed = await ask('POST', '/v1/me/two-factor/confirmation', { totp }, headers, false)
  assert.equal(confirmed.status, 200, JSON.stringify(confirmed.body))
  SECRETS['a TOTP secret of the API'] = Buffer.from(secret)
  const [code, another] = confirmed.body.recoveryCodes as string[]
  SECRETS['a recovery code'] = Buffer.from(code!)
  SECRETS['a recovery code as it may be typed'] = Buffer.from(another!.replaceAll('-', ''))
  await ask('POST', '/v1/me/step-up', { recoveryCode: code, totp }, headers)
  await ask('POST', '/v1/me/step-up', { recoveryCode: `${code}0` }, headers)
  await ask('POST', '/v1/me/step-up', { recoveryCode: code }, headers)
}

async function seal(user: string): Promise<void> {
  const db = new Database(server.appUrl, { connections: 2 })
  const sealer = new Sealer(db, new FileKeyring(join(program.dataDir, 'keyring.json')))
  const profile = await superuser.query('select id from crypto_profiles where user_id = $1', [user])
  const ids = { wallet: newId(), sepa: newId() }
  await superuser.query(`insert into crypto_wallets (id, user_id, currency) values ($1, $2, 'ETH')`, [
    ids.wallet,
    user,
  ])
  const write = (
    table: string,
    column: string,
    row: string,
    secret: string,
    text: string,
    values: unknown[],
  ) =>
    sealer.store(user, { table: `public.${table}`, column, row }, SECRETS[secret]!, (sealed) =>
      superuser.query(text, [row, sealed, ...values]),
    )
  const update = (table: string, column: string, row: string, secret: string) =>
    write(table, column, row, secret, `update ${table} set ${column} = $2 where id = $1`, [])
  const insert = `insert into crypto_payment_methods (id, account_details_encrypted, user_id, type, provider)
    values ($1, $2, $3, 'sepa', 'bank')`
  const details = ['crypto_payment_methods', 'account_details_encrypted'] as const
  await update('crypto_wallets', 'encrypted_private_key', ids.wallet, 'a private key')
  await update('crypto_wallets', 'backup_phrase_encrypted', ids.wallet, 'a backup phrase')
  await update('crypto_profiles', 'two_factor_secret', profile.rows[0].id, 'a TOTP secret')
  await write(...details, ids.sepa, 'an IBAN', insert, [user])
  // A value refused by the guard is not to be quoted by PostgreSQL's error or its log either.
  const refused = superuser.query('update crypto_profiles set two_factor_secret = $1', ['not sealed'])
  await assert.rejects(refused, { code: 'FL098' })
  sealer.close()
  await db.close()
}

/** A request; its answer is looked through, but for the few that hand a secret to its owner. */
async function ask(method: string, path: string, body?: unknown, headers = {}, isSearched = true) {
  const answer = await call(program.url, method, path, body, headers)
  if (isSearched) answers += JSON.stringify(answer.body)
  return answer
}
