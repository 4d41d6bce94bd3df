import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { bringUp } from '../../src/cli/index.ts'
import { startJobs } from '../../src/jobs/index.ts'
import { eventually, postmasterPid, started, temporaryFolder } from '../embedded/support.ts'

test('background work goes on when PostgreSQL dies in the middle of a task', async (t) => {
  const server = await started(t, temporaryFolder(t))
  await bringUp(server)
  const pool = new pg.Pool({ connectionString: server.appUrl, max: 1 })
  pool.on('error', () => undefined)
  const failed: string[] = []
  let begun = 0
  let done = 0
  const work = async () => {
    begun++
    await pool.query('select pg_sleep(0.3)')
    done++
  }
  const jobs = await startJobs({
    url: server.appUrl,
    tasks: { slow: { everySeconds: 1, work } },
    onError: (task) => failed.push(task),
  })
  for (const round of [1, 2]) {
    const before = begun
    await eventually(async () => assert.ok(begun > before))
    const finished = done
    process.kill(postmasterPid(server.pgdata)!, 'SIGKILL')
    await eventually(async () => assert.ok(done > finished, `no run after crash ${round}`))
  }
  assert.ok(failed.includes('slow'), 'the crashes never met a task at work')
  await jobs.stop()
  await pool.end()
})
