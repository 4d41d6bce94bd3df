import { Dispatcher } from '../../src/notifications/index.ts'
import type { Market } from './market.ts'

/** Tells everything that stands in the outbox, as the background work would. A piece that cannot be told is an error. */
export async function dispatch(market: Market): Promise<void> {
  const onError = (error: unknown) => {
    throw error
  }
  const onSetAside = (count: number) => {
    throw new Error(`${count} pieces of news could not be told: see fairlock.news_set_aside`)
  }
  const dispatcher = new Dispatcher({ db: market.db, onError, onSetAside })
  // Another one that is at it may not have seen everything.
  while (await dispatcher.run()) await new Promise((resolve) => setTimeout(resolve, 5))
}
