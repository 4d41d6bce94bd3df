import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type pg from 'pg'
import {
  type PublishedBlock,
  planRetirement,
  publishRoots,
  RootsConflict,
  readRoots,
  recordVerification,
  retireAudit,
} from '../../src/audit/index.ts'
import { call, type Market } from '../support/market.ts'
import { connected, forgeChain, publishedBlocks, report, seal, sealedMarket, tamper } from './support.ts'

let market: Market
let superuser: pg.Client
let folder: string
before(async () => {
  market = await sealedMarket()
  superuser = await connected(market.database.superuserUrl)
  folder = await mkdtemp(join(tmpdir(), 'fairlock-roots-'))
})
after(async () => {
  await superuser?.end()
  await market?.stop()
  if (folder) await rm(folder, { recursive: true })
})

async function readAll(file: string) {
  const read = { lines: 0, unreadable: 0 }
  const blocks: PublishedBlock[] = []
  for await (const block of readRoots(file, read)) blocks.push(block)
  return { ...read, blocks }
}

test('what is sealed is appended to the file, once, and a line cut off by a kill does no harm', async () => {
  const file = join(folder, 'roots.jsonl')
  const first = await publishRoots(market.db, file)
  assert.equal(first, (await publishedBlocks(market)).length)
  assert.equal(await publishRoots(market.db, file), 0)
  await appendFile(file, '{"block": 12, "fromT')
  await superuser.query(`select fairlock.record_event('test.written', 'test', null)`)
  await seal(market)
  assert.equal(await publishRoots(market.db, file), 1)
  const { blocks, unreadable } = await readAll(file)
  assert.deepEqual(blocks, await publishedBlocks(market))
  assert.equal(unreadable, 1)
  assert.deepEqual((await report(market, blocks)).findings, [])
})

test('two workers may both have written a block: the first line counts', async () => {
  const file = join(folder, 'twice.jsonl')
  await publishRoots(market.db, file)
  const text = await readFile(file, 'utf8')
  await writeFile(file, text + text.replaceAll('"events":', '"events":1'))
  assert.deepEqual((await readAll(file)).blocks, await publishedBlocks(market))
})

test('a database that is older than its published blocks, or another one, publishes nothing over them', async () => {
  const file = join(folder, 'other.jsonl')
  await publishRoots(market.db, file)
  const last = (await readFile(file, 'utf8')).trimEnd().split('\n').at(-1)!
  await appendFile(file, `${JSON.stringify({ ...JSON.parse(last), block: 9999 })}\n`)
  await assert.rejects(publishRoots(market.db, file), RootsConflict)
  await writeFile(file, `${JSON.stringify({ ...JSON.parse(last), hash: 'ff'.repeat(32) })}\n`)
  await assert.rejects(publishRoots(market.db, file), RootsConflict)
  await writeFile(file, 'something else')
  await assert.rejects(publishRoots(market.db, file), RootsConflict)
})

test('a line of the file that was changed is not believed, and what it hides is named', async () => {
  const blocks = await publishedBlocks(market)
  const changed = blocks.map((one, i) => (i === 2 ? { ...one, root: 'ab'.repeat(32) } : one))
  const found = await report(market, changed)
  assert.deepEqual([found.first?.table, found.first?.id], ['published roots', String(blocks[2]!.block)])
})

test('a line of the file with a number that no block can have is unreadable, and stops nothing', async () => {
  const file = join(folder, 'odd.jsonl')
  await publishRoots(market.db, file)
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
  for (const odd of [{ toTx: '9999999999999999999' }, { events: 2 ** 40 }, { systemIdentifier: '-' }]) {
    await writeFile(
      file,
      `${JSON.stringify({ ...JSON.parse(lines[0]!), ...odd })}\n${lines.slice(1).join('\n')}\n`,
    )
    const { blocks, unreadable } = await readAll(file)
    assert.equal(unreadable, 1, JSON.stringify(odd))
    assert.deepEqual((await report(market, blocks)).findings, [])
  }
})

test('an unsigned block is not believed to be the newest for a time that has not come', async () => {
  const blocks = await publishedBlocks(market)
  const { found } = await tamper(superuser, null, async (client) => {
    const last = blocks.at(-1)!.block
    await client.query(`update audit.blocks set sealed_at = '2099-01-01Z' where number = $1`, [last])
    await client.query('update audit.blocks b set hash = audit.block_hash(b) where number = $1', [last])
    await client.query('delete from audit.signatures where block = $1', [last])
  })
  assert.deepEqual([found.first?.table, found.first?.what], ['audit.signatures', 'is gone'])
})

test('with roots alone a forged chain is found, and the block named', async () => {
  const blocks = await publishedBlocks(market, false)
  const row = (await publishedBlocks(market))[3]!.ids![0]!
  const { found } = await tamper(superuser, blocks, (client) =>
    client.query(`update audit.events set reason = 'other' where id = $1`, [row]),
  )
  assert.deepEqual([found.first?.table, found.first?.id], ['audit.blocks', String(blocks[3]!.block)])
})

test('one published line alone shows that blocks before it were made anew', async () => {
  const blocks = await publishedBlocks(market)
  const last = blocks.slice(-1)
  assert.deepEqual((await report(market, last)).findings, [])
  const { found } = await tamper(superuser, last, async (client) => {
    await client.query(`update audit.events set reason = 'other' where id = $1`, [blocks[2]!.ids![0]])
    await forgeChain(client, blocks[2]!.block)
    // The block that was published stays as it was.
    await client.query('update audit.blocks set previous = $2, hash = $3 where number = $1', [
      last[0]!.block,
      Buffer.from(last[0]!.previous, 'hex'),
      Buffer.from(last[0]!.hash, 'hex'),
    ])
    await client.query('update audit.signatures set key_id = $2, signature = $3 where block = $1', [
      last[0]!.block,
      last[0]!.keyId,
      Buffer.from(last[0]!.signature, 'hex'),
    ])
  })
  assert.deepEqual([found.first?.table, found.first?.id], ['audit.blocks', String(last[0]!.block - 1)])
})

test('admins and compliance search the log, page by page, and the search is on the record', async () => {
  const admin = await market.admin()
  const everything: string[] = []
  let cursor = ''
  do {
    const page = await admin.get(`/v1/admin/audit?limit=9${cursor}`)
    assert.equal(page.status, 200, JSON.stringify(page.body))
    everything.push(...page.body.items.map(({ id }: { id: string }) => id))
    cursor = page.body.nextCursor === null ? '' : `&cursor=${page.body.nextCursor}`
  } while (cursor !== '')
  const { rows } = await superuser.query<{ id: string }>(
    `select id from audit.events where id <= $1 order by at desc, id desc`,
    [everything[0]],
  )
  assert.deepEqual(
    everything,
    rows.map(({ id }) => id),
  )
  const searched = await admin.get(`/v1/admin/audit?action=audit.searched&actor=${admin.id}`)
  assert.ok(searched.body.items.length > 3)
  const [newest] = searched.body.items
  assert.deepEqual([newest.actorId, newest.subject], [admin.id, 'audit'])

  const trader = await market.person('curious')
  assert.deepEqual((await trader.get('/v1/admin/audit')).status, 403)
  assert.deepEqual((await call(market.url, 'GET', '/v1/admin/audit')).status, 401)
  const one = await admin.get(`/v1/admin/audit?subjectId=${trader.id}&subject=users`)
  assert.deepEqual(
    one.body.items.map(({ action }: { action: string }) => action),
    ['person.registered', 'users.added'],
  )
  const past = await admin.get('/v1/admin/audit?to=2020-01-01T00:00:00Z')
  assert.deepEqual(past.body, { items: [], nextCursor: null })
  for (const bad of ['cursor=abc', 'actor=me', 'from=yesterday', 'action=a%20b', 'limit=0', 'other=1']) {
    assert.equal((await admin.get(`/v1/admin/audit?${bad}`)).status, 400, bad)
  }
})

test('the metrics say how far sealing has come and when the log was verified', async () => {
  const metrics = async () => (await call(market.url, 'GET', '/metrics')).body as string
  await superuser.query(`select fairlock.record_event('test.written', 'test', null)`)
  const waiting = await metrics()
  assert.match(waiting, /fairlock_audit_oldest_unsealed_seconds 0?\.?\d/)
  assert.doesNotMatch(waiting, /fairlock_audit_oldest_unsealed_seconds 0\n/)
  assert.match(waiting, /fairlock_audit_verified_timestamp_seconds 0\n/)
  await recordVerification(market.database.ownerUrl, await report(market))
  await seal(market)
  const sealed = await metrics()
  assert.match(sealed, /fairlock_audit_oldest_unsealed_seconds 0\n/)
  assert.match(sealed, /fairlock_audit_verified_timestamp_seconds 1\d{9}/)
  assert.match(sealed, /fairlock_audit_verified_ok 1\n/)
  assert.match(sealed, new RegExp(`fairlock_audit_blocks ${(await publishedBlocks(market)).length}\n`))
})

test('months are made ahead; rows that came before their month was made move into it', async () => {
  const { rows } = await superuser.query<{ month: string; next: string }>(
    `select to_char(now() at time zone 'UTC' + interval '2 months', 'YYYY_MM') as month,
       to_char(now() at time zone 'UTC' + interval '2 months', 'YYYY-MM') as next`,
  )
  const { month, next } = rows[0]!
  // As if the work that makes months had not run for a while.
  await superuser.query(`drop table audit.events_${month}`)
  const { rows: late } = await superuser.query<{ id: string; place: string }>(
    `insert into audit.events (at, action, subject) values ('${next}-15Z', 'test.late', 'test')
     returning id, tableoid::regclass::text as place`,
  )
  assert.equal(late[0]?.place, 'audit.events_default')
  const made = await market.db.pool.query('select fairlock.open_audit_months() as made')
  assert.equal(made.rows[0].made, 1)
  const { rows: moved } = await superuser.query(
    'select tableoid::regclass::text as place from audit.events where id = $1',
    [late[0]?.id],
  )
  assert.equal(moved[0].place, `audit.events_${month}`)
  const { rows: guarded } = await superuser.query(
    `select relname, relrowsecurity and relforcerowsecurity as forced,
       exists (select from pg_trigger where tgrelid = c.oid and tgname = 'append_only' and tgenabled = 'O') as guarded
     from pg_class c where oid in (select inhrelid from pg_inherits where inhparent = 'audit.events'::regclass)`,
  )
  for (const { relname, forced, guarded: isGuarded } of guarded)
    assert.deepEqual([forced, isGuarded], [true, true], relname)
  await seal(market)
  assert.deepEqual((await report(market)).findings, [])
})

test('retiring takes old months away and leaves a chain that can still be proved', async () => {
  // A year ago, before everything else: rows of three months, sealed across the months.
  await superuser.query('set session_replication_role = replica')
  for (const table of ['signatures', 'leaves', 'blocks']) await superuser.query(`delete from audit.${table}`)
  for (const month of ['2025_01', '2025_02', '2025_03']) {
    const from = `${month.replace('_', '-')}-01Z`
    await superuser.query(`create table audit.events_${month} partition of audit.events
      for values from ('${from}') to (timestamptz '${from}' + interval '1 month')`)
    await superuser.query(`alter table audit.events_${month} owner to fairlock_owner`)
    await superuser.query(
      `insert into audit.events (tx, at, action, subject) select n, timestamptz '${from}' + n * interval '1 hour', 'test.old', 'test'
       from generate_series(1, 20) n`,
    )
  }
  await superuser.query(`update audit.events set tx = 50 - extract(month from at) where action = 'test.old'`)
  await superuser.query('set session_replication_role = origin')
  await seal(market)
  const published = await publishedBlocks(market)
  assert.deepEqual((await report(market, published)).findings, [])

  const owner = market.database.ownerUrl
  const planned = await planRetirement(owner, '2025-03')
  assert.deepEqual([planned.rows, planned.partitions.length], [40, 2])
  await retireAudit(owner, '2025-03', 'kept for two years')
  await seal(market)
  for (const roots of [undefined, published]) {
    const found = await report(market, roots)
    assert.deepEqual(found.findings, [])
    assert.deepEqual(found.retired, { rows: 40, before: '2025-03-01T00:00:00.000000Z' })
  }
  const { rows } = await superuser.query(
    `select reason, details ->> 'rows' as rows from audit.events where action = 'audit.retired'`,
  )
  assert.deepEqual(rows, [{ reason: 'kept for two years', rows: '40' }])
  const { rows: left } = await superuser.query<{ blocks: number; leaves: number }>(
    'select (select count(*)::int from audit.blocks) as blocks, (select count(*)::int from audit.leaves) as leaves',
  )
  assert.ok(left[0]!.leaves < left[0]!.blocks, 'leaves of whole retired blocks are gone')

  // What was not retired may not be missing, whether it is as old or younger.
  for (const where of [`action = 'test.old' and at >= '2025-03-01Z'`, `action = 'trade.taken'`]) {
    const { done, found } = await tamper(superuser, published, async (client) => {
      const gone = await client.query(
        `delete from audit.events where id = (select min(id) from audit.events where ${where}) returning id`,
      )
      return gone.rows[0].id as string
    })
    assert.deepEqual([found.first?.table, found.first?.id], ['audit.events', done])
  }
  // A line that says more was retired does not hide a row of a month that is still there, nor of one not over yet.
  for (const before of ['2025-04', '2099-01']) {
    const { done, found } = await tamper(superuser, published, async (client) => {
      await client.query(
        `insert into audit.events (tx, action, subject, details)
         select max(tx) + 1, 'audit.retired', 'audit', jsonb_build_object('before', $1::text) from audit.events`,
        [`${before}-01T00:00:00.000000Z`],
      )
      const gone = await client.query(
        `delete from audit.events where id = (select min(id) from audit.events where at >= '2025-03-01Z') returning id`,
      )
      return gone.rows[0].id as string
    })
    assert.deepEqual([found.first?.table, found.first?.id], ['audit.events', done], before)
  }
  await assert.rejects(planRetirement(owner, '2025-03'), /There is no month before 2025-03/)
  await assert.rejects(planRetirement(owner, '2099-01'), /Only months that are over/)
  await superuser.query(
    `insert into audit.events (at, action, subject) values ('2025-03-05Z', 'test.new', 'test')`,
  )
  await assert.rejects(planRetirement(owner, '2025-04'), /1 rows before 2025-04 are in no signed block yet/)
})
