import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { olderServers, startOlderServer } from '../support/older-server.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const servers = olderServers()

for (const bin of servers.length > 0 ? servers : ['none']) {
  const version = /postgresql\/(\d+)/.exec(bin)?.[1] ?? '15'
  const skip = servers.length === 0 ? 'needs the Debian package postgresql' : false
  test(`each test of the take-over holds on PostgreSQL ${version}`, { skip }, async (t) => {
    const server = startOlderServer(bin, { settings: '-c fsync=off -c max_connections=300' })
    try {
      // It would take itself for a part of this test, and report to it instead of to us.
      const { NODE_TEST_CONTEXT: _, ...environment } = process.env
      const files = globSync('test/adoption/*.test.ts', { cwd: root })
      const run = spawn(
        process.execPath,
        ['--test', '--test-concurrency=1', '--test-reporter=spec', ...files],
        {
          cwd: root,
          stdio: ['ignore', 'pipe', 'inherit'],
          env: {
            ...environment,
            FAIRLOCK_TEST_SERVER: `postgres://postgres@127.0.0.1:${server.port}/postgres`,
          },
        },
      )
      const [[code], said] = await Promise.all([once(run, 'exit'), text(run.stdout)])
      assert.equal(code, 0, said.slice(-10_000))
      const [, passed] = /^ℹ pass (\d+)$/m.exec(said) ?? []
      assert.ok(Number(passed) > 50, said.slice(-1_000))
      t.diagnostic(`adoption, PostgreSQL ${version}: ${passed} tests`)
    } finally {
      server.stop()
    }
  })
}
