import { test } from 'node:test'
import { killDeliveries } from './kills.ts'

/** The first two moments; `npm run proof -- webhooks` kills thirty times, and waits for the leases of the dead. */
const KILLS = 2

test('kill -9 between the outbox and the delivery, and during it: each webhook is delivered, under one id', async (t) => {
  const { events, messages, received, slowest } = await killDeliveries(KILLS, false)
  t.diagnostic(
    `kills: ${KILLS}, ${events} events, ${messages} messages, received ${received} times, all there ${slowest.toFixed(1)} s later`,
  )
})
