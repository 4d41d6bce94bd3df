import { createHash } from 'node:crypto'
import type { Signer } from '../../audit/index.ts'
import type { LedgerCheck, LedgerTotals } from '../../ledger/index.ts'

/** Something that is not as it should be: which row of which table, what is wrong, and what to do. */
export type Finding = {
  check: 'count' | 'value' | 'money' | 'orphan' | 'ledger' | 'secret' | 'record'
  table: string
  /** The old row's key, or what else names the place; null for a total. */
  key: string | null
  what: string
  todo: string
}

/** Where every row of an old table is. `in` = `carried` + `quarantined`. */
export type Counts = { in: number; carried: number; quarantined: number; marks: number }

/**
 * Order-free checksums over the rows of one column: of the old values as the mapping reads them, and of the new ones as
 * they are. `setAside` values had no place, `changed` rows were changed in Fairlock since; neither is in the sums.
 */
export type ColumnSums = {
  /** Which table the rows became rows of. */
  target: string
  column: string
  rows: number
  old: string
  new: string
  setAside: number
  changed: number
}

/**
 * Exact sums of one column in one currency and status: old = new + quarantined + setAside + elsewhere. Decimal strings.
 */
export type MoneySums = {
  column: string
  currency: string
  status: string
  old: string
  new: string
  quarantined: string
  setAside: string
  /** Of rows that wait to be carried again, that Fairlock changed since, or that it wrote to the old table itself. */
  elsewhere: string
  /** Rows in quarantine whose amount is no number that can be added: not in any of the sums. */
  unreadable: number
}

/**
 * What people have in one currency, by where it came from: opened + adjusted + own = held, and held is what the old wallets
 * in custody hold and what Fairlock gave people who have no old wallet. Decimal strings.
 */
export type CustodySums = {
  currency: string
  /** Posted when a wallet was carried first, and when the old application changed it later. */
  opened: string
  adjusted: string
  /** Moved by Fairlock itself. */
  own: string
  held: string
}

export type TableReport = { table: string; counts: Counts; columns: ColumnSums[]; money: MoneySums[] }

/** What one verification found. Everything is of one moment. */
export type AdoptionReport = {
  program: { name: 'fairlock'; version: string }
  database: { name: string; systemIdentifier: string; serverVersion: string; oid: string }
  at: string
  by: { login: string; operatingSystemUser: string }
  phase: string
  mapping: { sha256: string; recordedAt: string; confirmedAt: string | null; confirmedBy: string | null }
  snapshot: string
  tables: TableReport[]
  quarantine: { code: string; table: string; rows: number }[]
  setAside: { code: string; table: string; column: string; rows: number }[]
  differences: { table: string; column: string; rows: number }[]
  orphans: { references: number; wrong: number }
  ledger: { checks: Omit<LedgerCheck, 'findings'>[]; totals: LedgerTotals[]; custody: CustodySums[] }
  secrets: { searched: number; found: number }
  /** How many findings there are of each check, and those of them that are listed. */
  wrong: number
  findings: Finding[]
  passed: boolean
}

export type Signature = { keyId: string; publicKey: string; signature: string }

/** The file that an auditor keeps. `sha256` is of FORMAT, a line feed and the canonical text of `report`. */
export type SignedReport = {
  format: typeof FORMAT
  report: AdoptionReport
  sha256: string
  signature: Signature | null
}

export const FORMAT = 'fairlock adoption report 1'

/** JSON with sorted keys, two spaces deep: the same text for the same report, on every machine. */
export function canonical(value: unknown): string {
  return JSON.stringify(sorted(value), null, 2)
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  // Code units, not a language's order, which differs from machine to machine.
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return Object.fromEntries(entries.map(([key, one]) => [key, sorted(one)]))
}

/** Signs a report; without a signer the document says that nobody did. */
export function signReport(report: AdoptionReport, signer: Signer | null): SignedReport {
  const hash = createHash('sha256')
    .update(`${FORMAT}\n${canonical(report)}`)
    .digest()
  return {
    format: FORMAT,
    report,
    sha256: hash.toString('hex'),
    signature:
      signer === null
        ? null
        : {
            keyId: signer.keyId,
            publicKey: signer.publicKey.toString('hex'),
            signature: signer.sign(hash).toString('hex'),
          },
  }
}

/** The text of the file. Each of its bytes counts: scripts/verify-adoption-report.mjs takes no other spelling. */
export function fileOf(signed: SignedReport): string {
  return `${canonical(signed)}\n`
}
