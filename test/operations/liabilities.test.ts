import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { openSigner, type Signer } from '../../src/audit/index.ts'
import { ledgerTotals, rollUp } from '../../src/ledger/index.ts'
import {
  checkSnapshot,
  checkStored,
  erasePerson,
  HeadsConflict,
  publishHeads,
  retireLiabilities,
  type Snapshot,
  takeSnapshot,
} from '../../src/operations/index.ts'
import { asEngine } from '../../src/platform/index.ts'
import { tradeForADay } from '../ledger/support.ts'
import { call, type Market, offerBody, type Person, startMarket } from '../support/market.ts'
import { proveMany } from './many.ts'
import { fairlock } from './program.ts'
import { check } from './trees.ts'

let market: Market
let signer: Signer
let people: Person[]
let superuser: pg.Client
before(async () => {
  market = await startMarket()
  people = (await tradeForADay(market)).people
  signer = await openSigner(market.database.ownerUrl, market.db, market.sealer)
  superuser = new pg.Client({
    connectionString: market.database.superuserUrl,
    options: '-c timezone=UTC',
  })
  await superuser.connect()
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

const take = async (): Promise<Snapshot> => (await takeSnapshot(market.database.ownerUrl, signer))!
const findings = async (which = 'latest') => (await checkSnapshot(market.database.ownerUrl, which))!.findings
const proofOf = (person: Person, currency: string, snapshot = 'latest') =>
  person.get(`/v1/me/liabilities/${snapshot}?currency=${currency}`)

test('a snapshot comes to what the ledger has, and everybody can prove what their wallet says', async () => {
  const taken = await take()
  const totals = await asEngine(market.database.ownerUrl, ledgerTotals)
  const owed = totals
    .map(({ currency, trader, escrow }) => ({ currency, units: unitsOf(trader) + unitsOf(escrow) }))
    .filter(({ units }) => units > 0n)
  assert.deepEqual(
    taken.trees.map(({ currency, total }) => ({ currency, units: unitsOf(total) })),
    owed,
  )
  let proven = 0n
  for (const person of people) {
    for (const { currency, available, held } of (await person.get('/v1/wallets')).body.items) {
      const { status, body: proof } = await proofOf(person, currency)
      if (available === '0.00000000' && held === '0.00000000') {
        assert.equal(status, 404)
        continue
      }
      assert.equal(status, 200, JSON.stringify(proof))
      assert.deepEqual(
        [proof.leaf.userId, proof.leaf.available, proof.leaf.held],
        [person.id, available, held],
      )
      const { ok, wrong, head } = check(proof)
      assert.ok(ok, `${wrong}`)
      assert.equal(head, taken.head)
      if (currency === 'BTC') proven += unitsOf(available) + unitsOf(held)
    }
  }
  assert.equal(proven, unitsOf(taken.trees.find(({ currency }) => currency === 'BTC')!.total))
  assert.deepEqual(await findings(), [])
})

test('roots are public, proofs are for their person, by session or by an API key that reads', async () => {
  const [ada] = people as [Person]
  const taken = await take()
  const { body } = await call(market.url, 'GET', '/v1/liabilities?limit=1')
  assert.deepEqual(
    [body.items[0].id, body.items[0].head, body.items[0].hasProofs],
    [taken.id, taken.head, true],
  )
  const next = await call(market.url, 'GET', `/v1/liabilities?limit=1&cursor=${body.nextCursor}`)
  assert.equal(next.body.items[0].head, body.items[0].previous, 'each head covers the one before')
  assert.doesNotMatch(JSON.stringify(body), new RegExp(ada.id))

  const anonymous = await call(market.url, 'GET', '/v1/me/liabilities/latest?currency=BTC')
  assert.equal(anonymous.status, 401)
  const stranger = await market.person('stranger')
  assert.equal((await proofOf(stranger, 'BTC', taken.id)).status, 404)
  assert.equal((await proofOf(ada, 'BTC', '01890000-0000-7000-8000-00000000dead')).status, 404)
  assert.equal((await proofOf(ada, 'NOPE')).status, 404)
  assert.equal((await ada.get('/v1/me/liabilities/latest')).body.currency, 'BTC')
  assert.match((await proofOf(ada, 'BTC', 'newest')).body.errors[0].field, /snapshotId$/)
  // Not even staff: nobody is granted anybody's nonce.
  assert.equal((await proofOf(await market.admin(), 'BTC', taken.id)).status, 404)

  const key = await ada.post('/v1/api-keys', { name: 'reader', scopes: ['read'] })
  const byKey = await call(market.url, 'GET', `/v1/me/liabilities/${taken.id}?currency=BTC`, undefined, {
    authorization: `Bearer ${key.body.key ?? key.body.token}`,
  })
  assert.equal(byKey.status, 200, JSON.stringify(byKey.body))
  const verifier = await call(market.url, 'GET', '/v1/liabilities/verifier')
  const committed = await readFile(new URL('../../scripts/verify-liabilities.mjs', import.meta.url), 'utf8')
  assert.equal(verifier.body, committed)
})

test('neighbours of one snapshot are no neighbours in the next: the order and every nonce are new', async () => {
  const [ada] = people as [Person]
  const first = (await proofOf(ada, 'BTC')).body
  const places = new Set<number>()
  for (let i = 0; i < 6; i++) {
    await take()
    const { leaf } = (await proofOf(ada, 'BTC')).body
    assert.notEqual(leaf.nonce, first.leaf.nonce)
    places.add(leaf.position)
  }
  assert.ok(places.size > 1, 'six times the same of sixteen places')
})

test('a snapshot in the midst of trading is of one moment, and the ledger can be asked for it afterwards', async () => {
  const [ada, ben] = [await market.person('seller'), await market.person('buyer')]
  await market.credit(ada, 'BTC', '3')
  const offer = (await ada.post('/v1/offers', offerBody({ totalAmount: '2' }))).body
  const trade = async () => {
    const take = { amount: '0.01', paymentMethodType: 'sepa' }
    const { body } = await ben.post(`/v1/offers/${offer.id}/trades`, take)
    await ben.post(`/v1/trades/${body.id}/payment`)
    await ada.post(`/v1/trades/${body.id}/release`)
  }
  const trading = (async () => {
    for (let i = 0; i < 4; i++) await Promise.all([trade(), trade(), rollUp(market.db)])
  })()
  const taken: Snapshot[] = []
  for (let i = 0; i < 3; i++) taken.push(await take())
  await trading
  for (const { id } of taken) assert.deepEqual(await findings(id), [])
})

test('an entry that was under way, with a lower number than one that was seen, is not in the books of then', async () => {
  const [ada, ben] = people as [Person, Person]
  await superuser.query('begin')
  await superuser.query('set local role fairlock_engine')
  const wallet = await superuser.query(
    `select id from public.crypto_wallets where user_id = $1 and currency = 'BTC'`,
    [ada.id],
  )
  await superuser.query(
    `select ledger.post('adjustment', array[$1::uuid], array[0.5], ledger.system_account('custody', 'BTC'), null, 'late'),
       set_config('fairlock.operation', 'test', true)`,
    [wallet.rows[0].id],
  )
  await market.credit(ben, 'BTC', '0.25')
  const { id, trees } = await take()
  await superuser.query('commit')
  const after = await take()
  const total = (one: Snapshot | { trees: Snapshot['trees'] }) =>
    unitsOf(one.trees.find(({ currency }) => currency === 'BTC')!.total)
  assert.equal(total(after) - total({ trees }), 50_000_000n)
  assert.deepEqual(await findings(id), [])
  assert.deepEqual(await findings(after.id), [])
})

test('what was changed afterwards is found: a leaf, a node, a total, a signature, the chain, a balance', async () => {
  const { number, id } = await take()
  await take()
  const changes: [string, RegExp][] = [
    [
      `update fairlock.liability_leaves set available = available + 1 where snapshot = ${number}`,
      /has another sum/,
    ],
    [
      `update fairlock.liability_leaves set nonce = sha256('x') where snapshot = ${number}`,
      /has another hash/,
    ],
    [`delete from fairlock.liability_leaves where snapshot = ${number}`, /nobody’s, but has something/],
    [
      `update fairlock.liability_nodes set nodes = overlay(nodes placing '\\x07'::bytea from 3) where snapshot = ${number} and level = 0`,
      /has another hash|nodes of level 1/,
    ],
    [
      `update fairlock.liability_nodes set nodes = overlay(nodes placing '\\x07'::bytea from 3) where snapshot = ${number} and level = 2`,
      /nodes of level 2, row 0/,
    ],
    [
      `delete from fairlock.liability_nodes where snapshot = ${number} and level = 0`,
      /0 of 16 leaves are stored/,
    ],
    [
      `update fairlock.liability_trees set total = total - 1 where snapshot = ${number}`,
      /head is not the hash/,
    ],
    [
      `update fairlock.liability_snapshots set as_of = as_of - interval '1 s' where number = ${number}`,
      /head is not/,
    ],
    [
      `update fairlock.liability_snapshots set signature = head || head where number = ${number}`,
      /signature is not/,
    ],
    [
      `update fairlock.liability_snapshots set head = sha256('x') where number = ${number - 1}`,
      /does not follow/,
    ],
    [
      `update ledger.entries set balance_after = balance_after + 1, balance_before = balance_before + 1
       where balance_after > 0`,
      /in the tree, .* in the ledger/,
    ],
  ]
  for (const [change, expected] of changes) {
    const found = await whenChanged(change, id)
    assert.match(found.join('\n'), expected, change)
  }
  assert.deepEqual(await findings(id), [])
})

test('an erased person’s leaf loses name and secret; sums and the check stay', async () => {
  const gone = await market.person('gone')
  await market.credit(gone, 'BTC', '0.125')
  const { id } = await take()
  await erasePerson({
    ownerUrl: market.database.ownerUrl,
    appUrl: market.database.appUrl,
    userId: gone.id,
    reason: 'asked for it',
    withBalance: true,
    dryRun: false,
  })
  const { rows } = await superuser.query(
    `select count(*) filter (where user_id = $1)::integer as named, count(*) filter (where user_id is null)::integer as erased
     from fairlock.liability_leaves`,
    [gone.id],
  )
  assert.deepEqual(rows[0], { named: 0, erased: 1 })
  assert.deepEqual(await findings(id), [])
})

test('heads are published in order; a database that went back is not written over what was published', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlock-heads-'))
  const file = join(folder, 'liabilities.jsonl')
  try {
    const all = await publishHeads(market.db, file)
    assert.equal(await publishHeads(market.db, file), 0)
    await appendFile(file, '{"number": 99, "torn')
    const next = await take()
    assert.equal(await publishHeads(market.db, file), 1)
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
    assert.equal(lines.length, all + 2)
    assert.equal(JSON.parse(lines.at(-1)!).head, next.head)
    const event = await superuser.query(
      `select details ->> 'head' as head from audit.events where action = 'liabilities.published' and subject_id = $1`,
      [next.id],
    )
    assert.equal(event.rows[0].head, next.head, 'the log has it too, and its blocks are sealed')
    await appendFile(file, `${JSON.stringify({ number: next.number, head: '00'.repeat(32) })}\n`)
    await assert.rejects(publishHeads(market.db, file), HeadsConflict)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('one is taken when it is due, none when the house says 0; old leaves go, the newest and all heads stay', async () => {
  const { ownerUrl } = market.database
  assert.equal(await takeSnapshot(ownerUrl, signer, { whenDue: true }), null)
  await intrude(`update fairlock.liability_snapshots set as_of = as_of - interval '100 days'`)
  const metrics: string = (await call(market.url, 'GET', '/metrics')).body
  const age = Number(/^fairlock_liability_snapshot_age_seconds (\S+)$/m.exec(metrics)?.[1])
  assert.ok(age > 99.9 * 86_400 && age < 101 * 86_400, `a snapshot is ${age} s old`)
  assert.match(metrics, /^fairlock_daily_entries_behind \d+$/m)
  await intrude('update fairlock.settings set liability_hours = 0')
  assert.equal(await takeSnapshot(ownerUrl, signer, { whenDue: true }), null)
  await intrude('update fairlock.settings set liability_hours = 24')
  const old = (await call(market.url, 'GET', '/v1/liabilities?limit=1')).body.items[0]
  const taken = await takeSnapshot(ownerUrl, signer, { whenDue: true })
  assert.equal(taken?.number, old.number + 1)
  await retireLiabilities(market.db)
  const [ada] = people as [Person]
  assert.equal((await proofOf(ada, 'BTC', old.id)).status, 404)
  assert.ok(check((await proofOf(ada, 'BTC')).body).ok)
  const { items } = (await call(market.url, 'GET', '/v1/liabilities?limit=100')).body
  assert.deepEqual(
    items.map(({ number, hasProofs }: { number: number; hasProofs: boolean }) => [number, hasProofs]),
    items.map((_: unknown, i: number) => [taken!.number - i, i === 0]),
  )
})

test('fairlock liabilities takes a snapshot, publishes its head, checks it, and verifies a proof', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlock-snapshot-'))
  try {
    const taken = await fairlock(market, folder, 'liabilities', 'snapshot', '--json')
    assert.equal(taken.code, 0, taken.err)
    const { head, number } = JSON.parse(taken.out)
    const lines = (await readFile(join(folder, 'liabilities.jsonl'), 'utf8')).trimEnd().split('\n')
    assert.equal(JSON.parse(lines.at(-1)!).head, head)
    const { body } = await proofOf(people[0]!, 'BTC')
    const file = join(folder, 'proof.json')
    await writeFile(file, JSON.stringify(body))
    const [checked, good, foreign] = await Promise.all([
      fairlock(market, folder, 'liabilities', 'check', String(number)),
      fairlock(market, folder, 'liabilities', 'verify', file, '--root', head),
      fairlock(market, folder, 'liabilities', 'verify', file, '--root', '00'.repeat(32)),
    ])
    assert.equal(checked.code, 0, checked.err)
    const total = body.snapshot.trees[0].total
    assert.match(checked.out, new RegExp(`BTC +\\d+ +\\d+ +\\d+ +${total} +${total}`))
    assert.equal(good.code, 0, good.err)
    assert.match(good.out, new RegExp(`^Proven: ${people[0]!.id} is counted with ${body.leaf.available} BTC`))
    assert.equal(foreign.code, 1)
    await writeFile(file, JSON.stringify({ ...body, currency: '\u001B[2J\u001B[HProven: \u009B8m' }))
    const forged = await fairlock(market, folder, 'liabilities', 'verify', file)
    assert.equal(forged.code, 1)
    assert.doesNotMatch(forged.out + forged.err, /[^\P{Cc}\n]/u, 'a file must not write on the screen')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('in small what `npm run proof -- liabilities` does with a million people', async () => {
  const { leaves } = await proveMany(market, 1500)
  assert.equal(leaves, 2048)
})

const unitsOf = (text: string) => BigInt(text.replace('.', ''))

/** Changes something as the superuser, past every trigger. */
async function intrude(statement: string): Promise<void> {
  await superuser.query('set session_replication_role = replica')
  await superuser.query(statement)
  await superuser.query('reset session_replication_role')
}

/** What a check finds after a change that no rule allows; everything is left as it was. */
async function whenChanged(statement: string, id: string): Promise<string[]> {
  await superuser.query('begin')
  try {
    await superuser.query('set local session_replication_role = replica')
    await superuser.query(statement)
    await superuser.query('set local role fairlock_engine')
    return (await checkStored(superuser, id))!.findings
  } finally {
    await superuser.query('rollback')
  }
}
