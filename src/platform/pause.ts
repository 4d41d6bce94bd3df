import { setTimeout as sleep } from 'node:timers/promises'

/** Waits, but no longer than until the signal is given. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, null, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
