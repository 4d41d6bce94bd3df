import { MigrationError, withSession } from '../../platform/migrator/index.ts'
import { isCarrying, readState } from '../state.ts'
import { drain } from './drain.ts'
import { countQuarantine, markQuarantined, type QuarantineFilter, quarantinedKeys } from './quarantine.ts'
import { Carrier } from './session.ts'
import { Throttle } from './throttle.ts'

/** `carried`: those that are in quarantine no more. */
export type Retried = {
  tried: number
  carried: number
  left: { table: string; code: string; rows: number }[]
}

/** Tries to carry rows in quarantine once more; says how many were tried and what is left of them. */
export async function retryQuarantine(ownerUrl: string, filter: QuarantineFilter): Promise<Retried> {
  const state = await withSession(ownerUrl, readState)
  if (!isCarrying(state?.phase)) {
    throw new MigrationError(
      state === null
        ? 'Nothing was adopted here: there is no quarantine.'
        : `Rows are tried again while old rows are carried, and this take-over is ${state.phase}: run fairlock db up.`,
    )
  }
  const carrier = new Carrier(ownerUrl)
  try {
    const before = await withSession(ownerUrl, (session) => quarantinedKeys(session, filter))
    await markQuarantined(carrier, filter)
    const throttle = new Throttle({ baselineMs: 0 })
    await drain({ carrier, throttle, probe: null, signal: new AbortController().signal })
    return await withSession(ownerUrl, async (session) => {
      const after = new Set(await quarantinedKeys(session, {}))
      const carried = before.filter((key) => !after.has(key)).length
      return { tried: before.length, carried, left: await countQuarantine(session, filter) }
    })
  } finally {
    await carrier.end()
  }
}
