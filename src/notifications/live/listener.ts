import { newClient, pause } from '../../platform/index.ts'

const CHANNEL = 'fairlock_live'
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000
/** A connection that is silently dead is found by asking it something. */
const PROOF_MS = 15_000

/**
 * One connection that listens for fairlock.dispatch. `onNews` is called for every notification, and after each new
 * connection, since something may have been told in between.
 */
export class Listener {
  readonly #url: string
  readonly #onNews: () => void
  readonly #onTrouble: (error: unknown) => void
  readonly #closing = new AbortController()
  readonly #running: Promise<void>

  constructor(url: string, onNews: () => void, onTrouble: (error: unknown) => void) {
    this.#url = url
    this.#onNews = onNews
    this.#onTrouble = onTrouble
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    let wait = FIRST_PAUSE_MS
    while (!signal.aborted) {
      try {
        await this.#listen(() => {
          wait = FIRST_PAUSE_MS
        })
      } catch (error) {
        // Once for each time that it goes away.
        if (wait === FIRST_PAUSE_MS && !signal.aborted) this.#onTrouble(error)
        wait = Math.min(2 * wait, LONGEST_PAUSE_MS)
      }
      await pause(wait * (0.75 + Math.random() / 2), signal)
    }
  }

  /** Listens until the connection ends, which is an error unless we end it. */
  async #listen(onConnected: () => void): Promise<void> {
    const { signal } = this.#closing
    const client = newClient({
      connectionString: this.#url,
      connectionTimeoutMillis: 10_000,
      query_timeout: 10_000,
      keepAlive: true,
      application_name: 'fairlock live',
    })
    const lost = new Promise<never>((_, reject) => {
      client.on('error', reject)
      client.on('end', () => reject(new Error('the connection that listens for news has ended')))
    })
    // Where it breaks before anybody waits for it, the query under way throws; this only keeps Node from taking the
    // rejection for one that nobody handles.
    void Promise.allSettled([lost])
    try {
      await client.connect()
      client.on('notification', this.#onNews)
      await client.query(`listen ${CHANNEL}`)
      onConnected()
      this.#onNews()
      while (!signal.aborted) {
        await Promise.race([pause(PROOF_MS, signal), lost])
        if (!signal.aborted) await client.query('select 1')
      }
    } finally {
      // One whose other end is silent never says goodbye.
      const ended = client.end().catch((error: unknown) => this.#onTrouble(error))
      await Promise.race([ended, pause(1000, new AbortController().signal)])
    }
  }
}
