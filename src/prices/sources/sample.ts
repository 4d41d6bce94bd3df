import type { Decimal } from 'decimal.js'
import { Exact } from '../exact.ts'
import { SAMPLE_COINS, SAMPLE_RATES, sampleDollars } from '../sample/market.ts'
import { Reading } from './reading.ts'
import type { Source } from './source.ts'

/** Each is a little off, in percent, as real ones are. */
const HOUSES = [
  { name: 'sample-north', off: '0.04' },
  { name: 'sample-east', off: '-0.03' },
  { name: 'sample-south', off: '-0.01' },
]

/** Made-up sources, several so that quotes have as many as they need. The first of them knows the coins' markets as well. */
export function sampleSources(): Source[] {
  return HOUSES.map(({ name, off }, i) => ({
    name,
    everySeconds: 30,
    requestsPerMinute: 60,
    isSample: true,
    async read() {
      const now = new Date()
      const factor = new Exact(off).div(100).add(1)
      const reading = new Reading()
      for (const currency of Object.keys(SAMPLE_COINS)) {
        reading.take(currency, 'USD', factor.mul(sampleDollars(currency, now)), now)
      }
      for (const [currency, dollars] of Object.entries(SAMPLE_RATES)) {
        if (currency !== 'USD') reading.take(currency, 'USD', factor.mul(dollars), now)
      }
      if (i === 0) for (const currency of Object.keys(SAMPLE_COINS)) addFacts(reading, name, currency, now)
      return reading.done()
    },
  }))
}

function addFacts(reading: Reading, source: string, currency: string, at: Date): void {
  const { name, supply, most, volume, rank, dominance, sentiment, swing, dollars } = SAMPLE_COINS[currency]!
  const now = sampleDollars(currency, at)
  const part = new Exact(swing).div(100)
  const text = (value: Decimal) => value.toSignificantDigits(10).toFixed()
  reading.addFacts({
    currency,
    name,
    rank,
    marketCap: text(new Exact(supply).mul(now)),
    volume24h: text(new Exact(volume).mul(now)),
    high24h: text(part.add(1).mul(dollars)),
    low24h: text(new Exact(1).sub(part).mul(dollars)),
    circulatingSupply: supply,
    totalSupply: supply,
    maxSupply: most,
    dominance,
    sentiment,
    at: at.toISOString(),
    source,
  })
}
