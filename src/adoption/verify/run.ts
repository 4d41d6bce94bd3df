import { createHash } from 'node:crypto'
import { userInfo } from 'node:os'
import { asEngine } from '../../platform/index.ts'
import type { Problem } from '../../platform/migrator/index.ts'
import { OLD_TABLES } from '../tables.ts'
import { checkBooks } from './books.ts'
import { COMPARISONS } from './columns.ts'
import { compare } from './compare.ts'
import { countRows } from './counts.ts'
import { findExtra } from './extra.ts'
import { type Found, type Moment, together } from './moment.ts'
import { addUp, addUpWallets, SUMS } from './money.ts'
import { findOrphans } from './orphans.ts'
import { compareShapes } from './record.ts'
import { type AdoptionReport, canonical, type TableReport } from './report.ts'
import { searchSecrets } from './secrets.ts'

export type VerifyOptions = {
  version: string
  /** What the migrations' own checks said. */
  problems?: Problem[]
  /** The most findings that one check lists. */
  limit?: number
  onProgress?: (step: string) => void
}

/** What a verification cannot be made of. */
export class NotVerifiable extends Error {
  override readonly name = 'NotVerifiable'
}

/** Proves a take-over: compares everything in one snapshot, while both applications go on. Changes nothing. */
export async function verifyAdoption(ownerUrl: string, options: VerifyOptions): Promise<AdoptionReport> {
  return asEngine(ownerUrl, async (client) => {
    await client.query(`set local work_mem = '64MB'; set local jit = off`)
    const state = await readState(client)
    const moment: Moment = { client, market: state.marketSchema, limit: options.limit ?? 100 }
    const step = options.onProgress ?? (() => undefined)
    const found: Found[] = [ofProblems(options.problems ?? [])]
    const keep = <T extends { found: Found }>(result: T): T => {
      found.push(result.found)
      return result
    }
    found.push(await compareShapes(moment))
    const tables: TableReport[] = []
    for (const table of OLD_TABLES) {
      step(table)
      const { counts } = keep(await countRows(moment, table))
      const columns = []
      for (const comparison of COMPARISONS.filter((one) => one.table === table))
        columns.push(...keep(await compare(moment, comparison)).columns)
      const money = []
      for (const { column } of SUMS.filter((one) => one.table === table))
        money.push(...keep(await addUp(moment, table, column)).money)
      if (table === 'crypto_wallets') money.push(...keep(await addUpWallets(moment)).money)
      tables.push({ table, counts, columns, money })
    }
    step('rows that nobody carried')
    found.push(await findExtra(moment))
    step('references')
    const orphans = keep(await findOrphans(moment))
    step('secrets')
    const secrets = keep(await searchSecrets(moment))
    const ledger = keep(await checkBooks(moment, step))
    const { wrong, findings } = together(found)
    return {
      program: { name: 'fairlock', version: options.version },
      ...state.facts,
      by: { login: state.login, operatingSystemUser: userInfo().username },
      tables,
      ...(await listed(moment)),
      orphans: { references: orphans.references, wrong: orphans.found.wrong },
      ledger: ledger.ledger,
      secrets: { searched: secrets.searched, found: secrets.found.wrong },
      wrong,
      findings,
      passed: wrong === 0,
    }
  })
}

function ofProblems(problems: Problem[]): Found {
  return {
    wrong: problems.length,
    findings: problems.map(({ source, problem }) => ({
      check: 'record' as const,
      table: source,
      key: null,
      what: problem,
      todo: 'Run `fairlock db status`, which says how the schema differs from the one that this program needs.',
    })),
  }
}

async function readState(client: Moment['client']) {
  const { rows } = await client.query<{
    phase: string
    market: string
    views: boolean
    mapping: unknown
    recorded: string
    confirmed: string | null
    by: string | null
    database: string
    system: string
    server: string
    oid: string
    at: string
    login: string
    snapshot: string
  }>(
    `select phase, market_schema as market, to_regclass('fairlock_adoption.old_users') is not null as views, mapping,
       ${utc('recorded_at')} as recorded, ${utc('confirmed_at')} as confirmed, confirmed_by as by,
       current_database() as database, (select system_identifier from pg_control_system())::text as system,
       current_setting('server_version') as server, (select oid from pg_database where datname = current_database())::text,
       ${utc('now()')} as at, session_user as login, pg_current_snapshot()::text as snapshot
     from fairlock_adoption.state`,
  )
  const row = rows[0]
  if (row === undefined || !row.views || ['adopted', 'expanding', 'parked'].includes(row.phase)) {
    throw new NotVerifiable(
      `There is nothing to compare while the take-over is ${row?.phase ?? 'not recorded'}: run \`fairlock db up\` first.`,
    )
  }
  return {
    marketSchema: row.market,
    login: row.login,
    facts: {
      database: {
        name: row.database,
        systemIdentifier: row.system,
        serverVersion: row.server,
        oid: row.oid,
      },
      at: row.at,
      phase: row.phase,
      snapshot: row.snapshot,
      mapping: {
        sha256: createHash('sha256').update(canonical(row.mapping)).digest('hex'),
        recordedAt: row.recorded,
        confirmedAt: row.confirmed,
        confirmedBy: row.by,
      },
    },
  }
}

const utc = (time: string) => `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/** What is in quarantine, was set aside and was counted anew, by table and kind. */
async function listed({
  client,
}: Moment): Promise<Pick<AdoptionReport, 'quarantine' | 'setAside' | 'differences'>> {
  const quarantine = await client.query<{ table: string; code: string; rows: number }>(
    `select table_name as "table", reason ->> 'code' as code, count(distinct key)::integer as rows
     from fairlock_adoption.quarantine, jsonb_array_elements(reasons) reason group by 1, 2 order by 1, 2`,
  )
  const aside = await client.query<{ table: string; column: string; code: string; rows: number }>(
    `select table_name as "table", column_name as "column", code, count(*)::integer as rows
     from fairlock_adoption.set_aside group by 1, 2, 3 order by 1, 2, 3`,
  )
  const differences = await client.query<{ table: string; column: string; rows: number }>(
    `select table_name as "table", column_name as "column", count(*)::integer as rows
     from fairlock_adoption.differences group by 1, 2 order by 1, 2`,
  )
  return { quarantine: quarantine.rows, setAside: aside.rows, differences: differences.rows }
}
