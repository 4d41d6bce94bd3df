import { Gauge, type Registry } from 'prom-client'
import type { Uploads } from '../../platform/files/index.ts'
import type { Database } from '../../platform/index.ts'
import { shared } from './question.ts'

type Counts = Record<string, { files: number; bytes: number }>

/** How much is stored, what arrives at this moment, and what this process refused. */
export function fileMetrics(registry: Registry, db: Database, uploads: Uploads): void {
  const nobody = { sessionId: null, tokenHash: null, requestId: 'metrics' }
  const counts = shared(() => db.call<Counts>(nobody, 'select fairlock.count_files() as answer', []))
  const stored = (name: string, help: string, what: 'files' | 'bytes') =>
    new Gauge({
      name,
      help,
      labelNames: ['state'],
      registers: [registry],
      async collect() {
        const found = await counts()
        for (const state of ['attached', 'unattached']) this.set({ state }, found[state]?.[what] ?? 0)
      },
    })
  stored('fairlock_files', 'Files kept: attached to something, or not yet', 'files')
  stored('fairlock_file_bytes', 'Bytes of the files kept, before sealing', 'bytes')
  new Gauge({
    name: 'fairlock_uploads_running',
    help: 'Files that this process is taking in at this moment',
    registers: [registry],
    collect() {
      this.set(uploads.running)
    },
  })
  new Gauge({
    name: 'fairlock_uploads_refused',
    help: 'Uploads that this process refused since the start, by the code of the problem',
    labelNames: ['code'],
    registers: [registry],
    collect() {
      for (const [code, count] of uploads.refused) this.set({ code }, count)
    },
  })
}
