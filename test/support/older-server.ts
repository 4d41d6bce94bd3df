import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

export type OlderServer = { port: number; stop(): void }

const PORT = 20_000 + (process.pid % 10_000)

/** The folders with older servers' programs. Debian's lie side by side by version. */
export function olderServers(): string[] {
  return globSync('/usr/lib/postgresql/1[567]/bin').sort()
}

/** A scratch cluster of that version; PostgreSQL refuses root, so root runs it as Debian's postgres user. */
export function startOlderServer(bin: string, options: { settings?: string } = {}): OlderServer {
  const folder = mkdtempSync(join(tmpdir(), 'fairlock-older-'))
  const asPostgres = userInfo().uid === 0 && existsSync('/usr/bin/setpriv')
  if (asPostgres) {
    const uid = Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' }))
    chownSync(folder, uid, uid)
    chmodSync(folder, 0o700)
  }
  const run = (program: string, ...args: string[]) => {
    const command = [join(bin, program), '-D', join(folder, 'data'), ...args]
    const whole = asPostgres
      ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', ...command]
      : command
    execFileSync(whole[0]!, whole.slice(1), { cwd: folder, stdio: 'ignore' })
  }
  run('initdb', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-U', 'postgres')
  run(
    'pg_ctl',
    '-w',
    '-l',
    join(folder, 'log'),
    '-o',
    `-p ${PORT} -k ${folder} ${options.settings ?? '-c fsync=off'}`,
    'start',
  )
  return {
    port: PORT,
    stop() {
      run('pg_ctl', '-w', '-m', 'fast', 'stop')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** An owner as a careful administrator makes one: it may create roles, and is no superuser. */
export async function makeOwner(port: number): Promise<string> {
  const client = new pg.Client({ connectionString: `postgres://postgres@127.0.0.1:${port}/postgres` })
  await client.connect()
  await client.query(`create role keeper login createrole password 'kept'`)
  await client.query('create database shop owner keeper')
  await client.end()
  return `postgres://keeper:kept@127.0.0.1:${port}/shop`
}
