import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type pg from 'pg'
import type { PublishedBlock } from '../../src/audit/index.ts'
import type { Market } from '../support/market.ts'
import { Chance, connected, publishedBlocks, report, sealedMarket, tamper } from './support.ts'
import { AUDIT_COLUMNS, TAMPERINGS } from './tamperings.ts'

let market: Market
let superuser: pg.Client
let blocks: PublishedBlock[]
const chance = new Chance(20261122)
before(async () => {
  market = await sealedMarket()
  superuser = await connected(market.database.superuserUrl)
  blocks = await publishedBlocks(market)
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

for (const { what, needsRoots, run } of TAMPERINGS) {
  for (const published of needsRoots ? [true] : [false, true]) {
    test(`named${published ? ', with published roots' : ''}: ${what}`, async () => {
      const { done, found } = await tamper(superuser, published ? blocks : null, (client) =>
        run(client, blocks, chance),
      )
      assert.deepEqual(
        { table: found.first?.table, id: found.first?.id },
        done,
        JSON.stringify(found.findings),
      )
      assert.equal(found.ok, false)
    })
  }
}

test('nothing is wrong when nothing was touched, and every row and block was looked at', async () => {
  const { rows } = await superuser.query<{ rows: number }>('select count(*)::int as rows from audit.events')
  for (const published of [undefined, blocks]) {
    const found = await report(market, published)
    assert.deepEqual(found.findings, [])
    assert.deepEqual([found.blocks, found.rows], [blocks.length, rows[0]?.rows])
    assert.equal(found.published, published === undefined ? 0 : blocks.length)
  }
})

test('every column of the log is among those that were changed', async () => {
  const { rows } = await superuser.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = 'audit.events'::regclass and attnum > 0 and not attisdropped`,
  )
  assert.deepEqual(rows.map(({ name }) => name).sort(), AUDIT_COLUMNS.toSorted())
})
