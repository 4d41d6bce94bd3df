import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { exportJournal } from '../../src/ledger/index.ts'
import { asEngine } from '../../src/platform/index.ts'
import { type Market, startMarket } from '../support/market.ts'
import { asIntruder, tradeForADay } from './support.ts'

let market: Market
let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlock-journal-'))
  market = await startMarket()
  await tradeForADay(market)
})
after(async () => {
  await market.stop()
  await rm(folder, { recursive: true })
})

type Outcome = { code: number; out: string; err: string }

function run(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(command, args, { env: { ...process.env, ...env }, maxBuffer: 2 ** 26 }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }),
    )
  })
}

function fairlock(...args: string[]): Promise<Outcome> {
  return run(process.execPath, ['src/main.ts', ...args], { DATABASE_URL: market.database.ownerUrl })
}

const { code } = await run('hledger', ['--version'])
const skip = code === 0 ? false : 'hledger is not installed (the package is called hledger)'

test('hledger proves the exported journal, and agrees with every account', { skip }, async () => {
  const file = join(folder, 'books.journal')
  const exported = await fairlock('ledger', 'export', '--output', file)
  assert.equal(exported.code, 0, exported.err)
  const check = await run('hledger', ['-f', file, 'check', 'commodities'])
  assert.equal(check.code, 0, check.err)
  const balance = await run('hledger', [
    '-f',
    file,
    'balance',
    '--flat',
    '--empty',
    '--no-total',
    '-O',
    'csv',
  ])
  const shown = balance.out.trim().split('\n').slice(1).sort()
  assert.deepEqual(shown, await accounts())
})

test('hledger notices when a running balance in the ledger is wrong', { skip }, async () => {
  const file = join(folder, 'wrong.journal')
  await asIntruder(market, async (client) => {
    await client.query('begin')
    await client.query(`update ledger.entries set amount = amount * 2, balance_after = balance_after + amount
      where transfer_id = (select min(id) from ledger.transfers where kind = 'hold')`)
    let journal = ''
    for await (const piece of exportJournal(client)) journal += piece
    await client.query('rollback')
    await writeFile(file, journal)
  })
  const check = await run('hledger', ['-f', file, 'check'])
  assert.equal(check.code, 1)
  assert.match(check.err, /balance assertion/i)
})

test('the journal reads like the books of a company', async () => {
  const { code, out } = await fairlock('ledger', 'export')
  assert.equal(code, 0)
  assert.match(out, /^; The books of Fairlock/)
  assert.match(out, /\ncommodity 1000\.00000000 BTC\ncommodity 1000\.00000000 ETH\n/)
  const [, first] = out.split(/\n(?=\d{4}-)/)
  assert.match(
    first!,
    /^\d{4}-\d\d-\d\d \(1\) adjustment {2}; at:\S+\n {4}liabilities:traders:\S+ {2}-2\.00000000 BTC = -2\.00000000 BTC\n {4}assets:custody:BTC {2}2\.00000000 BTC\n$/,
  )
  const released = out.split(/\n(?=\d{4}-)/).find((one) => / release {2}; .*trade:/.test(one))
  assert.match(released!, /\n {4}income:fees:BTC {2}-0\.\d{8} BTC\n/)
})

test('dates never go back, where transfers waited for each other over midnight', async () => {
  const text = await asIntruder(market, async (client) => {
    await client.query('begin')
    await client.query(
      `update ledger.transfers set created_at = '2020-01-01T23:59:59Z' where id = (select max(id) from ledger.transfers)`,
    )
    let journal = ''
    for await (const piece of exportJournal(client)) journal += piece
    await client.query('rollback')
    return journal
  })
  const dates = text.match(/^\d{4}-\d\d-\d\d/gm)!
  assert.deepEqual(dates, dates.toSorted())
  assert.match(text, /at:2020-01-01T23:59:59\.000000Z/)
})

test('the file is the owner’s alone, and another one is never written over', async () => {
  const file = join(folder, 'kept.journal')
  assert.equal((await fairlock('ledger', 'export', '--output', file)).code, 0)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const before = await readFile(file, 'utf8')
  const again = await fairlock('ledger', 'export', '--output', file)
  assert.equal(again.code, 2)
  assert.match(again.err, /exists already/)
  assert.equal(await readFile(file, 'utf8'), before)
})

/** Every account as hledger shows it. */
function accounts(): Promise<string[]> {
  return asEngine(market.database.ownerUrl, async (client) => {
    const found = await client.query<{ line: string }>(
      `select '"' || case kind when 'trader' then 'liabilities:traders:' || id when 'escrow' then 'liabilities:escrow:' || id
           when 'fees' then 'income:fees:' || currency else 'assets:custody:' || currency end
         || '","' || case when balance = 0 then '0' else (-balance)::text || ' ' || currency end || '"' as line
       from ledger.balances where exists (select from ledger.entries e where e.account_id = balances.id)`,
    )
    return found.rows.map(({ line }) => line).sort()
  })
}
