import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { bringUp } from '../src/cli/index.ts'
import { startEmbedded } from '../src/platform/embedded/index.ts'

export type Role = 'superuser' | 'owner' | 'app'

/** The benchmark's own PostgreSQL, with the settings it has in production, in a temporary folder. */
export type BenchServer = {
  folder: string
  /** The connection string of a role in one of the server's databases. */
  url(database: string, role: Role): string
  /** Runs one statement as the superuser, without triggers and foreign keys. */
  sql<Row extends pg.QueryResultRow>(database: string, text: string, values?: unknown[]): Promise<Row[]>
  /** Makes a database as a copy of another that nobody is connected to; one of that name is dropped first. */
  copy(from: string, to: string): Promise<void>
  drop(database: string): Promise<void>
  stop(): Promise<void>
}

/** The database that the migrator has brought up; the others are copies of it. */
export const MIGRATED = 'fairlock'

export async function startServer(): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlock-bench-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const server = await startEmbedded({ dataDir: join(folder, 'data') })
    const roles = { superuser: server.superuserUrl, owner: server.ownerUrl, app: server.appUrl }
    const stop = async () => {
      await server.stop()
      remove()
    }
    try {
      const { problems } = await bringUp({ ownerUrl: server.ownerUrl })
      if (problems.length > 0) throw new Error(problems.join('\n'))
      return handle(folder, roles, stop)
    } catch (error) {
      await server.stop()
      throw error
    }
  } catch (error) {
    remove()
    throw error
  }
}

function handle(folder: string, roles: Record<Role, string>, stop: () => Promise<void>): BenchServer {
  const url = (database: string, role: Role) => {
    const made = new URL(roles[role])
    made.pathname = `/${database}`
    return made.href
  }
  const sql = async <Row extends pg.QueryResultRow>(
    database: string,
    text: string,
    values: unknown[] = [],
  ) => {
    const client = new pg.Client({
      connectionString: url(database, 'superuser'),
      options: '-c session_replication_role=replica -c maintenance_work_mem=256MB -c timezone=UTC',
    })
    await client.connect()
    try {
      return (await client.query<Row>(text, values)).rows
    } finally {
      await client.end()
    }
  }
  const drop = async (database: string) => {
    await sql('postgres', `drop database if exists ${database} with (force)`)
  }
  const copy = async (from: string, to: string) => {
    await drop(to)
    await sql('postgres', `create database ${to} template ${from} strategy file_copy owner fairlock_owner`)
  }
  return { folder, url, sql, copy, drop, stop }
}

/** The text of one of the benchmark's own SQL files. */
export function sqlFile(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8')
}
