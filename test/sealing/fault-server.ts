import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export type Reply = { status: number; body?: unknown; type?: string; location?: string }
/** `hang` never answers, `reset` cuts the connection, `flood` answers without an end. */
export type Fault = 'hang' | 'reset' | 'flood' | Reply
export type Handler = (request: IncomingMessage, body: string) => Reply

/** A local HTTP server whose next answers can be spoilt; it counts what it was asked. */
export async function faultServer(handle: Handler) {
  const faults: Fault[] = []
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    asked.push(`${request.method} ${request.url}`)
    const fault = faults.shift()
    if (fault === 'hang') return
    if (fault === 'reset') return request.socket.destroy()
    if (fault === 'flood') {
      response.writeHead(200, { 'content-type': 'application/json' })
      const pour = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 32)));
      }
      response.on('drain', pour)
      return pour()
    }
    const reply = fault ?? handle(request, body)
    const isJson = typeof reply.body !== 'string'
    response.writeHead(reply.status, {
      'content-type': reply.type ?? (isJson ? 'application/json' : 'text/html'),
      ...(reply.location ? { location: reply.location } : {}),
    })
    response.end(reply.body === undefined ? '' : isJson ? JSON.stringify(reply.body) : reply.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    faults,
    asked,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
