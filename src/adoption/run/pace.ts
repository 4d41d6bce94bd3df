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

type Done = { rows: number; ms: number }

/** Pauses after some rows as long as the throttle says; what is not of one table is noted nowhere. */
export async function rest({ throttle, probe, signal }: Omit<Pace, 'carrier'>, done: Done): Promise<void> {
  await pause(owed({ throttle, probe }, done).pauseMs, signal)
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
  const { p99Ms, pauseMs } = owed({ throttle, probe }, { rows, ms })
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

function owed({ throttle, probe }: Pick<Pace, 'throttle' | 'probe'>, done: Done) {
  const p99Ms = probe?.p99(throttle.since) ?? null
  return { p99Ms, pauseMs: throttle.after({ ...done, p99Ms }) }
}
