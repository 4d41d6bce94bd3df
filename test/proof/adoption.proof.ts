import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { makeLegacy, type Variant } from '../../src/adoption/legacy/index.ts'
import { startEmbedded } from '../../src/platform/embedded/index.ts'
import { startOldApplication } from '../support/legacy/load.ts'
import { type Seen, Watch, type Watched } from '../support/legacy/watch.ts'
import { makeOwner, olderServers, startOlderServer } from '../support/older-server.ts'

// A million take half an hour for each of the two servers; `ADOPTION_ROWS=1000000` does that.
const ROWS = Number(process.env.ADOPTION_ROWS ?? 200_000)
const PER_SECOND = Number(process.env.ADOPTION_REQUESTS ?? 200)
/** How long the old application is listened to alone, for the figures that the others are compared with. */
const ALONE_MS = 30_000
const MOST_STALL_MS = 250
/** Below this the machine's own unrest is more than what is measured. */
const FLOOR_MS = 3
/** With less of the time calm, what was seen is the host's other guests. */
const LEAST_CALM = 0.5

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

type Server = { ownerUrl: string; folder: string; stop(): Promise<void> | void }

test(`${ROWS} rows are taken over beside the old application, PostgreSQL 18`, (t) =>
  proof(t, 'plain', async (folder) => {
    const server = await startEmbedded({ dataDir: join(folder, 'data') })
    const client = new pg.Client(server.superuserUrl)
    await client.connect()
    await client.query('create database old owner fairlock_owner')
    await client.end()
    const ownerUrl = new URL(server.ownerUrl)
    ownerUrl.pathname = '/old'
    return { ownerUrl: ownerUrl.href, folder, stop: () => server.stop() }
  }))

const older = olderServers()[0]
test(
  `${ROWS} rows are taken over beside the old application, PostgreSQL 15`,
  { skip: older === undefined ? 'needs the Debian package postgresql' : false },
  (t) =>
    proof(t, 'odd', async (folder) => {
      // As docs/operating/migration.md advises, and as the server that Fairlock brings is set.
      const settings =
        '-c shared_buffers=256MB -c max_wal_size=4GB -c wal_compression=pglz -c checkpoint_timeout=15min'
      const server = startOlderServer(older ?? '', { settings })
      return { ownerUrl: await makeOwner(server.port), folder, stop: () => server.stop() }
    }),
)

async function proof(
  t: TestContext,
  variant: Variant,
  start: (folder: string) => Promise<Server>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlock-adoption-'))
  chmodSync(folder, 0o711)
  mkdirSync(join(folder, 'data'))
  const server = await start(folder)
  try {
    const made = await fairlock(server, 'keys', 'init', join(folder, 'keyring.json'))
    assert.equal(made.code, 0, made.said)
    const legacy = await makeLegacy(server.ownerUrl, { rows: ROWS, dirty: true, variant, seed: 6 })
    await vacuum(server.ownerUrl)
    const old = await startOldApplication(server.ownerUrl, { perSecond: PER_SECOND })
    // What was just made has to reach the disk, or the old application is slow alone, too.
    await sleep(20_000)
    await old.lap()
    const watch = new Watch(old)
    await sleep(ALONE_MS)
    const alone = await watch.since()
    const adopted = await fairlock(server, 'db', 'adopt', '--yes', '--json')
    assert.equal(adopted.code, 0, adopted.said)
    const began = performance.now()
    const up = await fairlock(server, 'db', 'up', '--yes')
    const seconds = (performance.now() - began) / 1000
    const beside = await watch.since()
    await watch.stop()
    assert.equal(up.code, 0, up.said)
    const rows = Object.values(legacy.rows).reduce((sum, count) => sum + count, 0)
    t.diagnostic(
      `adoption: ${rows} old rows (${variant}) in ${seconds.toFixed(0)} s, ${(rows / seconds).toFixed(0)} rows/s; ` +
        `the old application, ${PER_SECOND} requests/s, ${beside.failures.length} failed`,
    )
    t.diagnostic(`adoption: alone ${told(alone)}`)
    t.diagnostic(`adoption: meanwhile ${told(beside)}`)
    await old.stop()
    const verified = await fairlock(server, 'db', 'verify')
    assert.equal(verified.code, 0, verified.said)
    assert.deepEqual(beside.failures.slice(0, 3), [])
    const calm = Math.min(alone.calmShare, beside.calmShare)
    assert.ok(calm >= LEAST_CALM, 'Other machines took the processors: measure again when they are quiet.')
    const [before, during] = [alone.calm, beside.calm]
    assert.ok(during.p99 <= 2 * Math.max(before.p99, FLOOR_MS), `p99 from ${before.p99} to ${during.p99} ms`)
    assert.ok(during.longestStall <= MOST_STALL_MS, `stood still for ${during.longestStall} ms`)
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function told({ all, calm, calmShare, stolen }: Watched): string {
  const figures = ({ requests, p50, p99, max, longestStall }: Seen) => {
    const [median, high, most, stall] = [p50, p99, max, longestStall].map((ms) => ms.toFixed(1))
    return `${requests} requests, p50 ${median} ms, p99 ${high}, max ${most}, longest stall ${stall}`
  }
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  return `${figures(all)}, ${percent(stolen)} of the processors stolen; calm ${percent(calmShare)} of the time: ${figures(calm)}`
}

async function vacuum(url: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query('vacuum analyze')
  await client.end()
}

/** A command of the program as an operator runs it. */
async function fairlock(server: Server, ...args: string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: {
      ...process.env,
      DATABASE_URL: server.ownerUrl,
      FAIRLOCK_DATA_DIR: join(server.folder, 'home'),
      FAIRLOCK_KEYRING: `file:${join(server.folder, 'keyring.json')}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => {
      said = (said + text.toString()).slice(-20_000)
    })
  }
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve))
  return { code, said }
}
