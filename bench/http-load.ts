import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'

/** The secret of the session of person number n, as market.sql makes it. */
export function tokenOf(n: number, sessionId: string): string {
  return `${sessionId}.${createHash('sha256').update(`secret ${n}`).digest('base64url')}`
}

/**
 * One kept connection that asks one request at a time: as lean as can be, because the load shares the machine with the
 * server it measures. It understands the answers of our own server and no others: with a Content-Length.
 */
export class HttpConnection {
  readonly #socket: Socket
  readonly #host: string
  #received: Buffer = Buffer.alloc(0)
  #waiting: { resolve(answer: HttpAnswer): void; reject(error: Error): void } | null = null

  private constructor(socket: Socket, host: string) {
    this.#socket = socket
    this.#host = host
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('error', (error) => this.#waiting?.reject(error))
    socket.on('close', () => this.#waiting?.reject(new Error('the server closed the connection')))
  }

  static open(port: number): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port }, () => {
        socket.off('error', reject)
        resolve(new HttpConnection(socket, `127.0.0.1:${port}`))
      })
      socket.once('error', reject)
    })
  }

  get(path: string, token: string): Promise<HttpAnswer> {
    return this.#ask(`GET ${path} HTTP/1.1\r\nhost: ${this.#host}\r\nauthorization: Bearer ${token}\r\n\r\n`)
  }

  post(path: string, token: string, key: string, body: string): Promise<HttpAnswer> {
    return this.#ask(
      `POST ${path} HTTP/1.1\r\nhost: ${this.#host}\r\nauthorization: Bearer ${token}\r\n` +
        `idempotency-key: ${key}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
  }

  close(): void {
    this.#waiting = null
    this.#socket.destroy()
  }

  #ask(request: string): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#socket.write(request, 'latin1')
    })
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const headEnd = this.#received.indexOf('\r\n\r\n')
    if (headEnd === -1) return
    const head = this.#received.toString('latin1', 0, headEnd)
    const bodyStart = headEnd + 4
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
    if (this.#received.length < bodyStart + length) return
    const body = this.#received.toString('utf8', bodyStart, bodyStart + length)
    this.#received = this.#received.subarray(bodyStart + length)
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.resolve({ status: Number(head.slice(9, 12)), body })
  }
}

export type HttpAnswer = { status: number; body: string }

/**
 * Runs `work` on a number of connections, again and again. What `work` reports as one request each is timed; counted
 * are whole rounds of it that end within the time after the warm-up.
 */
export async function runHttpLoad(
  port: number,
  clients: number,
  { warmUpSeconds, seconds }: { warmUpSeconds: number; seconds: number },
  work: (connection: HttpConnection, timed: Timed) => Promise<void>,
): Promise<{ perSecond: number; latencies: number[] }> {
  const connections = await Promise.all(Array.from({ length: clients }, () => HttpConnection.open(port)))
  const latencies: number[] = []
  let count = 0
  const start = performance.now() + warmUpSeconds * 1000
  const end = start + seconds * 1000
  const timed: Timed = async (expected, request) => {
    const asked = performance.now()
    const answer = await request
    if (answer.status !== expected)
      throw new Error(`the API answered ${answer.status} for ${expected}: ${answer.body.slice(0, 500)}`)
    if (asked >= start && asked < end) latencies.push(performance.now() - asked)
    return answer.body
  }
  const loop = async (connection: HttpConnection) => {
    while (performance.now() < end) {
      await work(connection, timed)
      const now = performance.now()
      if (now >= start && now < end) count++
    }
  }
  try {
    await Promise.all(connections.map(loop))
  } finally {
    for (const connection of connections) connection.close()
  }
  return { perSecond: count / seconds, latencies }
}

/** Waits for an answer, checks its status, notes how long it took, gives its body. */
export type Timed = (expected: number, request: Promise<HttpAnswer>) => Promise<string>
