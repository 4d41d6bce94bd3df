import type { Decimal } from 'decimal.js'
import { aggregate, spreadOf } from './aggregate.ts'
import { Exact } from './exact.ts'
import type { Quote, SourcePrice } from './quotes.ts'
import type { Tick } from './sources/source.ts'

/** The house's rules of what a quote has to be (fairlock.settings). */
export type QuoteRules = {
  maxAgeSeconds: number
  leastSources: number
  mostSpreadPercent: number
  referenceHours: number
}

/** What one source says now: its newest price of each pair. */
export type SourceTicks = { source: string; isSample: boolean; ticks: ReadonlyMap<string, Tick> }

export type QuoteInput = {
  sources: readonly SourceTicks[]
  coins: readonly string[]
  fiats: readonly string[]
  rules: QuoteRules
  now: Date
}

type Said = { source: string; isSample: boolean; price: Decimal; at: number }
type Made = { said: Said[]; used: boolean[]; price: Decimal; count: number; spread: Decimal; asOf: number }

/** Quotes end so long before their age limit to be made of a price, that the next round still finds them good. */
const MARGIN_SECONDS = 90
/** Rates of exchange are made of sources as young as this where there are enough, of older ones where there are not. */
const RATE_FRESH_MS = 3_600_000
/** A quote has so many digits. */
const DIGITS = 20

/**
 * Makes every quote that can be made: each coin and each currency in US dollars, and each coin in each currency, of
 * prices of that very pair where enough sources say one, else through the dollar. Also those that nothing may be priced
 * by, so that one can see why.
 */
export function makeQuotes({ sources, coins, fiats, rules, now }: QuoteInput): Quote[] {
  const youngest = rules.maxAgeSeconds - Math.min(MARGIN_SECONDS, rules.maxAgeSeconds / 2)
  const direct = (pair: string) =>
    make(
      sources.flatMap((one) => saidOf(one, pair)).filter(({ at }) => at >= now.getTime() - youngest * 1000),
    )
  const quotes: Quote[] = []
  const rates = new Map<string, Made>()
  for (const fiat of fiats.filter((code) => code !== 'USD')) {
    const rate = make(rateSources(sources, fiat, rules, now))
    if (rate === null) continue
    rates.set(fiat, rate)
    quotes.push(quoteOf(`${fiat}/USD`, rate))
  }
  for (const coin of coins) {
    const inDollars = direct(`${coin}/USD`)
    for (const fiat of fiats) {
      const pair = `${coin}/${fiat}`
      const own = fiat === 'USD' ? inDollars : direct(pair)
      const rate = rates.get(fiat)
      const straight = own === null ? null : quoteOf(pair, own)
      const cross =
        fiat === 'USD' || inDollars === null || rate === undefined ? null : crossOf(pair, inDollars, rate)
      const quote = straight !== null && (isSound(straight, rules) || cross === null) ? straight : cross
      if (quote !== null) quotes.push(quote)
    }
  }
  return quotes
}

/** Whether a quote has enough sources, and they agree. Its age is another matter. */
export function isSound(
  { sourceCount, spreadPercent }: Pick<Quote, 'sourceCount' | 'spreadPercent'>,
  { leastSources, mostSpreadPercent }: QuoteRules,
): boolean {
  return sourceCount >= leastSources && new Exact(spreadPercent).lte(mostSpreadPercent)
}

function saidOf({ source, isSample, ticks }: SourceTicks, pair: string): Said[] {
  const tick = ticks.get(pair)
  if (tick === undefined) return []
  return [{ source, isSample, price: new Exact(tick.price), at: Date.parse(tick.at) }]
}

/** What each source says a currency is worth in dollars: itself, or by its own prices of bitcoin in both. */
function rateSources(sources: readonly SourceTicks[], fiat: string, rules: QuoteRules, now: Date): Said[] {
  const said = sources.flatMap((one) => {
    const [own] = saidOf(one, `${fiat}/USD`)
    if (own !== undefined) return [own]
    const [inverse] = saidOf(one, `USD/${fiat}`)
    if (inverse !== undefined) return [{ ...inverse, price: new Exact(1).div(inverse.price) }]
    const [dollars] = saidOf(one, 'BTC/USD')
    const [others] = saidOf(one, `BTC/${fiat}`)
    if (dollars === undefined || others === undefined) return []
    return [{ ...dollars, price: dollars.price.div(others.price), at: Math.min(dollars.at, others.at) }]
  })
  const young = said.filter(({ at }) => at >= now.getTime() - RATE_FRESH_MS)
  if (young.length >= rules.leastSources) return young
  return said.filter(({ at }) => at >= now.getTime() - rules.referenceHours * 3_600_000)
}

function make(said: Said[]): Made | null {
  const prices = said.map(({ price }) => price)
  const made = aggregate(prices)
  if (made === null) return null
  const { price, used } = made
  const times = said.filter((_, i) => used[i]).map(({ at }) => at)
  return { said, used, price, count: times.length, spread: spreadOf(prices, made), asOf: Math.min(...times) }
}

function quoteOf(pair: string, made: Made): Quote {
  return {
    pair,
    price: textOf(made.price),
    via: 'direct',
    sources: made.said.map((one, i) => sourcePrice(one, one.price, made.used[i]!)),
    sourceCount: made.count,
    spreadPercent: made.spread.toFixed(),
    asOf: new Date(made.asOf).toISOString(),
    rateAsOf: null,
    isSample: isSample(made),
  }
}

/** A coin in a currency by way of the dollar: as sure as the less sure of the two, and as far apart as both together. */
function crossOf(pair: string, coin: Made, rate: Made): Quote {
  const perDollar = new Exact(1).div(rate.price)
  return {
    ...quoteOf(pair, coin),
    price: textOf(coin.price.div(rate.price)),
    via: 'cross',
    sources: coin.said.map((one, i) => sourcePrice(one, one.price.mul(perDollar), coin.used[i]!)),
    sourceCount: Math.min(coin.count, rate.count),
    spreadPercent: coin.spread.add(rate.spread).toFixed(),
    rateAsOf: new Date(rate.asOf).toISOString(),
    isSample: isSample(coin) || isSample(rate),
  }
}

function sourcePrice({ source, at }: Said, price: Decimal, used: boolean): SourcePrice {
  return { source, price: textOf(price), at: new Date(at).toISOString(), used }
}

function isSample({ said, used }: Made): boolean {
  return said.some((one, i) => one.isSample && used[i])
}

function textOf(price: Decimal): string {
  return price.toSignificantDigits(DIGITS).toFixed()
}
