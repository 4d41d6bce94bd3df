import { Gauge, type Registry } from 'prom-client'
import type { Database } from '../../platform/index.ts'
import { countKeys } from '../../platform/sealing/index.ts'
import { shared } from './question.ts'

/** How many data keys there are, how far a rewrap is, and how old the active key-encryption key. */
export function keyMetrics(registry: Registry, db: Database): void {
  const counts = shared(() => countKeys(db))
  new Gauge({
    name: 'fairlock_data_keys',
    help: 'Data keys by state: active, decrypt_only, destroyed',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      const { active, decrypt_only, destroyed } = await counts()
      for (const [state, count] of Object.entries({ active, decrypt_only, destroyed }))
        this.set({ state }, count)
    },
  })
  new Gauge({
    name: 'fairlock_rewrap_left',
    help: 'Data keys that the rewrap under way has still to go through',
    registers: [registry],
    async collect() {
      this.set((await counts()).left)
    },
  })
  new Gauge({
    name: 'fairlock_key_encryption_key_age_seconds',
    help: 'How long the active key-encryption key has been in use',
    registers: [registry],
    async collect() {
      this.set((await counts()).ageSeconds ?? 0)
    },
  })
}
