import { Gauge, type Registry } from 'prom-client'
import type { AdoptionFigures, Bloat, TableFigures } from './figures.ts'

type Sample = { labels: Record<string, string>; value: number | null }
type Metric = {
  name: string
  help: string
  labels?: string[]
  samples: (now: AdoptionFigures) => Sample[]
}

const PHASES = ['adopted', 'expanding', 'carrying', 'validating', 'beside', 'parked', 'contracted']
const SIDES = ['old', 'new'] as const

const one = (value: number | null): Sample[] => [{ labels: {}, value }]
const perTable = (value: (table: TableFigures) => number | null) => (now: AdoptionFigures) =>
  now.tables.map((table) => ({ labels: { table: table.table }, value: value(table) }))
const perSide = (value: (bloat: Bloat) => number | null) => (now: AdoptionFigures) =>
  now.tables.flatMap((table) =>
    SIDES.map((side) => ({ labels: { table: table.table, side }, value: value(table[side]) })),
  )
const perCode = (counts: Record<string, number>): Sample[] =>
  Object.entries(counts).map(([code, value]) => ({ labels: { code }, value }))

const METRICS: Metric[] = [
  {
    name: 'fairlock_adoption_phase',
    help: '1 for the phase that the take-over is in, 0 for the others',
    labels: ['phase'],
    samples: ({ phase }) =>
      PHASES.map((name) => ({ labels: { phase: name }, value: Number(name === phase) })),
  },
  {
    name: 'fairlock_adoption_phase_seconds',
    help: 'How long the take-over has been in its phase',
    samples: ({ phaseSeconds }) => one(phaseSeconds),
  },
  {
    name: 'fairlock_adoption_rows_done',
    help: 'Old rows that the walk through the table has passed',
    labels: ['table'],
    samples: perTable(({ done }) => done),
  },
  {
    name: 'fairlock_adoption_rows_total',
    help: 'Old rows that there were when the walk began',
    labels: ['table'],
    samples: perTable(({ total }) => total),
  },
  {
    name: 'fairlock_adoption_rows_per_second',
    help: 'Rows carried per second over the last minute',
    labels: ['table'],
    samples: perTable(({ rate }) => rate),
  },
  {
    name: 'fairlock_adoption_rows_quarantined',
    help: 'Old rows that have no place in the new schema yet',
    labels: ['table'],
    samples: perTable(({ quarantined }) => quarantined),
  },
  {
    name: 'fairlock_adoption_rows_not_taken',
    help: 'Rows that Fairlock wrote and the old table did not take, while both are served',
    labels: ['table'],
    samples: perTable(({ notTaken }) => notTaken),
  },
  {
    name: 'fairlock_adoption_quarantine_reasons',
    help: 'Reasons why rows are in quarantine; a row may have several',
    labels: ['code'],
    samples: ({ quarantine }) => perCode(quarantine),
  },
  {
    name: 'fairlock_adoption_set_aside',
    help: 'Parts of carried rows that had no place in the new schema',
    labels: ['code'],
    samples: ({ setAside }) => perCode(setAside),
  },
  {
    name: 'fairlock_adoption_marks',
    help: 'Rows that the old application touched and that wait to be carried again',
    labels: ['table'],
    samples: perTable(({ marks }) => marks),
  },
  {
    name: 'fairlock_adoption_people_to_recount',
    help: 'People whose statistics wait to be counted anew',
    samples: ({ toRecount }) => one(toRecount),
  },
  {
    name: 'fairlock_adoption_lag_seconds',
    help: 'Age of the oldest row that waits to be carried again: how far the new tables are behind',
    samples: ({ marks }) => one(marks.oldestSeconds),
  },
  {
    name: 'fairlock_adoption_batch_p99_seconds',
    help: 'Time that 99 of 100 of the last batches took at most',
    samples: ({ batches }) => one(inSeconds(batches.p99Ms)),
  },
  {
    name: 'fairlock_adoption_probe_p99_seconds',
    help: 'Time that 99 of 100 probe queries took at most beside the last batch: what the old application feels',
    samples: ({ batches }) => one(inSeconds(batches.probeP99Ms)),
  },
  {
    name: 'fairlock_adoption_pause_seconds',
    help: 'Pause between two batches, which grows with the p99 of the probe',
    samples: ({ batches }) => one(inSeconds(batches.pauseMs)),
  },
  {
    name: 'fairlock_adoption_lock_waits',
    help: 'Batches among the last that had to wait for a lock',
    samples: ({ batches }) => one(batches.lockWaits),
  },
  {
    name: 'fairlock_adoption_retries',
    help: 'Times that a batch among the last had to be repeated',
    samples: ({ batches }) => one(batches.retries),
  },
  {
    name: 'fairlock_adoption_last_batch_age_seconds',
    help: 'Time since the last batch',
    samples: ({ batches }) => one(batches.secondsSinceLast),
  },
  {
    name: 'fairlock_adoption_differences',
    help: 'Statistics that were counted again and are not what the old platform said',
    samples: ({ differences }) => one(differences),
  },
  {
    name: 'fairlock_adoption_mismatches',
    help: 'Findings of the last verification',
    samples: ({ verified }) => one(verified?.mismatches ?? null),
  },
  {
    name: 'fairlock_adoption_verified_age_seconds',
    help: 'Time since the last verification',
    samples: ({ verified }) => one(verified?.ageSeconds ?? null),
  },
  {
    name: 'fairlock_adoption_table_bytes',
    help: 'Size of the old and of the new table with their indexes',
    labels: ['table', 'side'],
    samples: perSide(({ bytes }) => bytes),
  },
  {
    name: 'fairlock_adoption_dead_rows',
    help: 'Dead rows of the old and of the new table that vacuum has not cleared away yet',
    labels: ['table', 'side'],
    samples: perSide(({ dead }) => dead),
  },
  {
    name: 'fairlock_adoption_live_rows',
    help: 'Rows of the old and of the new table, as PostgreSQL estimates them',
    labels: ['table', 'side'],
    samples: perSide(({ live }) => live),
  },
]

/**
 * The gauges of a take-over; the same for whoever asks a running program and for a file that a node exporter picks up.
 * Where nothing is taken over, and where there is no figure yet, they have no value.
 */
export function adoptionGauges(registry: Registry, read: () => Promise<AdoptionFigures | null>): void {
  for (const { name, help, labels = [], samples } of METRICS) {
    new Gauge({
      name,
      help,
      labelNames: labels,
      registers: [registry],
      async collect() {
        const now = await read()
        this.reset()
        this.remove({})
        for (const { labels: of, value } of now === null ? [] : samples(now)) {
          if (value !== null) this.set(of, value)
        }
      },
    })
  }
}

const inSeconds = (ms: number | null) => (ms === null ? null : ms / 1000)
