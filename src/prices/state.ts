import type { Pool } from 'pg'

type Db = Pick<Pool, 'query'>

/** How one source does, over all workers, since it was added. Times are RFC 3339. */
export type SourceState = {
  source: string
  triedAt: string | null
  readAt: string | null
  nextAt: string
  failingSince: string | null
  failure: string | null
  breaker: 'closed' | 'open' | 'half_open'
  /** Prices of coins that lie too far from those of the others now. */
  outliers: number
  reads: number
  failures: Record<string, number>
  dropped: Record<string, number>
}

/** All pairs of a kind, how many of them nothing may be priced by, and how old the newest and the oldest good quote are. */
export type KindState = {
  pairs: number
  without: number
  newestSeconds: number | null
  oldestGoodSeconds: number | null
}

/** Rates are those of exchange. */
export type FeedState = { sources: SourceState[]; kinds: Record<'coin' | 'rate', KindState> }

/** How the sources and the quotes do, from the database: right in every process. */
export async function readFeedState(db: Db): Promise<FeedState> {
  const { rows } = await db.query<{ state: FeedState }>('select fairlock.price_feed_state() as state')
  return rows[0]!.state
}

/** A pair's newest quote, and why nothing may be priced by it; `reason` is null where something may. */
export type PairState = {
  pair: string
  price: string | null
  via: string | null
  sources: string[]
  ageSeconds: number | null
  spreadPercent: string | null
  isSample: boolean
  reason: 'no quote' | 'too old' | 'too few sources' | 'sources disagree' | 'rate of exchange too old' | null
}

/** Every pair that there should be a quote of. */
export async function pairStates(db: Db): Promise<PairState[]> {
  const { rows } = await db.query<PairState>(`
    select base.code || '/' || quote.code as pair, q.price::text, q.via,
      coalesce((select array_agg(s ->> 'source' order by s ->> 'source')
        from jsonb_array_elements(q.sources) s where (s ->> 'used')::boolean), '{}') as sources,
      extract(epoch from clock_timestamp() - q.as_of)::integer as "ageSeconds",
      q.spread_percent::text as "spreadPercent", coalesce(q.is_sample, false) as "isSample",
      case when q.pair is null then 'no quote' when fairlock.is_good(q) then null
        when q.source_count < s.quote_least_sources then 'too few sources'
        when q.spread_percent > s.quote_most_spread_percent then 'sources disagree'
        when q.rate_as_of <= clock_timestamp() - make_interval(hours => s.reference_max_age_hours)
          then 'rate of exchange too old' else 'too old' end as reason
    from fairlock.settings s
    cross join fairlock.currencies base
    join fairlock.currencies quote on quote.kind = 'fiat' and quote.code <> base.code
      and (base.kind = 'crypto' or quote.code = 'USD')
    left join fairlock.market_quotes q on q.pair = base.code || '/' || quote.code
    order by base.kind, 1`)
  return rows
}
