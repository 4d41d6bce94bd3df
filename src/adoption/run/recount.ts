import type pg from 'pg'
import { mayCarry } from './carry.ts'
import type { Pace } from './pace.ts'

/** How many people are counted in one transaction, whose trades cannot end meanwhile. */
const AT_ONCE = 100

/** Counts everybody anew whose trades were carried; in small transactions, until nobody waits for it. */
export async function recount({ carrier, signal }: Pace): Promise<void> {
  for (let more = true; more && !signal.aborted; ) more = await carrier.transaction(recountSome)
}

async function recountSome(client: pg.Client): Promise<boolean> {
  if (!(await mayCarry(client))) return false
  const { rows } = await client.query<{ counted: number }>(
    'select fairlock_adoption.recount_waiting($1) as counted',
    [AT_ONCE],
  )
  return rows[0]!.counted > 0
}
