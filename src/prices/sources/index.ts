import type { Config } from '../../platform/index.ts'
import { blockchainInfo, currencyApi, yadio } from './bitcoin-rates.ts'
import { coinbase } from './coinbase.ts'
import { coingecko } from './coingecko.ts'
import { kraken } from './kraken.ts'
import { sampleSources } from './sample.ts'
import type { Source } from './source.ts'

const REAL: Record<string, (options: SourceOptions) => Source> = {
  coingecko: ({ coingeckoKey }) => coingecko(coingeckoKey),
  kraken: () => kraken(),
  coinbase: () => coinbase(),
  'blockchain.info': () => blockchainInfo(),
  'currency-api': () => currencyApi(),
  yadio: () => yadio(),
}

/** The services that FAIRLOCK_PRICES can name. */
export const REAL_SOURCES = Object.keys(REAL)

/** What FAIRLOCK_PRICES says, or what holds where it says nothing. */
export function priceListOf({ prices, databaseUrl }: Pick<Config, 'prices' | 'databaseUrl'>): string {
  return prices ?? (databaseUrl === null ? 'sample' : 'all')
}

export type SourceOptions = { coingeckoKey: string | null }

/** The sources of a list as FAIRLOCK_PRICES gives it: names, `sample`, `all`, or `none`. */
export function sourcesOf(list: string, options: SourceOptions): Source[] {
  if (list === 'none') return []
  if (list === 'sample') return sampleSources()
  const names = list === 'all' ? REAL_SOURCES : [...new Set(list.split(','))]
  return names.map((name) => {
    const make = REAL[name]
    if (make === undefined) throw new Error(`there is no price source ${name}`)
    return make(options)
  })
}
