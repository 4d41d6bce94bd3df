import { Gauge, type Registry } from 'prom-client'
import type { Dispatcher, Live } from '../../notifications/index.ts'
import type { Database } from '../../platform/index.ts'
import { shared } from './question.ts'

type NewsState = {
  waiting: number
  oldestSeconds: number
  setAside: number
  mailsWaiting: number
  mailsLate: number
}
export type NewsParts = { db: Database; live?: Live | undefined; dispatcher?: Dispatcher | undefined }

/** How much news waits, how much was told, and who listens. */
export function newsMetrics(registry: Registry, { db, live, dispatcher }: NewsParts): void {
  const nobody = { sessionId: null, tokenHash: null, requestId: 'metrics' }
  const state = shared(() => db.call<NewsState>(nobody, 'select fairlock.news_state() as answer', []))
  const gauge = (name: string, help: string, value: () => number | Promise<number>) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(await value())
      },
    })
  gauge('fairlock_news_waiting', 'News that nobody has been told of yet', async () => (await state()).waiting)
  gauge(
    'fairlock_news_oldest_seconds',
    'Age of the oldest of them',
    async () => (await state()).oldestSeconds,
  )
  gauge('fairlock_news_set_aside', 'News that could not be told', async () => (await state()).setAside)
  gauge('fairlock_mails_waiting', 'Mails that are to be sent', async () => (await state()).mailsWaiting)
  gauge('fairlock_mails_late', 'Those due for five minutes or longer', async () => (await state()).mailsLate)
  gauge('fairlock_streams_open', 'Streams of events that this process serves', () => live?.size ?? 0)
  gauge(
    'fairlock_streams_cut_off',
    'Those ended since the start because nobody read them',
    () => live?.cutOff ?? 0,
  )
  new Gauge({
    name: 'fairlock_news_told',
    help: 'News that this process has told since the start, by group',
    labelNames: ['group'],
    registers: [registry],
    collect() {
      for (const [group, count] of dispatcher?.told ?? []) this.set({ group }, count)
    },
  })
}
