import { setTimeout as pause } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import pg from 'pg'
import type { Answer, Failure, Figures, LoadOptions, Question, Times } from './load.ts'
import { OldApplication, type Send } from './old-application.ts'
import { PREPARED, STATEMENTS } from './statements.ts'

const { url, perSecond, connections, seed } = workerData as Required<LoadOptions> & { url: string }
const port = parentPort!
const tell = (answer: Answer) => port.postMessage(answer)

/** What was measured in a lap. */
class Lap {
  readonly requests: { name: string; took: number }[] = []
  readonly statements = new Map<string, number[]>()
  readonly failures: Failure[] = []
  longestStall = 0

  figures(): Figures {
    const times = new Map<string, number[]>()
    for (const { name, took } of this.requests) add(times, name, took)
    const took = this.requests.map((request) => request.took)
    const { count: requests, ...rest } = timesOf(took)
    return {
      requests,
      took,
      ...rest,
      longestStall: round(this.longestStall),
      failures: this.failures,
      byRequest: all(times),
      byStatement: all(this.statements),
    }
  }
}

function add(times: Map<string, number[]>, name: string, took: number): void {
  const list = times.get(name)
  if (list === undefined) times.set(name, [took])
  else list.push(took)
}

const round = (ms: number) => Math.round(ms * 1000) / 1000
const all = (times: Map<string, number[]>) =>
  Object.fromEntries([...times].sort().map(([name, list]) => [name, timesOf(list)]))

function timesOf(list: number[]): Times {
  const sorted = list.toSorted((a, b) => a - b)
  const at = (share: number) =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}

const whole = new Lap()
let lap = new Lap()
const application = new OldApplication(seed)
const free: pg.Client[] = []
const waiting: number[] = []
let [underWay, lastAnswer, stopping] = [0, 0, false]

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'old application' })
  // A connection that is lost while nobody uses it shows in the next request that gets it.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

function sender(client: pg.Client, sent: (name: string) => void): Send {
  return async (name, values = []) => {
    sent(name)
    const began = performance.now()
    const text = name === 'begin' || name === 'commit' || name === 'rollback' ? name : STATEMENTS[name]
    const prepared = PREPARED.has(name as never) ? { name: `old-${name}` } : {}
    const { rows } = await client.query({ text, values, ...prepared })
    for (const record of [whole, lap]) {
      add(record.statements, name, performance.now() - began)
    }
    return rows
  }
}

async function serve(client: pg.Client, due: number): Promise<void> {
  underWay += 1
  const { name, run } = application.next()
  let statement = 'begin'
  let connection: pg.Client | null = client
  try {
    await run(sender(client, (sent) => (statement = sent)))
  } catch (error) {
    const { message, code = null } = error as Error & { code?: string }
    const failure = { at: Date.now(), request: name, statement, code, message }
    for (const record of [whole, lap]) record.failures.push(failure)
    connection = await mend(client)
  }
  const answered = performance.now()
  // A stall begins when something is due, not while nothing was asked.
  const stall = answered - Math.max(lastAnswer, due)
  lastAnswer = answered
  for (const record of [whole, lap]) {
    record.requests.push({ name, took: answered - due })
    record.longestStall = Math.max(record.longestStall, stall)
  }
  underWay -= 1
  if (connection !== null) free.push(connection)
  next()
}

/** The connection after a failure: rolled back, or a new one where it is gone. */
async function mend(client: pg.Client): Promise<pg.Client | null> {
  try {
    await client.query('rollback')
    return client
  } catch {
    await client.end().catch(() => undefined)
    void reconnect()
    return null
  }
}

async function reconnect(): Promise<void> {
  for (;;) {
    try {
      free.push(await connect())
      return next()
    } catch (error) {
      if (stopping) return
      await pause(50, error)
    }
  }
}

function next(): void {
  while (free.length > 0 && waiting.length > 0) void serve(free.pop()!, waiting.shift()!)
}

async function come(): Promise<void> {
  const start = performance.now()
  for (let number = 0; !stopping; ) {
    const now = performance.now()
    for (; start + (number * 1000) / perSecond <= now; number += 1)
      waiting.push(start + (number * 1000) / perSecond)
    next()
    await pause(Math.max(1, start + (number * 1000) / perSecond - performance.now()))
  }
}

async function stop(): Promise<void> {
  stopping = true
  while (underWay > 0 || (waiting.length > 0 && free.length > 0)) await pause(5)
  for (const client of free) await client.end()
  // The server is gone, and with it those that wait: they have failed as well.
  for (const due of waiting) {
    whole.requests.push({ name: 'none', took: performance.now() - due })
    const message = 'no connection until the end'
    whole.failures.push({ at: Date.now(), request: 'none', statement: 'none', code: null, message })
  }
  tell({ figures: whole.figures() })
}

port.on('message', (question: Question) => {
  if (question === 'stop') return void stop()
  tell({ figures: lap.figures() })
  lap = new Lap()
})

try {
  for (let count = 0; count < connections; count += 1) free.push(await connect())
  await application.start(sender(free[0]!, () => undefined))
  lastAnswer = performance.now()
  tell({ ready: true })
  await come()
} catch (error) {
  tell({ broken: error instanceof Error ? error.message : String(error) })
}
