import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

const launcher = new URL('../../scripts/launch.mjs', import.meta.url).href

// Says who it is, counts the signals it gets, and takes a moment to end, as a server does.
const PROGRAM = `
  import { appendFileSync } from 'node:fs'
  const file = process.argv[2]
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {
    appendFileSync(file, signal + ' ')
    setTimeout(() => process.exit(5), 200)
  })
  for await (const chunk of process.stdin) if (String(chunk).startsWith('exit')) process.exit(7)
  appendFileSync(file, process.pid + ' ')
  setInterval(() => {}, 1000)
`

test('a signal to the whole group reaches the program once, and its exit code comes back', async (t) => {
  const { child, said } = await launched(t)
  process.kill(-child.pid!, 'SIGINT')
  child.kill('SIGINT')
  assert.deepEqual(await once(child, 'exit'), [5, null])
  assert.deepEqual(said().slice(1), ['SIGINT'])
})

test('a launcher killed outright takes the program with it', async (t) => {
  const { child, said } = await launched(t)
  const program = Number(said()[0])
  child.kill('SIGKILL')
  await until(() => !exists(program))
  assert.equal(said().length, 1)
})

test('standard input goes through', async (t) => {
  const { child } = launch(t)
  child.stdin?.end('exit')
  assert.deepEqual(await once(child, 'exit'), [7, null])
})

async function launched(t: TestContext) {
  const { child, said } = launch(t)
  child.stdin?.end()
  await until(() => said().length === 1)
  return { child, said }
}

function launch(t: TestContext): { child: ChildProcess; said: () => string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'fairlock-launch-'))
  const [program, file] = [join(folder, 'program.mjs'), join(folder, 'said')]
  writeFileSync(program, PROGRAM)
  const script = `import(${JSON.stringify(launcher)}).then((m) => m.launch(${JSON.stringify([program, file])}))`
  const child = spawn(process.execPath, ['-e', script], {
    detached: true,
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  t.after(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  const said = () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ') : [])
  return { child, said }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!condition()) {
    assert.ok(performance.now() < deadline, 'it happens within ten seconds')
    await sleep(20)
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !(process.platform === 'linux' && /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')))
  } catch {
    // No such process.
    return false
  }
}
