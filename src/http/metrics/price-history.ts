import { Gauge, type Registry } from 'prom-client'
import type { Database } from '../../platform/index.ts'
import { readPriceHistory } from '../../prices/index.ts'
import { shared } from './question.ts'

/** How the history of prices is: its newest row, and what is made ready for the rows to come. */
export function priceHistoryMetrics(registry: Registry, db: Database): void {
  const state = shared(() => readPriceHistory(db))
  new Gauge({
    name: 'fairlock_price_history_age_seconds',
    help: 'Age of the newest price on the board; NaN while there is none',
    registers: [registry],
    async collect() {
      this.set((await state()).ageSeconds ?? Number.NaN)
    },
  })
  new Gauge({
    name: 'fairlock_price_partitions_ahead',
    help: 'Partitions that are there already for days of minutes and months of hours to come',
    labelNames: ['of'],
    registers: [registry],
    async collect() {
      const { daysAhead, monthsAhead } = await state()
      this.set({ of: 'minutes' }, daysAhead)
      this.set({ of: 'hours' }, monthsAhead)
    },
  })
  new Gauge({
    name: 'fairlock_price_history_unopened_rows',
    help: 'Minutes that came when there was no partition for them, counted up to 1000',
    registers: [registry],
    async collect() {
      this.set((await state()).unopened)
    },
  })
  new Gauge({
    name: 'fairlock_prices_not_fitting',
    help: 'Coins of which crypto_prices cannot hold some value; the API shows them exact',
    registers: [registry],
    async collect() {
      this.set((await state()).notFitting)
    },
  })
}
