import { test } from 'node:test'
import { killDeliveries } from '../webhooks/kills.ts'

const KILLS = Number(process.env.KILLS ?? 30)

test(`${KILLS} times kill -9 around deliveries: each webhook is delivered, under one id`, async (t) => {
  const began = performance.now()
  const { events, messages, received, slowest } = await killDeliveries(KILLS, true)
  const seconds = Math.round((performance.now() - began) / 1000)
  t.diagnostic(
    `webhooks: ${KILLS} times kill -9, ${events} events, ${messages} messages, each arrived under one id, ` +
      `${received - messages} of them more than once; the last ${slowest.toFixed(1)} s after the start, ${seconds} s`,
  )
})
