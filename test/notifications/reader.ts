import http from 'node:http'

export type Heard = { position: number; kind: string; data: { [key: string]: unknown } }

/** Reads a stream of events as EventSource does, over a connection of its own. */
export class Reader {
  readonly heard: Heard[] = []
  status = 0
  headers: http.IncomingHttpHeaders = {}
  isOver = false
  comments = 0
  #request: http.ClientRequest
  #looks: (() => void)[] = []
  #text = ''

  constructor(url: string, headers: Record<string, string>) {
    this.#request = http.get(url, { headers: { accept: 'text/event-stream', ...headers }, agent: false })
    this.#request.on('error', () => this.#end())
    this.#request.on('response', (response) => {
      this.status = response.statusCode ?? 0
      this.headers = response.headers
      response.on('error', () => this.#end())
      response.on('close', () => this.#end())
      response.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk))
      this.#look()
    })
  }

  /** The position to go on from. */
  get lastId(): string {
    return String(this.heard.at(-1)?.position ?? '')
  }

  /** The kinds that came, without what the stream says of itself. */
  get kinds(): string[] {
    return this.heard.map(({ kind }) => kind).filter((kind) => kind !== 'hello')
  }

  /** Waits until this is so. */
  async until(isSo: () => boolean, what: string, ms = 15_000): Promise<void> {
    const end = Date.now() + ms
    while (!isSo()) {
      const left = end - Date.now()
      if (left <= 0)
        throw new Error(`${what}: not within ${ms} ms; heard ${this.heard.length}: ${this.kinds.slice(0, 9)}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#looks.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  close(): void {
    this.#request.destroy()
  }

  #end(): void {
    this.isOver = true
    this.#look()
  }

  #look(): void {
    for (const look of this.#looks.splice(0)) look()
  }

  #read(chunk: string): void {
    this.#text += chunk
    const blocks = this.#text.split('\n\n')
    this.#text = blocks.pop() ?? ''
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
      const data = field('data')
      if (data !== undefined)
        this.heard.push({ position: Number(field('id')), kind: field('event') ?? '', data: JSON.parse(data) })
      else if (block.startsWith(':')) this.comments++
    }
    this.#look()
  }
}
