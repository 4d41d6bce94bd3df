import type pg from 'pg'
import { mayCarry } from './carry.ts'
import { type Pace, rest } from './pace.ts'

/** How many people are counted in one transaction at most, whose trades cannot end meanwhile. */
const AT_ONCE = 100

/** How many people are counted anew, of how many that waited for it. */
export type Recounted = { people: number; of: number }

/**
 * Counts everybody anew whose trades were carried, until nobody waits for it; in small transactions, and no faster than
 * the old application can bear: a person takes a millisecond of the database, a million people a quarter of an hour.
 */
export async function recount(
  { carrier, throttle, probe, signal }: Pace,
  onProgress: (recounted: Recounted) => void = () => undefined,
): Promise<void> {
  let [people, of] = [0, 0]
  while (!signal.aborted) {
    const most = Math.min(AT_ONCE, throttle.rows)
    const began = performance.now()
    const counted = await carrier.transaction((client) => recountSome(client, most))
    const ms = performance.now() - began
    people += counted
    if (counted === 0) return
    // Only where it takes long is it worth knowing how long.
    if (of === 0 && counted === most) of = people + (await carrier.transaction(countWaiting))
    of = Math.max(of, people)
    onProgress({ people, of })
    await rest({ throttle, probe, signal }, { rows: counted, ms })
  }
}

async function recountSome(client: pg.Client, most: number): Promise<number> {
  if (!(await mayCarry(client))) return 0
  const { rows } = await client.query<{ counted: number }>(
    'select fairlock_adoption.recount_waiting($1) as counted',
    [most],
  )
  return rows[0]!.counted
}

async function countWaiting(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ waiting: number }>(
    'select count(*)::int as waiting from fairlock_adoption.to_recount',
  )
  return rows[0]!.waiting
}
