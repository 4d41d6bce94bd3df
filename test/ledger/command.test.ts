import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { type Market, startMarket } from '../support/market.ts'
import { asIntruder, tradeForADay } from './support.ts'

let market: Market
before(async () => {
  market = await startMarket()
  await tradeForADay(market)
})
after(() => market.stop())

test('fairlock ledger balances lists what each kind of account holds in each currency', async () => {
  const { code, out } = await ledger('balances')
  assert.equal(code, 0)
  assert.deepEqual(
    out
      .trim()
      .split('\n')
      .map((line) => line.split(/ +/)),
    [
      ['currency', 'traders', 'escrows', 'fees', 'custody'],
      ['BTC', '2.24851688', '0.15015000', '0.00133312', '-2.40000000'],
      ['ETH', '29.97000001', '0.00000000', '0.03000000', '-30.00000001'],
    ],
  )
  assert.deepEqual(JSON.parse((await ledger('balances', '--json')).out)[1], {
    currency: 'ETH',
    trader: '29.97000001',
    escrow: '0.00000000',
    fees: '0.03000000',
    custody: '-30.00000001',
  })
})

test('fairlock ledger verify says that all is well: a line per check, the totals, exit code 0', async () => {
  const { code, out, err } = await ledger('verify')
  assert.equal(code, 0, err)
  assert.equal(err, '')
  const lines = out.split('\n')
  assert.ok(lines.filter((line) => /^ok +I\d+ +.* \d+ rows$/.test(line)).length >= 14, out)
  assert.ok(lines.some((line) => /^BTC +2\.24851688 /.test(line)))
  assert.equal(JSON.parse((await ledger('verify', '--json')).out).ok, true)
})

test('fairlock ledger verify names the first wrong row, and ends with exit code 1', async () => {
  const id = await asIntruder(market, async (client) => {
    const changed = await client.query(
      `update ledger.entries set amount = amount + 1, balance_after = balance_after + 1
       where id = (select min(id) from ledger.entries where balance_after is not null) returning id`,
    )
    return changed.rows[0].id
  })
  const { code, out, err } = await ledger('verify')
  assert.equal(code, 1)
  assert.match(out, /^WRONG +I1 +transfers add up to zero/m)
  assert.match(out, /^ok +I10 /m)
  assert.match(
    err,
    new RegExp(`The first wrong row is ledger\\.entries ${id} of \\S+: the entries of transfer 1 `),
  )
  assert.match(err, /docs\/operating\/ledger\.md/)
  const json = await ledger('verify', '--json')
  assert.equal(json.code, 1)
  assert.equal(JSON.parse(json.out).first.id, id)
})

function ledger(...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const env = { ...process.env, DATABASE_URL: market.database.ownerUrl }
  return new Promise((resolve) => {
    execFile(process.execPath, ['src/main.ts', 'ledger', ...args], { env }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    )
  })
}
