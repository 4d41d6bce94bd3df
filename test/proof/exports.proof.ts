import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addMovements, begin } from '../exports/support.ts'
import { type Market, type Person, startMarket } from '../support/market.ts'

const ROWS = Number(process.env.EXPORT_ROWS ?? 1_000_000)
/** By how much the second half may need more than the first: garbage that waits to be collected. */
const MOST_GROWTH_MB = 50

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
    assert.equal(response.statusCode, 200)
    let [bytes, lines] = [0, 0]
    const half = { first: 0, second: 0 }
    for await (const piece of response as AsyncIterable<Buffer>) {
      bytes += piece.length
      for (const byte of piece) if (byte === 10) lines++
      const which = lines < ROWS / 2 ? 'first' : 'second'
      half[which] = Math.max(half[which], process.memoryUsage.rss())
    }
    const [first, second] = [half.first, half.second].map((used) => Math.round(used / 2 ** 20)) as [
      number,
      number,
    ]
    const seconds = Math.round((performance.now() - began) / 1000)
    assert.equal(lines, format === 'tax' ? ROWS + 2 : ROWS + 4)
    assert.ok(second < first + MOST_GROWTH_MB, `${first} MB in the first half, ${second} MB in the second`)
    t.diagnostic(
      `exports: ${lines} lines of ${format}, ${Math.round(bytes / 2 ** 20)} MB in ${seconds} s; ` +
        `at most ${first} MB of memory in the first half and ${second} MB in the second, with server and reader in it`,
    )
  })
}
