import type { AdoptionReport, Finding, SignedReport } from './report.ts'

/** A finding as one sentence for people. */
export function sentence({ table, key, what }: Finding): string {
  return `${table}${key === null ? '' : ` ${key}`}: ${what}`
}

/** The report for people: the same facts as the document that is signed. */
export function textOf({ report, sha256, signature }: SignedReport): string {
  return [
    ...head(report),
    '',
    ...grid([
      ['table', 'in', 'carried', 'quarantined', 'waiting'],
      ...report.tables.map(({ table, counts }) => [
        table,
        String(counts.in),
        String(counts.carried),
        String(counts.quarantined),
        String(counts.marks),
      ]),
    ]),
    '',
    ...grid([
      ['money', 'in', 'status', 'old', 'new', 'quarantined', 'set aside', 'elsewhere'],
      ...report.tables.flatMap(({ table, money }) =>
        money.map((one) => [
          `${table}.${one.column}`,
          one.currency,
          one.status,
          one.old,
          one.new,
          one.quarantined,
          one.setAside,
          one.elsewhere,
        ]),
      ),
    ]),
    '',
    ...grid([
      ['column', 'rows', 'checksum of the old', 'checksum of the new', 'set aside', 'changed since'],
      ...report.tables.flatMap(({ table, columns }) =>
        columns.map((one) => [
          `${table}${one.target === table ? '' : ` to ${one.target}`}: ${one.column}`,
          String(one.rows),
          one.old,
          one.new,
          String(one.setAside),
          String(one.changed),
        ]),
      ),
    ]),
    '',
    ...grid([
      ['accounts of people in', 'opened', 'adjusted', 'moved by Fairlock', 'held'],
      ...report.ledger.custody.map((one) => [one.currency, one.opened, one.adjusted, one.own, one.held]),
    ]),
    '',
    ...kinds(report),
    ...tail(report),
    `sha256     ${sha256}`,
    signature === null
      ? 'signature  none: no keyring is configured'
      : `signature  by key ${signature.publicKey}`,
  ].join('\n')
}

function head({ program, database, at, by, phase, mapping }: AdoptionReport): string[] {
  return [
    `Verification of a take-over, ${at}`,
    `program    ${program.name} ${program.version}`,
    `database   ${database.name} on system ${database.systemIdentifier}, PostgreSQL ${database.serverVersion}`,
    `by         ${by.login}, as ${by.operatingSystemUser} of the operating system`,
    `phase      ${phase}`,
    `mapping    ${mapping.sha256}, confirmed ${mapping.confirmedAt ?? 'never'} by ${mapping.confirmedBy ?? 'nobody'}`,
  ]
}

function kinds({ quarantine, setAside, differences }: AdoptionReport): string[] {
  return [
    ...quarantine.map(({ table, code, rows }) => `quarantined   ${table}: ${rows} ${code}`),
    ...setAside.map(({ table, column, code, rows }) => `set aside     ${table}.${column}: ${rows} ${code}`),
    ...differences.map(({ table, column, rows }) => `counted anew  ${table}.${column}: ${rows} differ`),
    '',
  ]
}

function tail({ orphans, ledger, secrets, findings, wrong, passed }: AdoptionReport): string[] {
  return [
    `references ${orphans.references} followed, ${orphans.wrong} rows lead nowhere`,
    `books      ${ledger.checks.length} laws proved`,
    `secrets    ${secrets.searched} of the old rows searched for, ${secrets.found} found in clear`,
    '',
    ...findings.map((finding) => `wrong: ${sentence(finding)}\n       ${finding.todo}`),
    ...(wrong > findings.length ? [`… and ${wrong - findings.length} more like these.`] : []),
    passed ? 'PASSED: everything is as it should be.' : `NOT PASSED: ${wrong} things are wrong.`,
  ]
}

/** Columns as wide as their longest cell; numbers to the right. */
function grid(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]!.length)))
  const isNumber = (cell: string) => /^-?[\d.]+$/.test(cell)
  return rows.map((row) =>
    row
      .map((cell, i) => (isNumber(cell) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  )
}
