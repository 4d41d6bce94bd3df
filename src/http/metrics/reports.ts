import { Gauge, type Registry } from 'prom-client'
import { type ReportsState, readReportsState } from '../../operations/index.ts'
import type { Database } from '../../platform/index.ts'
import { shared } from './question.ts'

/** How far behind the days of trading are, and how old the last proof of liabilities is. */
export function reportMetrics(registry: Registry, db: Database): void {
  const state = shared(() => readReportsState(db))
  const gauge = (name: string, help: string, value: (now: ReportsState) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(value(await state()))
      },
    })
  gauge(
    'fairlock_liability_snapshot_age_seconds',
    'Age of the newest snapshot of liabilities; NaN while there is none',
    ({ snapshotAgeSeconds }) => snapshotAgeSeconds ?? Number.NaN,
  )
  gauge('fairlock_liability_snapshots', 'Snapshots of liabilities', ({ snapshots }) => snapshots)
  gauge(
    'fairlock_daily_entries_behind',
    'Entries of the ledger that the days of trading do not contain yet; reports add them themselves',
    ({ entriesBehind }) => entriesBehind,
  )
}
