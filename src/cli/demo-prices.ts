import { Decimal } from 'decimal.js'
import type { Quote } from '../prices/index.ts'
import { SAMPLE_PRICES } from './demo-market.ts'

/** What a unit of each currency of the demo is worth in US dollars, by which its trades count against limits. */
export function sampleRates(at = new Date()): Quote[] {
  const bitcoin = new Decimal(SAMPLE_PRICES['BTC/USD']!)
  const rates = Object.entries(SAMPLE_PRICES).filter(
    ([pair]) => pair.startsWith('BTC/') && pair !== 'BTC/USD',
  )
  const asOf = at.toISOString()
  return rates.map(([pair, inCurrency]) => {
    const price = bitcoin.div(inCurrency).toSignificantDigits(8).toFixed()
    const sources = ['sample one', 'sample two'].map((source) => ({ source, price, at: asOf, used: true }))
    return {
      pair: `${pair.slice(4)}/USD`,
      price,
      via: 'direct',
      sources,
      sourceCount: 2,
      spreadPercent: '0',
      asOf,
      rateAsOf: null,
      isSample: true,
    }
  })
}
