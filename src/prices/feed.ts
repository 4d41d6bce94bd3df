import type { Pool } from 'pg'
import { type Round as Facts, type MarketFacts, recordPrices } from './board.ts'
import { type Kept, merge, ticksOf } from './kept.ts'
import { isSound, makeQuotes, type QuoteRules } from './market-quotes.ts'
import { publishQuotes, type Quote } from './quotes.ts'
import { Guard } from './sources/guard.ts'
import type { HttpLimits } from './sources/http.ts'
import { type Source, SourceError, type SourceReading } from './sources/source.ts'

type Db = Pick<Pool, 'query'>

export type FeedOptions = {
  db: Db
  sources: readonly Source[]
  /** Told once when a source begins to fail, with the reason, and once when it is back. */
  onChange: (source: string, failing: SourceError | null) => void
  /** Told once when prices of a source begin to lie too far from the others', and with 0 when they no longer do. */
  onOutliers: (source: string, prices: number) => void
  /** Take what was found out; where they are not given, the database does. */
  publish?: (quotes: Quote[]) => Promise<unknown>
  record?: (facts: Facts) => Promise<unknown>
  limits?: HttpLimits
}

type Round = {
  due: string[]
  ticks: Record<string, Kept>
  outliers: Record<string, number>
  coins: string[]
  fiats: string[]
  rules: QuoteRules
}

/** Who asks for fewer requests is not asked for so long at least, and at most. */
const SHORTEST_PAUSE_SECONDS = 60
const LONGEST_PAUSE_SECONDS = 3600

/**
 * Asks the sources that are due, makes quotes of what all of them said last, and publishes those that are new. What
 * sources said is kept in the database: rounds may be run by several processes in turn, and go on after a restart.
 */
export class PriceFeed {
  readonly #options: FeedOptions
  readonly #guards: Map<string, Guard>
  readonly #stop = new AbortController()
  /** What was published last, so that only news is. */
  readonly #published = new Map<string, string>()

  constructor(options: FeedOptions) {
    this.#options = options
    this.#guards = new Map(options.sources.map((one) => [one.name, new Guard(one, options.limits)]))
  }

  /** One round. Whatever sources do to it, it ends within some seconds; it throws where the database fails. */
  async run(): Promise<void> {
    const now = new Date()
    const round = await this.#begin(now)
    const facts = (await Promise.all(round.due.map((name) => this.#read(name, round)))).flat()
    if (this.#stop.signal.aborted || this.#guards.size === 0) return
    const sources = [...this.#guards.values()].map(({ source: { name, isSample } }) => ({
      source: name,
      isSample,
      ticks: ticksOf(round.ticks[name] ?? {}),
    }))
    const quotes = makeQuotes({ sources, ...round, now: new Date() })
    await this.#publish(quotes)
    await this.#keepOutliers(quotes, round)
    await this.#tell(quotes, facts, round)
  }

  /** Ends what is under way; nothing is read any more. */
  close(): void {
    this.#stop.abort()
  }

  async #begin(now: Date): Promise<Round> {
    const asked = [...this.#guards.values()].map(({ source: { name, everySeconds } }) => ({
      source: name,
      everySeconds,
    }))
    const { rows } = await this.#options.db.query<{ round: Round }>(
      'select fairlock.begin_price_round($1, $2) as round',
      [JSON.stringify(asked), now],
    )
    return rows[0]!.round
  }

  /** Reads one source into the round, and keeps how that went. */
  async #read(name: string, round: Round): Promise<MarketFacts[]> {
    const guard = this.#guards.get(name)!
    let reading: SourceReading | null = null
    let trouble: SourceError | null
    try {
      reading = await guard.read(this.#stop.signal)
      trouble = reading.trouble
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      trouble = error
    }
    if (trouble?.failure === 'stopped') return []
    const now = new Date()
    const dropped = { ...reading?.dropped }
    if (reading !== null) {
      const oldest = now.getTime() - round.rules.referenceHours * 3_600_000
      const merged = merge(round.ticks[name] ?? {}, reading.ticks, { now: now.getTime(), oldest, dropped })
      round.ticks[name] = merged.kept
      if (merged.isOldNews) {
        trouble = new SourceError('old_news')
        reading = null
      }
    }
    const { rows } = await this.#options.db.query<{ change: 'failing' | 'back' | null }>(
      'select fairlock.keep_price_reading($1) as change',
      [
        JSON.stringify({
          source: name,
          at: now,
          ...(reading !== null && { ticks: round.ticks[name] }),
          failure: trouble?.failure ?? null,
          dropped,
          breaker: guard.breaker,
          nextAt: pauseOf(trouble, now),
        }),
      ],
    )
    if (rows[0]!.change !== null) this.#options.onChange(name, rows[0]!.change === 'back' ? null : trouble)
    return reading?.facts ?? []
  }

  async #publish(quotes: Quote[]): Promise<void> {
    const news = quotes.filter((quote) => this.#published.get(quote.pair) !== JSON.stringify(quote))
    if (news.length === 0) return
    const publish = this.#options.publish ?? ((all) => publishQuotes(this.#options.db, all))
    await publish(news)
    for (const quote of news) this.#published.set(quote.pair, JSON.stringify(quote))
  }

  async #keepOutliers(quotes: Quote[], { coins, outliers }: Round): Promise<void> {
    const counts = Object.fromEntries([...this.#guards.keys()].map((name) => [name, 0]))
    for (const { pair, via, sources } of quotes) {
      // Rates of exchange differ for reasons, where one is official and another is paid.
      if (via === 'cross' || !coins.includes(pair.split('/')[0]!)) continue
      for (const { source, used } of sources) if (!used) counts[source]!++
    }
    if (Object.entries(counts).every(([source, count]) => count === outliers[source])) return
    const { rows } = await this.#options.db.query<{ changed: Record<string, number> }>(
      'select fairlock.keep_price_outliers($1) as changed',
      [JSON.stringify(counts)],
    )
    for (const [source, count] of Object.entries(rows[0]!.changed)) this.#options.onOutliers(source, count)
  }

  /** Hands on the coins' prices in dollars that could price something now. */
  async #tell(quotes: Quote[], markets: MarketFacts[], { coins, rules }: Round): Promise<void> {
    const sound = quotes.filter(
      (quote) => quote.via === 'direct' && quote.pair.endsWith('/USD') && isSound(quote, rules),
    )
    const prices = sound
      .map(({ pair, price, isSample }) => ({
        currency: pair.slice(0, -'/USD'.length),
        priceUsd: price,
        isSample,
      }))
      .filter(({ currency }) => coins.includes(currency))
    if (prices.length === 0) return
    const at = new Date(Math.max(...sound.map(({ asOf }) => Date.parse(asOf))))
    const record = this.#options.record ?? ((facts) => recordPrices(this.#options.db, facts))
    await record({ at, prices, markets })
  }
}

/** When a source may be asked again that has said so, or that asks for fewer requests. */
function pauseOf(trouble: SourceError | null, now: Date): Date | null {
  const seconds =
    trouble?.retryAfterSeconds ?? (trouble?.failure === 'rate_limited' ? SHORTEST_PAUSE_SECONDS : null)
  return seconds === null ? null : new Date(now.getTime() + Math.min(seconds, LONGEST_PAUSE_SECONDS) * 1000)
}
