import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type pg from 'pg'
import type { PublishedBlock } from '../../src/audit/index.ts'
import { Chance, connected, publishedBlocks, sealedMarket, tamper } from '../audit/support.ts'
import { TAMPERINGS } from '../audit/tamperings.ts'
import type { Market } from '../support/market.ts'

const ROUNDS = Number(process.env.AUDIT_TAMPERINGS ?? 1000)
const SEED = Number(process.env.AUDIT_SEED ?? Math.trunc(Math.random() * 2 ** 31))

let market: Market
let superuser: pg.Client
let blocks: PublishedBlock[]
before(async () => {
  market = await sealedMarket()
  superuser = await connected(market.database.superuserUrl)
  blocks = await publishedBlocks(market)
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

test(`${ROUNDS} tamperings, each named`, async (t) => {
  const chance = new Chance(SEED)
  const began = performance.now()
  for (let round = 0; round < ROUNDS; round++) {
    const tampering = TAMPERINGS[round % TAMPERINGS.length]!
    const withRoots = tampering.needsRoots || chance.below(2) === 1
    const { done, found } = await tamper(superuser, withRoots ? blocks : null, (client) =>
      tampering.run(client, blocks, chance),
    )
    assert.deepEqual(
      { table: found.first?.table, id: found.first?.id },
      done,
      `round ${round}, seed ${SEED}: ${tampering.what}\n${JSON.stringify(found.findings, null, 1)}`,
    )
  }
  const { rows } = await superuser.query<{ count: string }>('select count(*) from audit.events')
  t.diagnostic(
    `audit: ${ROUNDS} tamperings of ${TAMPERINGS.length} kinds in a log of ${rows[0]?.count} rows and ` +
      `${blocks.length} blocks, each named exactly; seed ${SEED}; ${Math.round((performance.now() - began) / 1000)} s`,
  )
})
