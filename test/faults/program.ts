import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { attachEmbedded, type Embedded } from '../../src/platform/embedded/index.ts'
import { freePort } from '../../src/platform/embedded/ports.ts'
import { postmasterPid } from '../embedded/support.ts'
import { furnish } from '../support/house.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const READY_WITHIN_MS = 60_000

/** `fairlock serve` as a process of its own, which can be killed and started again on the same data. */
export class Program {
  readonly url: string
  readonly #folder: string
  readonly #env: NodeJS.ProcessEnv
  readonly #args: string[]
  #child: ChildProcess | null = null
  #said = ''

  private constructor(folder: string, port: number, args: string[], env: NodeJS.ProcessEnv) {
    this.#folder = folder
    this.#args = args
    this.url = `http://127.0.0.1:${port}`
    const { FAIRLOCK_TEST_SERVER: _, ...inherited } = process.env
    // A test is one address and asks more than an address may; its people let trades lapse again and again.
    const own = {
      PORT: String(port),
      FAIRLOCK_DATA_DIR: this.dataDir,
      LOG_LEVEL: 'warn',
      // No test asks the world.
      FAIRLOCK_PRICES: 'none',
      FAIRLOCK_REQUESTS_PER_ADDRESS: '0',
      FAIRLOCK_REQUESTS_PER_PERSON: '0',
      FAIRLOCK_COOLDOWN_HOURS_AFTER_TWO: '0',
      FAIRLOCK_COOLDOWN_HOURS_AFTER_THREE: '0',
      FAIRLOCK_COOLDOWN_HOURS_AFTER_FIVE: '0',
      FAIRLOCK_FREE_CANCELLATIONS_A_DAY: '1000',
    }
    this.#env = { ...inherited, ...own, ...env }
  }

  static async prepare(args: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Program> {
    const folder = mkdtempSync(join(tmpdir(), 'fairlock-faults-'))
    // Run by root, the server is another user and has to get through.
    chmodSync(folder, 0o711)
    const program = new Program(folder, await freePort(null), args, env)
    mkdirSync(program.dataDir, { recursive: true })
    process.once('exit', () => program.#child?.kill('SIGKILL'))
    return program
  }

  get dataDir(): string {
    return join(this.#folder, 'data')
  }

  /** What it has said since the start, for when it should not have. */
  get said(): string {
    return this.#said
  }

  get isRunning(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null
  }

  spawn(): void {
    const child = spawn(process.execPath, [MAIN, 'serve', ...this.#args], {
      cwd: this.#folder,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const hear = (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-4_000_000)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    this.#child = child
  }

  /** Starts it and waits until it answers; gives the seconds that took. */
  async start(): Promise<number> {
    this.spawn()
    return this.ready()
  }

  /** Waits until the API and the database answer; gives the seconds that took. */
  async ready(): Promise<number> {
    const began = performance.now()
    while (!(await this.#answers())) {
      assert.ok(this.isRunning, `the program has ended by itself:\n${this.#said}`)
      assert.ok(performance.now() - began < READY_WITHIN_MS, `it does not answer:\n${this.#said}`)
      await sleep(20)
    }
    return (performance.now() - began) / 1000
  }

  async #answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/readyz`)).ok
    } catch (error) {
      if (error instanceof TypeError) return false
      throw error
    }
  }

  async kill(): Promise<void> {
    const child = this.#child!
    assert.ok(this.isRunning, `the program ended before it was killed: ${this.said}`)
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  /** The embedded server it runs, as another program sees it. */
  async database(): Promise<Embedded> {
    const server = await attachEmbedded({ dataDir: this.dataDir })
    assert.ok(server, 'the program runs no database')
    return server
  }

  /** The prices and raised limits of every test market, for a program whose people trade. */
  async furnish(): Promise<void> {
    await furnish(await this.database())
  }

  async killDatabase(): Promise<void> {
    const pid = postmasterPid((await this.database()).pgdata)
    assert.ok(pid)
    process.kill(pid, 'SIGKILL')
  }

  async stop(): Promise<void> {
    if (this.isRunning) {
      const ended = once(this.#child!, 'exit')
      this.#child!.kill('SIGTERM')
      await ended
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
