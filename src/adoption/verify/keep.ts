import { asEngine } from '../../platform/index.ts'
import { canonical, type SignedReport } from './report.ts'

/** Keeps a report in the database, beside the take-over's own record, and puts on the log that it was made. */
export async function keepReport(ownerUrl: string, signed: SignedReport): Promise<void> {
  const { report, signature, sha256 } = signed
  await asEngine(ownerUrl, async (client) => {
    await client.query(
      `insert into fairlock_adoption.reports (at, passed, report, key_id, signature) values ($1, $2, $3, $4, $5)`,
      [
        report.at,
        report.passed,
        canonical(report),
        signature?.keyId ?? null,
        signature === null ? null : signature.signature,
      ],
    )
    await client.query(
      `select fairlock.record_event('adoption.verified', 'adoption', null, 'command line', $1)`,
      [{ passed: report.passed, wrong: report.wrong, sha256, key: signature?.keyId ?? null }],
    )
  })
}
