import type pg from 'pg'
import { BOOKS, type Check, TOTALS } from './checks.ts'
import { DISPUTES } from './disputes.ts'
import { FOLLOWERS } from './followers.ts'
import { MOVEMENTS } from './movements.ts'
import { PEOPLE } from './people.ts'
import { VOLUMES } from './volumes.ts'

/** A row that is not as the books say. `at` is when its transfer was posted, or the row made; empty for totals. */
export type LedgerFinding = {
  invariant: string
  table: string
  id: string
  what: string
  at: string | null
}

export type LedgerCheck = { name: string; invariant: string; rows: number; findings: LedgerFinding[] }

/** What all accounts of a kind hold in a currency, as decimal strings. */
export type LedgerTotals = { currency: string; trader: string; escrow: string; fees: string; custody: string }

/**
 * The proof. `first` is the first wrong row: entries and transfers before accounts before what follows from them,
 * each in the order they came to be, because whatever is wrong in the ledger shows up again further out.
 */
export type LedgerReport = {
  ok: boolean
  checks: LedgerCheck[]
  first: LedgerFinding | null
  totals: LedgerTotals[]
}

export type VerifyOptions = {
  /** The most findings a check reports. */
  limit?: number
  /** Called before each check. */
  onProgress?: (step: { check: string; done: number; of: number }) => void
}

type Row = Omit<LedgerFinding, 'invariant'> & { transfer: number | null }
type Place = { distance: number; transfer: number; at: string }

const CHECKS: Check[] = [...BOOKS, ...FOLLOWERS, ...MOVEMENTS, ...DISPUTES, ...PEOPLE, ...VOLUMES, TOTALS]

/**
 * Proves the books: every law about money that rows can show. `client` is in a repeatable-read
 * transaction as fairlock_engine (asEngine), so that everything is judged by one snapshot, in the middle of trading.
 */
export async function verifyLedger(client: pg.Client, options: VerifyOptions = {}): Promise<LedgerReport> {
  const { limit = 20, onProgress } = options
  // Sorts and hashes beyond this go to disk; never more memory, however long the ledger is.
  await client.query(`set local work_mem = '64MB'`)
  const checks: LedgerCheck[] = []
  let first: { place: Place; finding: LedgerFinding } | null = null
  for (const check of CHECKS) {
    onProgress?.({ check: check.name, done: checks.length, of: CHECKS.length })
    const { rows, findings } = await run(client, check, limit)
    checks.push({
      name: check.name,
      invariant: check.invariant,
      rows,
      findings: findings.map((one) => toFinding(check, one)),
    })
    const earliest = findings[0]
    if (earliest === undefined) continue
    const place = placeOf(check, earliest)
    if (first === null || isBefore(place, first.place)) first = { place, finding: toFinding(check, earliest) }
  }
  return {
    ok: first === null,
    checks,
    first: first?.finding ?? null,
    totals: await ledgerTotals(client),
  }
}

async function run(
  client: pg.Client,
  check: Check,
  limit: number,
): Promise<{ rows: number; findings: Row[] }> {
  const result = await client.query<{ rows: string; findings: Row[] }>(
    `select (select count(*) from ${check.counts.replace(/^public\./, '')}) as rows, coalesce((
       select jsonb_agg(jsonb_build_object('transfer', f.transfer, 'table', f."table", 'id', f.id, 'what', f.what,
         'at', to_char(f.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) order by f.n)
       from (
         select row_number() over (order by transfer, at, length(id), id) as n, * from (${check.findings}) every
         order by n limit $1
       ) f), '[]') as findings`,
    [limit],
  )
  const { rows, findings } = result.rows[0]!
  return { rows: Number(rows), findings }
}

function toFinding(check: Check, { table, id, what, at }: Row): LedgerFinding {
  return { invariant: check.invariant, table, id, what, at }
}

function placeOf(check: Check, row: Row): Place {
  return {
    distance: row.transfer === null ? check.distance : 0,
    transfer: row.transfer ?? 0,
    at: row.at ?? '',
  }
}

/** Of two in the same place the check that comes first in the list is the closer one. */
function isBefore(a: Place, b: Place): boolean {
  if (a.distance !== b.distance) return a.distance < b.distance
  if (a.distance === 0) return a.transfer < b.transfer
  return a.at < b.at
}

const KINDS = ['trader', 'escrow', 'fees', 'custody']

/** What the accounts of each kind hold in each currency, what is not rolled up yet included. */
export async function ledgerTotals(client: pg.Client): Promise<LedgerTotals[]> {
  const sums = KINDS.map(
    (kind) => `coalesce(sum(balance) filter (where kind = '${kind}'), 0)::numeric(38, 8)::text as ${kind}`,
  )
  const result = await client.query<LedgerTotals>(
    `select currency, ${sums.join(', ')} from ledger.balances group by currency order by currency`,
  )
  return result.rows
}
