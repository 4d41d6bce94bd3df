import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'

/** One transaction, written once for both drivers: `:name` is a variable drawn anew for each transaction. */
export type Script = {
  name: string
  /** Least and most value of each variable. */
  variables: Record<string, readonly [number, number]>
  statements: readonly string[]
}

export type Load = {
  url: string
  script: Script
  clients: number
  warmUpSeconds: number
  seconds: number
  /** Settings of the session beside the server's. */
  settings?: Record<string, string>
}

/** Runs transactions from a number of connections at once. */
export type Driver = {
  name: string
  /** Transactions per second after the warm-up. Any error of the server ends the run with it. */
  transactionsPerSecond(load: Load): Promise<number>
}

/**
 * pgbench where the machine has it, Node's driver otherwise; both with prepared statements over TCP. pgbench knows whole
 * seconds only.
 */
export function chooseDriver(folder: string, times: readonly number[]): Driver {
  if (!times.every(Number.isInteger)) return nodeDriver()
  const found = spawnSync('pgbench', ['--version'], { encoding: 'utf8' })
  return found.status === 0 ? pgbench(folder, found.stdout.trim()) : nodeDriver()
}

function pgbench(folder: string, version: string): Driver {
  return {
    name: version,
    async transactionsPerSecond(load) {
      const file = join(folder, `${load.script.name}.pgbench`)
      writeFileSync(file, pgbenchScript(load.script))
      if (load.warmUpSeconds > 0) await runPgbench(load, file, load.warmUpSeconds)
      return runPgbench(load, file, load.seconds)
    },
  }
}

function pgbenchScript({ variables, statements }: Script): string {
  const drawn = Object.entries(variables).map(
    ([name, [least, most]]) => `\\set ${name} random(${least}, ${most})\n`,
  )
  return `${drawn.join('')}${statements.map((statement) => `${statement};\n`).join('')}`
}

function runPgbench({ url, clients, settings }: Load, file: string, seconds: number): Promise<number> {
  const { hostname, port, pathname, username, password } = new URL(url)
  // Its clock runs while it connects, which takes up to a second for many clients; the rate leaves that time out.
  const time = Math.ceil(seconds) + (clients >= 32 ? 1 : 0)
  const flags = ['-n', '-M', 'prepared', '-f', file, '-c', `${clients}`, '-j', '1', '-T', `${time}`]
  const env = { ...process.env, PGPASSWORD: decodeURIComponent(password), PGOPTIONS: optionsOf(settings) }
  const child = spawn('pgbench', [...flags, '-h', hostname, '-p', port, '-U', username, pathname.slice(1)], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [said, complained] = ['', '']
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  child.stderr.on('data', (chunk) => {
    complained += chunk
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      const rate = /^tps = ([\d.]+) /m.exec(said)?.[1]
      if (code === 0 && rate !== undefined) resolve(Number(rate))
      else reject(new Error(`pgbench ended with ${code}: ${complained.slice(0, 2000)}`))
    })
  })
}

function nodeDriver(): Driver {
  return {
    name: 'pg (Node.js)',
    async transactionsPerSecond({ url, script, clients, warmUpSeconds, seconds, settings }) {
      const options = optionsOf(settings)
      const connections = Array.from(
        { length: clients },
        () => new pg.Client({ connectionString: url, options }),
      )
      try {
        await Promise.all(connections.map((one) => one.connect()))
        const start = performance.now() + warmUpSeconds * 1000
        const end = start + seconds * 1000
        const counts = await Promise.all(connections.map((one) => loop(one, script, start, end)))
        return counts.reduce((sum, count) => sum + count, 0) / seconds
      } finally {
        await Promise.all(connections.map((one) => one.end()))
      }
    },
  }
}

/** Transactions that one connection ended between the two times. */
async function loop(client: pg.Client, script: Script, start: number, end: number): Promise<number> {
  const prepared = script.statements.map((statement, i) => prepare(`${script.name} ${i}`, statement))
  let count = 0
  while (true) {
    const drawn = Object.fromEntries(
      Object.entries(script.variables).map(([name, [least, most]]) => [
        name,
        least + Math.floor(Math.random() * (most - least + 1)),
      ]),
    )
    for (const { name, text, parameters } of prepared) {
      await client.query({ name, text, values: parameters.map((parameter) => drawn[parameter]) })
    }
    const now = performance.now()
    if (now >= end) return count
    if (now >= start) count++
  }
}

/** Numbers the variables, as the server knows parameters. */
function prepare(name: string, statement: string): { name: string; text: string; parameters: string[] } {
  const parameters: string[] = []
  const text = statement.replace(/(?<![:\w]):([a-z]\w*)/g, (_, parameter: string) => {
    if (!parameters.includes(parameter)) parameters.push(parameter)
    return `$${parameters.indexOf(parameter) + 1}`
  })
  return { name, text, parameters }
}

function optionsOf(settings: Record<string, string> = {}): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ')
}
