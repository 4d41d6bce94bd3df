import { FIATS } from './names.ts'
import { member, momentOf, Reading } from './reading.ts'
import { type Get, type Source, SourceError } from './source.ts'

/** Three services that say what a bitcoin is worth in many currencies, and so the rates between these as well. */

/** blockchain.info: `{"USD": {"15m": …, "last": 63410.18, …}, "ARS": {"last": 9.083198811E7, …}}`, without a time. */
export function blockchainInfo(address = 'https://blockchain.info'): Source {
  return {
    name: 'blockchain.info',
    everySeconds: 60,
    requestsPerMinute: 6,
    isSample: false,
    async read(get) {
      const { body, at } = await get(`${address}/ticker`)
      return bitcoinIn((currency) => member(member(body, currency), 'last'), at)
    },
  }
}

/** Yadio: `{"BTC": {"USD": 75899.55, "BGN": null}, "base": "BTC", "timestamp": 1779480604069}`. */
export function yadio(address = 'https://api.yadio.io'): Source {
  return {
    name: 'yadio',
    everySeconds: 60,
    requestsPerMinute: 6,
    isSample: false,
    async read(get) {
      const { body, at } = await get(`${address}/exrates/BTC`)
      const rates = member(body, 'BTC')
      return bitcoinIn(
        (currency) => member(rates, currency),
        momentOf(member(body, 'timestamp'), 'milliseconds') ?? at,
      )
    },
  }
}

/** Where the files of currency-api are: a network that serves npm packages, and the author's own pages. */
const CURRENCY_API = [
  'https://cdn.jsdelivr.net/npm/@fawazahmed0/currency-api@latest/v1',
  'https://latest.currency-api.pages.dev/v1',
]

/**
 * currency-api: `{"date": "2026-06-11", "btc": {"usd": 62519.29767429, …}}`, a file a day. Too old to price a coin by;
 * its rates of exchange are what it is asked for.
 */
export function currencyApi(addresses: readonly string[] = CURRENCY_API): Source {
  return {
    name: 'currency-api',
    everySeconds: 3600,
    requestsPerMinute: 6,
    isSample: false,
    async read(get) {
      const { body } = await firstOf(addresses, (address) => get(`${address}/currencies/btc.json`))
      const at = momentOf(member(body, 'date'), 'text')
      if (at === null) throw new SourceError('unexpected')
      const rates = member(body, 'btc')
      return bitcoinIn((currency) => member(rates, currency.toLowerCase()), at)
    },
  }
}

function bitcoinIn(priceIn: (currency: string) => unknown, at: Date) {
  const reading = new Reading()
  for (const currency of FIATS) {
    const value = priceIn(currency)
    if (value !== undefined) reading.add('BTC', currency, value, at)
  }
  return reading.done()
}

async function firstOf(addresses: readonly string[], ask: (address: string) => ReturnType<Get>) {
  const [first, ...others] = addresses
  try {
    return await ask(first!)
  } catch (error) {
    if (others.length === 0) throw error
    return firstOf(others, ask)
  }
}
