import { Gauge, type Registry } from 'prom-client'
import type { Webhooks } from '../../notifications/index.ts'
import type { Database } from '../../platform/index.ts'
import { shared } from './question.ts'

type Counts = Record<'pending' | 'underWay' | 'dead' | 'oldestPendingSeconds' | 'disabled' | 'pushes', number>
type Options = { db: Database; webhooks?: () => Webhooks | null }

/** Messages to webhooks and browsers: what waits, for how long, and how attempts go in this process. */
export function deliveryMetrics(registry: Registry, { db, webhooks = () => null }: Options): void {
  const nobody = { sessionId: null, tokenHash: null, requestId: 'metrics' }
  const counts = shared(() => db.call<Counts>(nobody, 'select fairlock.count_webhooks() as answer', []))
  new Gauge({
    name: 'fairlock_webhook_deliveries',
    help: 'Messages to webhooks: waiting, of these under way, and dead of the last 30 days',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      const { pending, underWay, dead } = await counts()
      this.set({ state: 'pending' }, pending)
      this.set({ state: 'under_way' }, underWay)
      this.set({ state: 'dead' }, dead)
    },
  })
  const one = (name: string, help: string, key: keyof Counts) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set((await counts())[key])
      },
    })
  one(
    'fairlock_webhook_oldest_pending_seconds',
    'Age of the oldest message that a live webhook waits for',
    'oldestPendingSeconds',
  )
  one(
    'fairlock_webhooks_disabled',
    'Webhooks that were disabled because they failed or were gone',
    'disabled',
  )
  one('fairlock_push_messages_pending', 'Notices on their way to browsers', 'pushes')
  new Gauge({
    name: 'fairlock_webhook_attempts',
    help: 'Attempts to deliver in this process since the start, by result; dead was the last one of a message',
    labelNames: ['result'],
    registers: [registry],
    collect() {
      for (const [result, count] of Object.entries(webhooks()?.counts ?? {})) this.set({ result }, count)
    },
  })
}
