// Run by Node.js 24. `test` runs the tests, `proof` the long proofs, both against one PostgreSQL.
import { spawn } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { startTestServer } from '../test/support/test-server.ts'
import { refuse, root } from './ensure.mjs'
import { writeGroups } from './test-groups.mjs'

// Forced to exit: a file whose `before` fails half way leaves a server listening, and the run would hang until CI ends
// it. What such a file left in the database goes with the server. The time holds for a test and for a whole process of
// up to eight files, on a machine that has other things to do as well.
const KINDS = {
  test: {
    files: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
    flags: ['--test-concurrency=3', '--test-timeout=480000', '--test-force-exit'],
  },
  proof: {
    files: ['test/proof/*.proof.ts'],
    flags: ['--test-concurrency=1', '--test-timeout=7200000'],
  },
}

const [kindName, ...args] = process.argv.slice(2)
const kind = KINDS[kindName]
process.chdir(root)

const { filters, flags } = readArguments(args)
const files = filters.length > 0 ? filters.flatMap(filesFor) : globSync(kind.files).sort()
if (files.length === 0) refuse(new Error('there are no test files.'))

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stopping.abort(signal))
process.exitCode = await withServer(runNodeTest)

/** `name` in a file's path chooses files; `-t name` chooses tests; other flags go to node. */
function readArguments(given) {
  const read = { filters: [], flags: [] }
  for (let i = 0; i < given.length; i++) {
    if (given[i] === '-t') read.flags.push(`--test-name-pattern=${given[++i] ?? ''}`)
    else (given[i].startsWith('-') ? read.flags : read.filters).push(given[i])
  }
  return read
}

function filesFor(filter) {
  if (existsSync(filter) && filter.endsWith('.ts')) return [filter]
  const found = globSync(kind.files)
    .sort()
    .filter((file) => file.includes(filter))
  if (found.length === 0) refuse(new Error(`no test file has "${filter}" in its path.`))
  return found
}

async function withServer(action) {
  const server = await startTestServer({ onDisk: kindName === 'proof' })
  const died = server.exited.then((error) => {
    throw error
  })
  try {
    return await Promise.race([action(server), died])
  } finally {
    await server.stop()
  }
}

function runNodeTest({ superuserUrl, temporary }) {
  const reporters = [join(root, 'scripts/slow-reporter.mjs'), 'spec'].flatMap((reporter) => [
    `--test-reporter=${reporter}`,
    '--test-reporter-destination=stdout',
  ])
  const groups = kindName === 'test' ? writeGroups(files, join(temporary, 'groups')) : files
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--test', ...kind.flags, ...reporters, ...flags, ...groups], {
      stdio: 'inherit',
      env: {
        ...process.env,
        FAIRLOCK_TEST_SERVER: superuserUrl,
        TMPDIR: temporary,
        // A process of the tests starts in 0.27 s instead of 0.45: there are some hundred of them.
        NODE_COMPILE_CACHE: join(temporary, 'compile-cache'),
      },
    })
    stopping.signal.addEventListener('abort', () => child.kill(stopping.signal.reason))
    if (stopping.signal.aborted) child.kill(stopping.signal.reason)
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  })
}
