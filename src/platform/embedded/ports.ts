import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { EmbeddedError } from './errors.ts'

const HOST = '127.0.0.1'
// Below the range from which systems take the ports of outgoing connections, so that a
// remembered port is rarely found busy later.
const LOWEST = 15_432
const HIGHEST = 32_000
const ATTEMPTS = 50

/** The wanted port if it is free, else another free one. */
export async function freePort(wanted: number | null): Promise<number> {
  if (wanted !== null && (await isFree(wanted))) return wanted
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(LOWEST, HIGHEST)
    if (await isFree(port)) return port
  }
  throw new EmbeddedError('start_failed', `No free port was found on ${HOST} in ${ATTEMPTS} attempts.`)
}

/** True when a server could listen on the port now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: HOST, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
