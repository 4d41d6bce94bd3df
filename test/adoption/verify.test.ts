import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Registry } from 'prom-client'
import {
  adoptionFigures,
  adoptionGauges,
  fileOf,
  type SignedReport,
  signReport,
  textOf,
  verifyAdoption,
} from '../../src/adoption/index.ts'
import type { Signer } from '../../src/audit/index.ts'
import { asEngine } from '../../src/platform/index.ts'
import { withSession } from '../../src/platform/migrator/index.ts'
import { TEST_KEYS } from '../support/market.ts'
import { type HandMade, handMade, id, SECRET } from './hand-made.ts'

// Written for Node alone; it has no types.
type Checked = { ok: boolean; passed: boolean; wrong: string | null }
const { check } = (await import(
  new URL('../../scripts/verify-adoption-report.mjs', import.meta.url).href
)) as { check: (text: string, key?: string) => Checked }

let made: HandMade
let folder: string
before(async () => {
  made = await handMade()
  folder = await mkdtemp(join(tmpdir(), 'fairlock-adoption-'))
})
after(() => rm(folder, { recursive: true, force: true }))

const verified = () => verifyAdoption(made.ownerUrl, { version: 'test' })

test('a clean take-over passes, and its sums come out to the last decimal', async () => {
  const report = await verified()
  assert.deepEqual(report.findings, [])
  assert.equal(report.passed, true)
  const transactions = report.tables.find(({ table }) => table === 'crypto_transactions')!
  assert.deepEqual(transactions.counts, { in: 20, carried: 19, quarantined: 1, marks: 0 })
  assert.deepEqual(
    transactions.money.map(({ status, old, new: fresh, setAside, unreadable }) => [
      status,
      old,
      fresh,
      setAside,
      unreadable,
    ]),
    [
      ['completed', '12.59259156', '12.59259156', '0', 1],
      ['pending', '12.604937329', '12.60493732', '0.000000009', 0],
    ],
  )
  for (const { columns } of report.tables) for (const one of columns) assert.equal(one.old, one.new)
  assert.ok(report.orphans.references > 50)
  assert.ok(report.ledger.checks.length > 20)
  assert.equal(report.secrets.searched, 1)
  assert.match(textOf(signReport(report, null)), /PASSED[\s\S]*signature {2}none/)
})

test('one changed byte breaks the signature, and so does the key of somebody else', async () => {
  const report = await verified()
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(12)
  const signer: Signer = {
    keyId: createHash('sha256').update(raw).digest('hex').slice(0, 16),
    publicKey: raw,
    sign: (hash) => sign(null, hash, privateKey),
  }
  const text = fileOf(signReport(report, signer))
  const good = check(text)
  assert.deepEqual([good.ok, good.passed, good.wrong], [true, true, null])
  assert.equal(check(text, raw.toString('hex')).ok, true)
  assert.equal(check(text, 'ab'.repeat(32)).ok, false)
  const bytes = Buffer.from(text)
  for (let i = 0; i < bytes.length; i += i < bytes.length - 900 ? 61 : 1) {
    const changed = Buffer.from(bytes)
    changed[i] = changed[i]! ^ 1
    assert.equal(check(changed.toString()).ok, false, `byte ${i} of ${bytes.length}`)
  }
  assert.equal(check(text.replace('\n', '\n\n')).ok, false)
  assert.match(check(fileOf(signReport(report, null))).wrong ?? '', /nobody signed/)
})

test('fairlock db verify writes a signed report that a script without Fairlock checks, and goes on the record', async () => {
  const file = join(folder, 'report.json')
  const { code, err, out } = await fairlock('db', 'verify', '--out', file, '--require-signature')
  assert.equal(code, 0, err + out)
  const script = spawnSync(process.execPath, ['scripts/verify-adoption-report.mjs', file])
  assert.equal(script.status, 0, String(script.stdout))
  const signed = JSON.parse(await readFile(file, 'utf8')) as SignedReport
  const { rows } = await asEngine(made.ownerUrl, (client) =>
    client.query(
      `select r.passed, r.key_id, r.signature, r.report = $1::jsonb as same,
         (select key.public_key from audit.signing_keys key where key.id = r.key_id) as key,
         (select e.details ->> 'sha256' from audit.events e where e.action = 'adoption.verified' order by e.id desc limit 1) as logged
       from fairlock_adoption.reports r order by r.id desc limit 1`,
      [JSON.stringify(signed.report)],
    ),
  )
  const { keyId, publicKey, signature } = signed.signature!
  assert.deepEqual(rows[0], {
    passed: true,
    key_id: keyId,
    signature,
    same: true,
    key: Buffer.from(publicKey, 'hex'),
    logged: signed.sha256,
  })
  assert.equal((await fairlock('db', 'verify', '--out', file)).code, 2)
})

test('the figures, the metrics and what the status shows are one', async () => {
  await made.tamper(
    `insert into fairlock_adoption.progress (table_name, rows_done, rows_total) values ('crypto_trades', 2, 8);
     insert into fairlock_adoption.batches (table_name, rows, ms, probe_p99_ms, pause_ms, retries)
     values ('crypto_trades', 2, 7.5, 3.25, 20, 1)`,
  )
  const figures = (await withSession(made.ownerUrl, (client) => adoptionFigures(client, true)))!
  const trades = figures.tables.find(({ table }) => table === 'crypto_trades')!
  assert.deepEqual([trades.done, trades.total, trades.carried, trades.finished], [2, 8, 8, false])
  assert.deepEqual(figures.quarantine, { not_finite: 1 })
  assert.deepEqual(figures.setAside, { decimals_cut: 1, email_repeated: 1, secret_in_clear: 1 })
  assert.deepEqual(
    [figures.batches.p99Ms, figures.batches.probeP99Ms, figures.batches.retries],
    [7.5, 3.25, 1],
  )
  assert.equal(figures.verified?.passed, true)
  const registry = new Registry()
  adoptionGauges(registry, async () => figures)
  const metrics = await registry.metrics()
  assert.match(metrics, /^fairlock_adoption_phase\{phase="beside"\} 1$/m)
  assert.match(metrics, /^fairlock_adoption_rows_done\{table="crypto_trades"\} 2$/m)
  assert.match(metrics, /^fairlock_adoption_probe_p99_seconds 0\.00325$/m)
  assert.match(metrics, /^fairlock_adoption_quarantine_reasons\{code="not_finite"\} 1$/m)
  assert.match(metrics, /^fairlock_adoption_mismatches 0$/m)
  const none = new Registry()
  adoptionGauges(none, async () => null)
  assert.doesNotMatch(await none.metrics(), /^fairlock/m)
  const watched = await fairlock('db', 'status', '--prometheus')
  assert.match(watched.out, /^fairlock_adoption_rows_total\{table="crypto_trades"\} 8$/m)
})

test('whatever an intruder changes, adds or removes on either side is named, and nothing else', async () => {
  const t = 'crypto_transactions'
  const tamperings: [sql: string, ...expected: string[]][] = [
    [
      `update crypto_transactions set amount = amount + 1e-8 where id = '${id(4, 1)}'`,
      `value ${t} ${id(4, 1)}`,
    ],
    [`delete from crypto_transactions where id = '${id(4, 2)}'`, `orphan ${t} ${id(4, 2)}`],
    [
      `insert into crypto_transactions (id, user_id, amount, currency, status, transaction_type, created_at)
       values ('${id(4, 99)}', '${id(1, 1)}', 1, 'BTC', 'completed', 'deposit', '2021-06-01')`,
      `count ${t} ${id(4, 99)}`,
    ],
    [
      `update old.crypto_transactions set transaction_hash = 'x' where id = '${id(4, 3)}'`,
      `record ${t} ${id(4, 3)}`,
      `value ${t} ${id(4, 3)}`,
    ],
    [`delete from old.crypto_transactions where id = '${id(4, 4)}'`, `count ${t} ${id(4, 4)}`],
    [
      `insert into old.crypto_transactions (id, user_id, amount, currency, status, transaction_type)
       values ('${id(4, 98)}', '${id(1, 1)}', 1, 'BTC', 'OK', 'in')`,
      `count ${t} ${id(4, 98)}`,
      `money ${t} null`,
    ],
    [
      `delete from fairlock_adoption.carried where key = '${id(4, 5)}'`,
      `count ${t} ${id(4, 5)}`,
      `count ${t} ${id(4, 5)}`,
    ],
    [
      `insert into fairlock_adoption.quarantine (table_name, key, reasons, old_row)
       values ('${t}', '${id(4, 6)}', '[]', '{}')`,
      `count ${t} ${id(4, 6)}`,
    ],
    [
      `update crypto_transactions set user_id = '${id(1, 77)}' where id = '${id(4, 9)}'`,
      `orphan ${t} ${id(4, 9)}`,
      `value ${t} ${id(4, 9)}`,
    ],
    [
      `update crypto_trades set price = price + 1e-8 where id = '${id(5, 6)}'`,
      `value crypto_trades ${id(5, 6)}`,
    ],
    [
      `update fairlock.offers set total_amount = 0.6 where id = '${id(5, 1)}'`,
      `value crypto_trades ${id(5, 1)}`,
      `money crypto_trades null`,
    ],
    [
      `update crypto_profiles set security_settings = '{"other": "${SECRET}"}' where id = '${id(2, 3)}'`,
      `secret crypto_profiles ${id(2, 3)}`,
    ],
    [
      `update crypto_profiles set kyc_status = 'full' where id = '${id(2, 1)}'`,
      `value crypto_profiles ${id(2, 1)}`,
    ],
    [
      `update crypto_wallets w set balance = o.balance from crypto_wallets o
       where (w.user_id, o.user_id) in (('${id(1, 3)}', '${id(1, 4)}'), ('${id(1, 4)}', '${id(1, 3)}'))`,
      `money crypto_wallets ${id(3, 4)}`,
      `money crypto_wallets ${id(3, 5)}`,
    ],
    // What a trigger marked waits to be carried again, and what Fairlock changed itself is its own.
    [
      `update old.crypto_transactions set amount = 5 where id = '${id(4, 10)}';
       insert into fairlock_adoption.marks (table_name, key) values ('${t}', '${id(4, 10)}')`,
    ],
    [
      `update users set email = 'new@example.org' where id = '${id(1, 7)}';
       insert into audit.events (action, subject, subject_id, reason)
       values ('users.changed', 'users', '${id(1, 7)}', 'email.change')`,
    ],
  ]
  await made.tamper(tamperings.map(([sql]) => sql).join(';\n'))
  const report = await verified()
  const own = report.findings.filter(({ check: kind }) => kind !== 'ledger')
  const found = new Set(own.map(({ check: kind, table, key }) => `${kind} ${table} ${key}`))
  assert.deepEqual([...found].sort(), [...new Set(tamperings.flatMap(([, ...keys]) => keys))].sort())
  // The books say the same of the swapped wallets.
  const books = report.findings.filter(({ check: kind, what }) => kind === 'ledger' && /I5/.test(what))
  assert.ok(books.some(({ key }) => key === id(3, 4)) && books.some(({ key }) => key === id(3, 5)))
  assert.equal(report.passed, false)
  const pending = own.find(({ check: kind, what }) => kind === 'value' && /amount is not/.test(what))
  assert.match(pending!.what, /0\.12345679 instead of 0\.12345678/)
  for (const { what, todo } of report.findings) assert.ok(what !== '' && todo !== '')
  assert.ok(!JSON.stringify(report).includes(SECRET.slice(0, 20)))
  const { code, err } = await fairlock('db', 'verify')
  assert.equal(code, 1, err)
})

function fairlock(...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const env = {
    ...process.env,
    ...TEST_KEYS,
    FAIRLOCK_KEYRING: 'env:TEST_KEYRING',
    DATABASE_URL: made.ownerUrl,
    FAIRLOCK_APP_DATABASE_URL: made.appUrl,
  }
  return new Promise((resolve) => {
    execFile(process.execPath, ['src/main.ts', ...args], { env }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    )
  })
}
