import { once } from 'node:events'
import { type IncomingHttpHeaders, createServer as plainServer, type ServerResponse } from 'node:http'
import { createServer as tlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export type Received = { path: string; headers: IncomingHttpHeaders; body: Buffer }
type Respond = (response: ServerResponse, received: Received) => void
type Options = { tls?: { key: string; cert: string }; host?: string; port?: number }

/** An endpoint on this machine that keeps what it receives; 204, unless `respond` says otherwise. */
export async function receiver({ tls, host = '127.0.0.1', port = 0 }: Options = {}) {
  const received: Received[] = []
  let respond: Respond = (response) => response.writeHead(204).end()
  const listener: Parameters<typeof plainServer>[1] = async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const one = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) }
    received.push(one)
    respond(response, one)
  }
  const server = tls === undefined ? plainServer(listener) : tlsServer(tls, listener)
  let connections = 0
  server.on('connection', () => connections++)
  server.listen(port, host)
  await once(server, 'listening')
  return {
    received,
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections
    },
    /** From now on. */
    answer(how: Respond) {
      respond = how
    },
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
