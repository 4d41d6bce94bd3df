import { Gauge, type Registry } from 'prom-client'
import type { Database } from '../../platform/index.ts'
import { type FeedState, readFeedState } from '../../prices/index.ts'
import { shared } from './question.ts'

const BREAKER = ['closed', 'open', 'half_open'] as const

/** How price sources and quotes do. From the database, so that any API process says it of all workers together. */
export function priceMetrics(registry: Registry, db: Database): void {
  const state = shared(() => readFeedState(db.pool))
  const gauge = (name: string, help: string, labels: string[], each: (one: Gauge, now: FeedState) => void) =>
    new Gauge({
      name,
      help,
      labelNames: labels,
      registers: [registry],
      async collect() {
        const now = await state()
        // A source or a reason that is no more must not stay at its last value.
        this.reset()
        each(this, now)
      },
    })
  gauge('fairlock_price_source_reads', 'Answers of a source that could be used', ['source'], (one, now) => {
    for (const { source, reads } of now.sources) one.set({ source }, reads)
  })
  const byReason = (name: string, help: string, which: 'failures' | 'dropped') =>
    gauge(name, help, ['source', 'reason'], (one, now) => {
      for (const source of now.sources)
        for (const [reason, count] of Object.entries(source[which]))
          one.set({ source: source.source, reason }, count)
    })
  byReason('fairlock_price_source_failures', 'Times a source could not be used', 'failures')
  byReason('fairlock_price_source_dropped', 'Prices of a source that were left out', 'dropped')
  gauge('fairlock_price_source_age_seconds', 'Since the last answer of a source', ['source'], (one, now) => {
    for (const { source, readAt } of now.sources)
      if (readAt !== null) one.set({ source }, (Date.now() - Date.parse(readAt)) / 1000)
  })
  gauge('fairlock_price_source_failing', '1 while a source fails', ['source'], (one, now) => {
    for (const { source, failingSince } of now.sources) one.set({ source }, failingSince === null ? 0 : 1)
  })
  gauge(
    'fairlock_price_source_outliers',
    'Prices of coins of a source that lie too far from the others now',
    ['source'],
    (one, now) => {
      for (const { source, outliers } of now.sources) one.set({ source }, outliers)
    },
  )
  gauge(
    'fairlock_price_source_breaker',
    '1 for the state of its breaker',
    ['source', 'state'],
    (one, now) => {
      for (const { source, breaker } of now.sources)
        for (const state of BREAKER) one.set({ source, state }, breaker === state ? 1 : 0)
    },
  )
  gauge(
    'fairlock_price_pairs',
    'Pairs with a quote that something may be priced by, and without',
    ['kind', 'state'],
    (one, now) => {
      for (const [kind, { pairs, without }] of Object.entries(now.kinds)) {
        one.set({ kind, state: 'good' }, pairs - without)
        one.set({ kind, state: 'without' }, without)
      }
    },
  )
  gauge(
    'fairlock_price_quote_age_seconds',
    'Age of the newest quote, and of the oldest that something may be priced by',
    ['kind', 'quote'],
    (one, now) => {
      for (const [kind, { newestSeconds, oldestGoodSeconds }] of Object.entries(now.kinds)) {
        if (newestSeconds !== null) one.set({ kind, quote: 'newest' }, newestSeconds)
        if (oldestGoodSeconds !== null) one.set({ kind, quote: 'oldest_good' }, oldestGoodSeconds)
      }
    },
  )
}
