import { COINS, FIATS } from './names.ts'
import { factOf, member, momentOf, Reading } from './reading.ts'
import type { Get, Source } from './source.ts'

const ADDRESS = 'https://api.coingecko.com/api/v3'
const PAID_ADDRESS = 'https://pro-api.coingecko.com/api/v3'
const IDS = Object.values(COINS).map(({ coingecko }) => coingecko)
const codeOf = new Map(Object.entries(COINS).map(([code, { coingecko }]) => [coingecko, code]))

/** What changes slowly is asked for so rarely: shares of the whole market, and one coin's votes at a time. */
const DOMINANCE_MS = 10 * 60_000

/**
 * CoinGecko: prices in every currency it has, and what is known of each coin's market. A key of the free plan raises its
 * limits; one of a paid plan, written with `pro:` in front, has an address of its own.
 */
export function coingecko(key: string | null, address?: string): Source {
  const isPaid = key?.startsWith('pro:') ?? false
  const at = address ?? (isPaid ? PAID_ADDRESS : ADDRESS)
  const headers: Record<string, string> =
    key === null ? {} : { [isPaid ? 'x-cg-pro-api-key' : 'x-cg-demo-api-key']: key.replace(/^pro:/, '') }
  const market = new Market((path) => (get) => get(at + path, headers))
  return {
    name: 'coingecko',
    everySeconds: 60,
    // Without a key it allows some ten a minute.
    requestsPerMinute: key === null ? 8 : 24,
    isSample: false,
    async read(get) {
      const fiats = FIATS.join(',').toLowerCase()
      const prices = await get(
        `${at}/simple/price?ids=${IDS.join(',')}&vs_currencies=${fiats}&include_last_updated_at=true&precision=full`,
        headers,
      )
      const reading = new Reading()
      for (const [code, { coingecko: id }] of Object.entries(COINS)) {
        const coin = member(prices.body, id)
        const updated = momentOf(member(coin, 'last_updated_at'), 'seconds') ?? prices.at
        for (const fiat of FIATS) {
          const value = member(coin, fiat.toLowerCase())
          if (value !== undefined) reading.add(code, fiat, value, updated)
        }
      }
      await reading.besides(() => market.read(get, reading))
      return reading.done()
    },
  }
}

function rankOf(value: unknown): number | null {
  const rank = factOf(value)
  return rank !== null && /^[1-9]\d{0,6}$/.test(rank) ? Number(rank) : null
}

/** What CoinGecko says beside prices. Votes and shares of the market are remembered between readings. */
class Market {
  readonly #ask: (path: string) => (get: Get) => ReturnType<Get>
  readonly #votes = new Map<string, string | null>()
  #shares: unknown
  #sharesAt = 0
  #next = 0

  constructor(ask: (path: string) => (get: Get) => ReturnType<Get>) {
    this.#ask = ask
  }

  async read(get: Get, reading: Reading): Promise<void> {
    const markets = await this.#ask(`/coins/markets?vs_currency=usd&ids=${IDS.join(',')}&per_page=250`)(get)
    // The rest is worth a request each, not the loss of what is there.
    await reading.besides(() => this.#readShares(get))
    await reading.besides(() => this.#readVotes(get))
    for (const coin of Array.isArray(markets.body) ? markets.body : []) {
      const id = member(coin, 'id')
      const code = typeof id === 'string' ? codeOf.get(id) : undefined
      if (code === undefined) continue
      const name = member(coin, 'name')
      reading.addFacts({
        currency: code,
        name: typeof name === 'string' && /^\P{Cc}{1,100}$/u.test(name) ? name : null,
        rank: rankOf(member(coin, 'market_cap_rank')),
        marketCap: factOf(member(coin, 'market_cap')),
        volume24h: factOf(member(coin, 'total_volume')),
        high24h: factOf(member(coin, 'high_24h')),
        low24h: factOf(member(coin, 'low_24h')),
        circulatingSupply: factOf(member(coin, 'circulating_supply')),
        totalSupply: factOf(member(coin, 'total_supply')),
        maxSupply: factOf(member(coin, 'max_supply')),
        dominance: factOf(member(this.#shares, code.toLowerCase())),
        sentiment: this.#votes.get(code) ?? null,
        at: (momentOf(member(coin, 'last_updated'), 'text') ?? markets.at).toISOString(),
        source: 'coingecko',
      })
    }
  }

  async #readShares(get: Get): Promise<void> {
    if (Date.now() - this.#sharesAt < DOMINANCE_MS) return
    const { body } = await this.#ask('/global')(get)
    this.#shares = member(member(body, 'data'), 'market_cap_percentage')
    this.#sharesAt = Date.now()
  }

  async #readVotes(get: Get): Promise<void> {
    const id = IDS[this.#next++ % IDS.length]!
    const rest =
      'localization=false&tickers=false&market_data=false&community_data=false&developer_data=false'
    const { body } = await this.#ask(`/coins/${id}?${rest}`)(get)
    this.#votes.set(codeOf.get(id)!, factOf(member(body, 'sentiment_votes_up_percentage')))
  }
}
