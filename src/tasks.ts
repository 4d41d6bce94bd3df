import type { Follower } from './adoption/index.ts'
import { publishRoots, type Signer, sealAudit } from './audit/index.ts'
import { tendDisputes } from './disputes/index.ts'
import { tendAccounts } from './identity/index.ts'
import type { Task } from './jobs/index.ts'
import { rollUp } from './ledger/index.ts'
import type { Dispatcher, Mailer, Pushes, Webhooks } from './notifications/index.ts'
import { anchorOffers, closeExpiredOffers } from './offers/index.ts'
import { countDays, headsFileBeside, tendLiabilities } from './operations/index.ts'
import { purgePaymentDetails } from './payment-methods/index.ts'
import type { Database } from './platform/index.ts'
import { Rewrap, type Sealer } from './platform/sealing/index.ts'
import type { PriceFeed } from './prices/index.ts'
import { tendPriceHistory } from './prices/index.ts'
import { expireTrades } from './trades/index.ts'

/** What the tasks work with. */
export type Work = {
  ownerUrl: string
  db: Database
  dispatcher: Dispatcher
  mailer: Mailer | null
  webhooks: Webhooks
  pushes: Pushes
  sealer: Sealer
  signer: Signer
  auditRoots: string
  feed: PriceFeed
  follower: Follower
}

/** The background work: each task with how many seconds lie between two runs. */
export function tasksOf(work: Work): Record<string, Task> {
  const { ownerUrl, db, dispatcher, mailer, webhooks, pushes, sealer, signer, auditRoots, feed, follower } =
    work
  const rewrap = new Rewrap(db, sealer, { forMs: 2000 })
  return {
    dispatch: { everySeconds: 1, work: async () => void (await dispatcher.run()) },
    'notice-announcements': { everySeconds: 5, work: () => noticeAnnouncements(db) },
    'follow-old-application': { everySeconds: 1, work: () => follower.run() },
    'sweep-live': { everySeconds: 30, work: () => sweepLive(db) },
    'seal-audit': {
      everySeconds: 10,
      async work() {
        await sealAudit(db, signer)
        await publishRoots(db, auditRoots)
      },
    },
    'open-audit-months': {
      everySeconds: 86_400,
      work: async () => void (await db.pool.query('select fairlock.open_audit_months()')),
    },
    'tend-price-history': { everySeconds: 3600, work: () => tendPriceHistory(db) },
    'expire-trades': { everySeconds: 2, work: async () => void (await expireTrades(db)) },
    'tend-disputes': { everySeconds: 2, work: async () => void (await tendDisputes(db)) },
    'close-expired-offers': { everySeconds: 30, work: async () => void (await closeExpiredOffers(db)) },
    'anchor-offers': { everySeconds: 2, work: async () => void (await anchorOffers(db)) },
    'roll-up-ledger': { everySeconds: 30, work: async () => void (await rollUp(db)) },
    'count-days': { everySeconds: 10, work: async () => void (await countDays(db)) },
    liabilities: {
      everySeconds: 60,
      work: () => tendLiabilities({ ownerUrl, db, signer, file: headsFileBeside(auditRoots) }),
    },
    'rewrap-keys': { everySeconds: 5, work: () => continueRewrap(rewrap) },
    'tend-accounts': { everySeconds: 2, work: () => tendAccounts(db) },
    ...(mailer && { mail: { everySeconds: 2, work: async () => void (await mailer.deliver()) } }),
    webhooks: { everySeconds: 1, work: () => webhooks.deliver() },
    push: { everySeconds: 2, work: () => pushes.deliver() },
    // Whoever runs it, sources are asked at their own pace: the database says who is due.
    prices: { everySeconds: 30, work: () => feed.run() },
    'purge-payment-details': {
      everySeconds: 300,
      work: async () => void (await purgePaymentDetails(db)),
    },
    sweep: { everySeconds: 300, work: async () => void (await db.pool.query('select fairlock.sweep(1000)')) },
  }
}

async function continueRewrap(rewrap: Rewrap): Promise<void> {
  const { done, stuck } = await rewrap.run()
  if (done && stuck.length > 0)
    throw new Error(`sealed values that their key does not open were left as they are: ${stuck.join(', ')}`)
}

/** Gives everybody their notice of what was announced, some thousands of people at a time. */
async function noticeAnnouncements(db: Database): Promise<void> {
  for (let i = 0; i < 20; i++) {
    const { rows } = await db.pool.query<{ count: number }>(
      'select fairlock.notice_announcements(2000) as count',
    )
    if (rows[0]!.count === 0) return
  }
}

/** What people could have seen for a week is forgotten. */
async function sweepLive(db: Database): Promise<void> {
  for (let i = 0; i < 20; i++) {
    const { rows } = await db.pool.query<{ count: number }>('select fairlock.sweep_live(5000) as count')
    if (rows[0]!.count === 0) return
  }
}
