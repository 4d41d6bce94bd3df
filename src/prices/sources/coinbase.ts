import { Exact } from '../exact.ts'
import { COINS, FIATS } from './names.ts'
import { member, Reading } from './reading.ts'
import type { Source } from './source.ts'

const ADDRESS = 'https://api.coinbase.com'

/** Coinbase's exchange rates: one table of what a US dollar is worth in everything, without a time of its own. */
export function coinbase(address = ADDRESS): Source {
  return {
    name: 'coinbase',
    everySeconds: 30,
    requestsPerMinute: 12,
    isSample: false,
    async read(get) {
      const { body, at } = await get(`${address}/v2/exchange-rates?currency=USD`)
      const rates = member(member(body, 'data'), 'rates')
      const reading = new Reading()
      for (const currency of [...Object.keys(COINS), ...FIATS]) {
        const value = member(rates, currency)
        if (currency === 'USD' || value === undefined) continue
        const perDollar = reading.price(value, 'text')
        if (perDollar !== null) reading.take(currency, 'USD', new Exact(1).div(perDollar), at)
      }
      return reading.done()
    },
  }
}
