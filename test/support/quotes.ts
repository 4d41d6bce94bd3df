import type { Quote } from '../../src/prices/index.ts'

/** What the market of the tests says, in the currency after the slash. */
export const TEST_PRICES: Record<string, string> = {
  'BTC/USD': '71040',
  'BTC/EUR': '61241.37931034',
  'ETH/USD': '2726',
  'ETH/EUR': '2350',
  'LTC/USD': '91.17',
  'XMR/USD': '358.9',
  'USDT/USD': '1.0008',
  'USDT/EUR': '0.8627',
  'EUR/USD': '1.16',
  'GBP/USD': '1.318',
  'CHF/USD': '1.2475',
  'PLN/USD': '0.2729',
  'NGN/USD': '0.000685',
  'TRY/USD': '0.02386',
  'JPY/USD': '0.00622',
  'KES/USD': '0.0077',
}

/** Quotes of two made-up sources that agree, as of a time: now, unless said otherwise. */
export function testQuotes(prices: Record<string, string> = TEST_PRICES, at = new Date()): Quote[] {
  const asOf = at.toISOString()
  return Object.entries(prices).map(([pair, price]) => ({
    pair,
    price,
    via: 'direct',
    sources: ['one', 'two'].map((source) => ({ source, price, at: asOf, used: true })),
    sourceCount: 2,
    spreadPercent: '0',
    asOf,
    rateAsOf: null,
    isSample: true,
  }))
}
