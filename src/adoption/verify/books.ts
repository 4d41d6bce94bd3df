import { verifyLedger } from '../../ledger/index.ts'
import type { Found, Moment } from './moment.ts'
import type { AdoptionReport, CustodySums } from './report.ts'

/** The books by the product's own verifier; what it finds is a finding of the take-over. */
export async function checkBooks(
  moment: Moment,
  step: (name: string) => void,
): Promise<{ ledger: AdoptionReport['ledger']; found: Found }> {
  const { checks, totals } = await verifyLedger(moment.client, {
    limit: moment.limit,
    onProgress: ({ check }) => step(`the books: ${check}`),
  })
  const findings = checks.flatMap((check) =>
    check.findings.map(({ table, id, what, invariant }) => ({
      check: 'ledger' as const,
      table,
      key: id,
      what: `${what} (${invariant})`,
      todo: 'Stop carrying and trading, keep the database as it is, and go on with docs/operating/ledger.md.',
    })),
  )
  return {
    ledger: {
      checks: checks.map(({ findings: _, ...check }) => check),
      totals,
      custody: await custodySums(moment),
    },
    found: { wrong: findings.length, findings },
  }
}

/** Where what people have came from: the books' own laws and the sums of the wallets prove that it adds up. */
async function custodySums({ client }: Moment): Promise<CustodySums[]> {
  const byOldApplication = `t.kind in ('opening', 'adjustment') and t.reason = 'old application'`
  const { rows } = await client.query<CustodySums>(
    `select e.currency,
       trim_scale(coalesce(sum(e.amount) filter (where ${byOldApplication} and t.kind = 'opening'), 0))::text as opened,
       trim_scale(coalesce(sum(e.amount) filter (where ${byOldApplication} and t.kind = 'adjustment'), 0))::text as adjusted,
       trim_scale(coalesce(sum(e.amount) filter (where not (${byOldApplication})), 0))::text as own,
       trim_scale(sum(e.amount))::text as held
     from ledger.entries e join ledger.accounts a on a.id = e.account_id join ledger.transfers t on t.id = e.transfer_id
     where a.kind = 'trader' group by e.currency order by e.currency`,
  )
  return rows
}
