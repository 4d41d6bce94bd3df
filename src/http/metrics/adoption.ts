import type { Registry } from 'prom-client'
import { adoptionGauges, readAdoption } from '../../adoption/index.ts'
import type { Database } from '../../platform/index.ts'
import { shared } from './question.ts'

/** How the take-over of an old database is doing; nothing where there is none. */
export function adoptionMetrics(registry: Registry, db: Database): void {
  adoptionGauges(
    registry,
    shared(() => readAdoption(db)),
  )
}
