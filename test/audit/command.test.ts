import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type pg from 'pg'
import { type Market, TEST_KEYS } from '../support/market.ts'
import { connected, forgeChain, publishedBlocks, seal, sealedMarket } from './support.ts'

const KEYRING = { FAIRLOCK_KEYRING: 'env:TEST_KEYRING' }
const urls = () => ({
  DATABASE_URL: market.database.ownerUrl,
  FAIRLOCK_APP_DATABASE_URL: market.database.appUrl,
})
let market: Market
let superuser: pg.Client
let folder: string
before(async () => {
  market = await sealedMarket()
  superuser = await connected(market.database.superuserUrl)
  folder = await mkdtemp(join(tmpdir(), 'fairlock-audit-'))
})
after(async () => {
  await superuser?.end()
  await market?.stop()
  if (folder) await rm(folder, { recursive: true })
})

function audit(...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const env = { ...process.env, ...TEST_KEYS, ...KEYRING, ...urls() }
  return new Promise((resolve) => {
    execFile(process.execPath, ['src/main.ts', 'audit', ...args], { env }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    )
  })
}

test('fairlock audit roots writes lines of JSON, from a block on, with and without the leaves', async () => {
  const blocks = await publishedBlocks(market)
  const file = join(folder, 'roots.jsonl')
  assert.deepEqual(await audit('roots', '--output', file), { code: 0, out: '', err: '' })
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    blocks,
  )
  const some = await audit('roots', '--since', '3', '--roots-only')
  assert.deepEqual(
    some.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
    (await publishedBlocks(market, false)).slice(3),
  )
  assert.equal((await audit('roots', '--output', file)).code, 2)
  assert.equal((await audit('roots', '--since', 'x')).code, 2)
})

test('fairlock audit verify says that all is well, and leaves a row about it', async () => {
  const { code, out, err } = await audit('verify', '--roots', join(folder, 'roots.jsonl'))
  assert.deepEqual([code, err], [0, ''])
  assert.match(out, /^\d+ rows, (\d+) blocks, \1 of them as published\./)
  const json = await audit('verify', '--json')
  assert.deepEqual([json.code, JSON.parse(json.out).ok], [0, true])
  const { rows } = await superuser.query(
    `select reason, details ->> 'ok' as ok from audit.events where action = 'audit.verified' order by id`,
  )
  assert.deepEqual(rows, [
    { reason: 'command line', ok: 'true' },
    { reason: 'command line', ok: 'true' },
  ])
  assert.equal((await audit('verify', '--roots', join(folder, 'none'))).code, 2)
})

test('fairlock audit new-key makes a key that signs from then on', async () => {
  const { code, out, err } = await audit('new-key')
  assert.equal(code, 0, err)
  const key = /signed with ([0-9a-f]{16}) from/.exec(out)?.[1]
  await seal(market)
  assert.equal((await publishedBlocks(market)).at(-1)?.keyId, key)
  assert.equal((await audit('verify')).code, 0)
})

test('fairlock audit search shows what happened, and is on the record', async () => {
  const { code, out } = await audit('search', '--action', 'trade.completed', '--json')
  assert.equal(code, 0)
  const items = JSON.parse(out)
  assert.ok(items.length > 0)
  assert.deepEqual(items[0].changes, { escrow: 'released', status: ['paid', 'completed'] })
  assert.match((await audit('search', '--limit', '3')).out, /audit\.searched/)
  for (const bad of [
    ['--actor', 'me'],
    ['--from', 'x'],
    ['--limit', '0'],
  ]) {
    assert.equal((await audit('search', ...bad)).code, 2, bad.join(' '))
  }
})

test('fairlock audit retire asks first, and says what it cannot do', async () => {
  assert.equal((await audit('retire', '--before', '2020', '--reason', 'x')).code, 2)
  const nothing = await audit('retire', '--before', '2020-01', '--reason', 'x', '--yes')
  assert.deepEqual(
    [nothing.code, nothing.err],
    [1, 'fairlock: There is no month before 2020-01 in the log.\n'],
  )
  await superuser.query(`create table audit.events_2019_12 partition of audit.events
    for values from ('2019-12-01Z') to ('2020-01-01Z')`)
  await superuser.query('alter table audit.events_2019_12 owner to fairlock_owner')
  assert.equal((await audit('retire', '--before', '2020-01', '--reason', 'x')).code, 2)
  const done = await audit('retire', '--before', '2020-01', '--reason', 'law of 2018', '--yes')
  assert.deepEqual(done, {
    code: 0,
    out: 'Retired 0 rows of audit.events_2019_12. Their blocks stay.\n',
    err: '',
  })
})

test('fairlock audit verify names the first wrong row though the owner forged the chain behind it', async () => {
  await seal(market)
  const file = join(folder, 'before.jsonl')
  await audit('roots', '--output', file)
  const row = (await publishedBlocks(market))[4]!.ids![1]!
  await superuser.query('set session_replication_role = replica')
  await superuser.query(`update audit.events set reason = 'nothing happened' where id = $1`, [row])
  await forgeChain(superuser, 5)
  await superuser.query('set session_replication_role = origin')
  // What the database says of itself fits together again.
  assert.equal((await audit('verify')).code, 0)
  const { code, out, err } = await audit('verify', '--roots', file)
  assert.equal(code, 1)
  assert.match(
    err,
    new RegExp(`The first wrong place is audit\\.events ${row} in block 5 of \\S+: was changed\\.`),
  )
  assert.match(err, /docs\/operating\/audit\.md/)
  assert.match(out, /wrong: audit\.blocks 5 of \S+: is not the block that was published\./)
})
