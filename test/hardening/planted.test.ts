import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { attachEmbedded } from '../../src/platform/embedded/index.ts'
import { freePort } from '../../src/platform/embedded/ports.ts'
import { addressOf, fieldsOf, type Operation, operationsOf, sampleOf } from '../http/operations.ts'
import { call, startMarket, TEST_KEYS } from '../support/market.ts'

// The real program, at its most talkative: secrets are planted wherever a request can carry one, and in what the
// database says of a fault; then they are looked for in the program's log and in the database server's.

const MARK = 'pLaNtEd'
const root = fileURLToPath(new URL('../..', import.meta.url))
let folder: string
let url: string
let child: ChildProcess
let said = ''
let operations: Operation[]
let superuser: pg.Client

before(async () => {
  const market = await startMarket()
  operations = operationsOf(market.app).filter(({ path }) => path !== '/v1/auth/logout')
  await market.stop()
  folder = mkdtempSync(join(tmpdir(), 'fairlock-planted-'))
  const port = await freePort(null)
  url = `http://127.0.0.1:${port}`
  const { FAIRLOCK_TEST_SERVER: _, ...inherited } = process.env
  child = spawn(process.execPath, [join(root, 'src/main.ts'), 'serve'], {
    cwd: folder,
    env: {
      ...inherited,
      ...TEST_KEYS,
      FAIRLOCK_KEYRING: 'env:TEST_KEYRING',
      PORT: `${port}`,
      FAIRLOCK_DATA_DIR: join(folder, 'data'),
      LOG_LEVEL: 'trace',
      FAIRLOCK_REQUESTS_PER_ADDRESS: '0',
      FAIRLOCK_REQUESTS_PER_PERSON: '0',
      FAIRLOCK_METRICS_TOKEN: `metrics-${MARK}-token`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      said += chunk
    })
  }
  const deadline = performance.now() + 60_000
  while (!(await answers())) {
    assert.ok(child.exitCode === null && performance.now() < deadline, said)
    await sleep(50)
  }
  const server = await attachEmbedded({ dataDir: join(folder, 'data') })
  superuser = new pg.Client(server?.superuserUrl)
  await superuser.connect()
})
after(async () => {
  await superuser?.end()
  if (child?.exitCode === null) {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function answers(): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).ok
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

/** Every text of a body with the mark in it, beside the field that is being tried. */
function bodiesOf(operation: Operation): unknown[] {
  if (operation.body === null) return [undefined]
  const right = sampleOf(operation.body) as Record<string, unknown>
  const marked = fieldsOf(operation.body)
    .filter(({ path }) => path.length === 1)
    .map(({ path }) => ({ ...right, [path[0]!]: MARK }))
  return [right, ...marked, { ...right, [MARK]: MARK }, MARK, `{"a": ${MARK}}`]
}

test('secrets in headers, bodies, queries, paths and faults are found in no log', async () => {
  const email = `${MARK}@example.org`
  const password = `the password ${MARK} of somebody`
  const made = await call(url, 'POST', '/v1/auth/register', { email, password, displayName: 'planted' })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const token: string = made.body.token
  const key = await call(
    url,
    'POST',
    '/v1/api-keys',
    { name: MARK, scopes: ['read'] },
    { authorization: `Bearer ${token}` },
  )
  const headers = {
    authorization: `Bearer ${token}`,
    cookie: `__Host-fairlock=${MARK}; other=${MARK}`,
    'user-agent': MARK,
    referer: `https://x.example/?${MARK}`,
    'x-forwarded-for': MARK,
    'x-request-id': MARK,
    'x-anything': MARK,
    'idempotency-key': MARK,
  }
  const statuses = new Set<number>()
  const requests = operations.flatMap((operation) => {
    const address = addressOf(operation)
    const paths = [`${address}?${MARK}=${MARK}`, operation.path.replaceAll(/\{\w+\}/g, MARK), `/${MARK}/%zz`]
    return [
      ...bodiesOf(operation).map((body) => ({ operation, path: address, body })),
      ...paths.map((path) => ({ operation, path, body: operation.body === null ? undefined : {} })),
    ]
  })
  const send = async () => {
    for (let next = requests.pop(); next !== undefined; next = requests.pop()) {
      const own = { ...headers, 'idempotency-key': MARK + requests.length }
      statuses.add((await call(url, next.operation.method, next.path, next.body, own)).status)
    }
  }
  await Promise.all(Array.from({ length: 8 }, send))
  await call(url, 'POST', '/v1/auth/login', { email, password: `${MARK} wrong` }, headers)
  await call(url, 'GET', '/metrics', undefined, { authorization: `Bearer metrics-${MARK}-token` })
  await call(url, 'GET', '/v1/me', undefined, { authorization: `Bearer ${key.body.key}` })

  // A fault of ours, with the row in what the database says of it.
  await superuser.query(
    `create function public.break_it() returns trigger language plpgsql as $$ begin
       raise exception using errcode = 'XX000', message = 'the disk is broken', detail = new::text, hint = new::text;
     end $$`,
  )
  await superuser.query(
    'create trigger broken before update on public.crypto_profiles for each row execute function public.break_it()',
  )
  const broken = await call(
    url,
    'PATCH',
    '/v1/me',
    { displayName: `x ${MARK}` },
    { authorization: `Bearer ${token}` },
  )
  assert.equal(broken.status, 500)
  assert.doesNotMatch(JSON.stringify(broken.body), new RegExp(MARK))
  // And one of somebody at a prompt, whose statement holds a value.
  await assert.rejects(superuser.query(`select ('${MARK}' || 1)::text, 1 / 0`))
  await sleep(500)

  assert.ok(
    said.includes('the disk is broken') && said.split('\n').length > 100,
    'the log says what happened',
  )
  const secrets = [MARK, token, token.split('.')[1]!, key.body.key.split('.')[1]]
  const logs = { program: said, server: serverLog() }
  assert.ok(logs.server.includes('the disk is broken'), 'the server’s log says what happened')
  for (const [name, text] of Object.entries(logs)) {
    for (const secret of secrets) {
      for (const form of [
        secret,
        Buffer.from(secret).toString('base64').replace(/=+$/, ''),
        Buffer.from(secret).toString('hex'),
      ]) {
        const at = text.indexOf(form)
        assert.equal(at, -1, `the ${name} log holds ${form}: ${text.slice(Math.max(0, at - 200), at + 100)}`)
      }
    }
  }
  assert.ok(statuses.has(400) && statuses.size > 4, `the requests went far: ${[...statuses]}`)
})

function serverLog(): string {
  const files = globSync('data/**/*.log', { cwd: folder })
  assert.ok(files.length > 0, 'the server writes a log')
  return files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')
}
