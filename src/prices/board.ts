import { Decimal } from 'decimal.js'
import type { Pool } from 'pg'
import { readIndicators } from './closes.ts'

/** What a coin is worth. */
export type PriceFact = {
  /** A code of fairlock.currencies, like BTC. */
  currency: string
  /** US dollars for one unit; a decimal string above zero, however large or small. */
  priceUsd: string
  /** Made up, for a demo or a test: kept apart from real prices, and said wherever it is shown. */
  isSample?: boolean
}

/** What only a source of the whole market knows about a coin. Decimal strings; null or left out: not known. */
export type MarketFacts = {
  currency: string
  /** As the source calls the coin; the board shows the name of fairlock.currencies. */
  name?: string | null
  /** Place in the order of market value. */
  rank?: number | null
  /** US dollars, as are volume, high and low. */
  marketCap?: string | null
  volume24h?: string | null
  high24h?: string | null
  low24h?: string | null
  circulatingSupply?: string | null
  totalSupply?: string | null
  maxSupply?: string | null
  /** Percent of the market value of all coins that the source follows; never counted from the coins listed here. */
  dominance?: string | null
  /** Percent of the votes of the source's users that said the price will go up. */
  sentiment?: string | null
  /** When the source said so; RFC 3339. */
  at: string
  source: string
}

export type Round = {
  /** When the prices were said. */
  at: Date
  prices: readonly PriceFact[]
  markets: readonly MarketFacts[]
}

/** What a round did: coins whose history and whose row on the board it changed, and the values it did not take. */
export type Recorded = { recorded: number; shown: number; refused: Refused[] }
export type Refused = { currency: string; field: string; value: string }

/** Beyond these nothing is a price, a supply or a market value; it is a source that went wrong. */
const LEAST = new Decimal('1e-40')
const MOST = new Decimal('1e40')

/** The amounts of `MarketFacts`, and the shares. */
const AMOUNTS = [
  'marketCap',
  'volume24h',
  'high24h',
  'low24h',
  'circulatingSupply',
  'totalSupply',
  'maxSupply',
] as const
const SHARES = ['dominance', 'sentiment'] as const

/**
 * Keeps one round of prices: history, roll-ups, the board and `crypto_prices`, all in one transaction or not at all. A
 * round that was kept before changes nothing, one from the past completes the history and leaves the board as it is. A
 * value that is no number, or no number that could be meant, is left out and told; the others are kept.
 */
export async function recordPrices(db: Pick<Pool, 'query'>, round: Round): Promise<Recorded> {
  const refused: Refused[] = []
  const at = round.at.toISOString()
  const prices = round.prices.flatMap(({ currency, priceUsd, isSample = false }) => {
    const price = amount(priceUsd)
    if (price !== null && price !== '0') return [{ currency, priceUsd: price, isSample }]
    refused.push({ currency, field: 'priceUsd', value: priceUsd })
    return []
  })
  const markets = round.markets.flatMap((facts) => {
    if (isKnownTime(facts.at)) return [knownFacts(facts, refused)]
    refused.push({ currency: facts.currency, field: 'at', value: facts.at })
    return []
  })
  const indicators = await readIndicators(db, round.at, prices)
  const known = prices.map((price) => ({ ...price, ...indicators.get(price.currency) }))
  const { rows } = await db.query<{ answer: Omit<Recorded, 'refused'> }>(
    'select fairlock.record_prices($1) as answer',
    [JSON.stringify({ at, prices: known, markets })],
  )
  return { ...rows[0]!.answer, refused }
}

function knownFacts(facts: MarketFacts, refused: Refused[]): MarketFacts {
  const { currency, at, source } = facts
  const known: MarketFacts = { currency, at: new Date(at).toISOString(), source }
  const take = (field: (typeof AMOUNTS)[number] | (typeof SHARES)[number], most: Decimal) => {
    const value = facts[field] ?? null
    known[field] = value === null ? null : amount(value, most)
    if (value !== null && known[field] === null) refused.push({ currency, field, value })
  }
  for (const field of AMOUNTS) take(field, MOST)
  for (const field of SHARES) take(field, new Decimal(100))
  const { rank = null } = facts
  known.rank = rank !== null && Number.isInteger(rank) && rank > 0 && rank < 1e9 ? rank : null
  if (rank !== null && known.rank === null) refused.push({ currency, field: 'rank', value: String(rank) })
  return known
}

/** Whether the database can read it: other years than these are written in another form. */
function isKnownTime(text: string): boolean {
  const time = new Date(text)
  return !Number.isNaN(time.getTime()) && /^[12]\d{3}-/.test(time.toISOString())
}

/** A decimal string without an exponent; null where the text is no number, or none that could be meant. */
function amount(text: string, most = MOST): string | null {
  if (!/^\d{1,60}(?:\.\d{1,60})?(?:[eE][+-]?\d{1,2})?$/.test(text)) return null
  const value = new Decimal(text)
  const isMeant = value.isZero() || (value.gte(LEAST) && value.lte(most))
  return isMeant ? value.toFixed() : null
}
