import type { Pool } from 'pg'

/** One price that a quote was made of, or that was left out because it lay too far from the others. */
export type SourcePrice = {
  /** The name of the source, as in FAIRLOCK_PRICES. */
  source: string
  /** Decimal string without an exponent, units of the quote currency for one of the base. */
  price: string
  /** When the source says the price was made; RFC 3339. */
  at: string
  used: boolean
}

/** What the market says a unit of the base currency is worth in the quote currency, and how that is known. */
export type Quote = {
  /** "BTC/EUR" for a coin, "EUR/USD" for a rate of exchange. */
  pair: string
  /** Decimal string without an exponent and with as many decimals as it takes. */
  price: string
  /** Made of prices of this very pair, or through the US dollar. */
  via: 'direct' | 'cross'
  sources: SourcePrice[]
  sourceCount: number
  /** How far the outermost used prices are apart, percent of the price, up to four decimals. */
  spreadPercent: string
  /** The time of the oldest used price; `rateAsOf` that of the rate of exchange it went through, if any. */
  asOf: string
  rateAsOf: string | null
  /** Made up, for a demo or a test; said wherever it is shown. */
  isSample: boolean
}

/** Keeps quotes; returns how many were news. What is older than what is known changes nothing. */
export async function publishQuotes(db: Pick<Pool, 'query'>, quotes: readonly Quote[]): Promise<number> {
  const { rows } = await db.query<{ changed: number }>('select fairlock.publish_quotes($1) as changed', [
    JSON.stringify(quotes),
  ])
  return rows[0]!.changed
}
