import { pause } from '../pause.ts'
import { EmbeddedError } from './errors.ts'
import { type Postmaster, startPostmaster } from './postmaster.ts'
import type { Runner } from './runner.ts'

/** A server that is started again when it dies. */
export type Supervised = { exited: Promise<EmbeddedError>; stop(): Promise<void> }

const FIRST_PAUSE_MS = 100
const RESTARTS_AT_MOST = 5
const CALM_MS = 60_000

/** Watches a started server and starts it again, with growing pauses, until it keeps dying. */
export function supervise(
  first: Postmaster,
  start: { runner: Runner; pgdata: string; log: (message: string) => void },
): Supervised {
  const stopping = new AbortController()
  let current: Postmaster | null = first
  let giveUp: (error: EmbeddedError) => void = () => {}
  const exited = new Promise<EmbeddedError>((resolve) => {
    giveUp = resolve
  })
  const watching = watch()

  async function watch(): Promise<void> {
    let failures = 0
    let startedAt = performance.now()
    while (true) {
      let how = current ? await current.ended : 'not started'
      current = null
      if (stopping.signal.aborted) return
      if (performance.now() - startedAt > CALM_MS) failures = 0
      while (current === null) {
        failures++
        if (failures > RESTARTS_AT_MOST) return giveUp(gaveUp(how))
        start.log(`PostgreSQL ended unexpectedly (${how}); starting it again`)
        await pause(FIRST_PAUSE_MS * 2 ** (failures - 1), stopping.signal)
        if (stopping.signal.aborted) return
        startedAt = performance.now()
        try {
          current = await startPostmaster(start.runner, start.pgdata, start.log)
        } catch (error) {
          how = error instanceof Error ? error.message : String(error)
        }
      }
      start.log('PostgreSQL accepts connections again')
      if (stopping.signal.aborted) return current.stop()
    }
  }

  async function stop(): Promise<void> {
    stopping.abort()
    await current?.stop()
    await watching
  }
  return { exited, stop }
}

function gaveUp(how: string): EmbeddedError {
  return new EmbeddedError(
    'gave_up',
    `PostgreSQL ended ${RESTARTS_AT_MOST + 1} times in a short time (last: ${how}) and is not started again. ` +
      'Look into its log in the data folder.',
  )
}
