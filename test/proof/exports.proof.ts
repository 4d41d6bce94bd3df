import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addMovements, begin } from '../exports/support.ts'
import { type Market, type Person, startMarket } from '../support/market.ts'

const ROWS = Number(process.env.EXPORT_ROWS ?? 1_000_000)
/** What a process may grow by: garbage that waits to be collected, whatever the number of rows. */
const MOST_GROWTH_MB = 120

let market: Market
let person: Person
before(async () => {
  market = await startMarket()
  person = await market.person('long')
  await market.credit(person, 'BTC', '1')
  await addMovements(market, person, ROWS)
})
after(() => market?.stop())

for (const format of ['statement', 'tax']) {
  test(`${ROWS} rows as ${format} in the same memory as a few`, async (t) => {
    const began = performance.now()
    const response = await begin(market, person, `?format=${format}`)
    let [bytes, lines, most, early] = [0, 0, 0, 0]
    for await (const piece of response as AsyncIterable<Buffer>) {
      bytes += piece.length
      for (const byte of piece) if (byte === 10) lines++
      const { rss } = process.memoryUsage()
      most = Math.max(most, rss)
      // Measured from where the first twentieth has warmed everything up.
      if (lines < ROWS / 20) early = most
    }
    const grown = Math.round((most - early) / 2 ** 20)
    const seconds = Math.round((performance.now() - began) / 1000)
    assert.equal(lines, format === 'tax' ? ROWS + 2 : ROWS + 4)
    assert.ok(grown < MOST_GROWTH_MB, `grew by ${grown} MB`)
    t.diagnostic(
      `exports: ${lines} lines of ${format}, ${Math.round(bytes / 2 ** 20)} MB in ${seconds} s; ` +
        `the process grew by ${grown} MB to ${Math.round(most / 2 ** 20)} MB, with server and reader in it`,
    )
  })
}
