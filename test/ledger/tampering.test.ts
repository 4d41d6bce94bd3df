import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type pg from 'pg'
import { type LedgerReport, verifyLedger } from '../../src/ledger/index.ts'
import { type Market, startMarket } from '../support/market.ts'
import { asIntruder, tradeForADay } from './support.ts'
import { TAMPERINGS } from './tamperings.ts'

let market: Market
before(async () => {
  market = await startMarket()
  await tradeForADay(market)
})
after(() => market.stop())

const caught = new Set<string>()

for (const { what, sql, invariant, table } of TAMPERINGS) {
  test(`caught and named: ${what}`, async () => {
    const { id, found } = await asIntruder(market, (client) => tamper(client, sql))
    assert.equal(found.ok, false, 'it was not noticed')
    for (const check of found.checks) if (check.findings.length > 0) caught.add(check.name)
    assert.deepEqual(
      { invariant: found.first?.invariant, table: found.first?.table, id: found.first?.id },
      { invariant, table, id: String(id) },
      found.first?.what,
    )
  })
}

test('every check of the verifier has caught something', async () => {
  const { found } = await asIntruder(market, (client) => tamper(client, 'select 1 as id'))
  assert.ok(found.ok)
  assert.deepEqual(
    found.checks.map(({ name }) => name).filter((name) => !caught.has(name)),
    [],
  )
})

test('a check reports no more rows than it is asked for, the earliest first', async () => {
  const all = `update crypto_wallets set balance = balance + 1 returning id`
  const { found } = await asIntruder(market, (client) => tamper(client, all, 3))
  const findings = found.checks.find(({ name }) => name === 'wallets show their accounts')!.findings
  assert.equal(findings.length, 3)
  assert.deepEqual(
    findings.map(({ at }) => at),
    findings.map(({ at }) => at).sort(),
  )
  assert.deepEqual(found.first, findings[0])
})

/** Tampers, verifies, and leaves everything as it was. */
async function tamper(
  client: pg.Client,
  sql: string,
  limit = 20,
): Promise<{ id: unknown; found: LedgerReport }> {
  await client.query('begin')
  const results = [await client.query(sql)].flat() as pg.QueryResult[]
  const changed = results.at(-1)!.rows[0]
  assert.ok(changed, 'the tampering found nothing to change')
  await client.query('set local role fairlock_engine')
  const found = await verifyLedger(client, { limit })
  await client.query('rollback')
  return { id: changed.id, found }
}
