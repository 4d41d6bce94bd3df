import { pause } from '../../platform/index.ts'
import type { TableName } from '../old-tables.ts'
import { noteBatch } from './carry.ts'
import type { Probe } from './probe.ts'
import type { Carrier } from './session.ts'
import type { Throttle } from './throttle.ts'

/** What a run that carries rows works with. */
export type Pace = {
  carrier: Carrier
  throttle: Throttle
  /** Null where nobody listens: a drain in the background carries little at a time. */
  probe: Probe | null
  signal: AbortSignal
}

/** Runs one batch, notes how it went and pauses as long as the throttle says. */
export async function paced(
  { carrier, throttle, probe, signal }: Pace,
  work: () => Promise<{ table: TableName; rows: number }>,
): Promise<number> {
  const { retries, lockWaits } = carrier.troubles
  const began = performance.now()
  const { table, rows } = await work()
  const ms = performance.now() - began
  if (rows === 0) return 0
  const p99Ms = probe?.p99(throttle.since) ?? null
  const pauseMs = throttle.after({ rows, ms, p99Ms })
  await carrier.transaction((client) =>
    noteBatch(client, {
      table,
      rows,
      ms,
      p99Ms,
      pauseMs,
      lockWaits: carrier.troubles.lockWaits - lockWaits,
      retries: carrier.troubles.retries - retries,
    }),
  )
  await pause(pauseMs, signal)
  return rows
}
