import { Gauge, type Registry } from 'prom-client'
import type { Exports } from '../../wallets/index.ts'

/** Exports that this process is sending, has refused, and that broke off. */
export function exportMetrics(registry: Registry, exports: Exports): void {
  new Gauge({
    name: 'fairlock_exports_running',
    help: 'Exports that this process is sending at this moment; each holds a database connection',
    registers: [registry],
    collect() {
      this.set(exports.running)
    },
  })
  new Gauge({
    name: 'fairlock_exports_broken',
    help: 'Exports that ended before they were complete since the start, by whichever side',
    registers: [registry],
    collect() {
      this.set(exports.broken)
    },
  })
  new Gauge({
    name: 'fairlock_exports_refused',
    help: 'Exports that this process refused since the start, by the code of the problem',
    labelNames: ['code'],
    registers: [registry],
    collect() {
      for (const [code, count] of exports.refused) this.set({ code }, count)
    },
  })
}
