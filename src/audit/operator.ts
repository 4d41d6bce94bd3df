import { asEngine, newClient } from '../platform/index.ts'
import type { AuditReport } from './verify.ts'

/** Makes the partitions of this month and the two after it; the background work does so every day. */
export async function openAuditMonths(ownerUrl: string): Promise<void> {
  const client = newClient({ connectionString: ownerUrl, application_name: 'fairlock operator' })
  await client.connect()
  try {
    await client.query('select fairlock.open_audit_months()')
  } finally {
    await client.end()
  }
}

/** A row of the log as a search answers it. */
export type FoundEvent = {
  id: string
  at: string
  actorId: string | null
  action: string
  subject: string
  subjectId: string | null
  reason: string | null
  changes: { [column: string]: unknown } | null
}

/** Searches the log from a terminal; the search goes on the record. */
export async function searchAudit(
  ownerUrl: string,
  filters: { [name: string]: string | number },
): Promise<FoundEvent[]> {
  return asEngine(ownerUrl, async (client) => {
    const { rows } = await client.query<{ items: FoundEvent[] }>('select audit.search($1) as items', [
      filters,
    ])
    return rows[0]?.items.slice(0, Number(filters.limit)) ?? []
  })
}

/** Notes in the log that it was verified, for the metrics; a copy that cannot be written to is left as it is. */
export async function recordVerification(ownerUrl: string, report: AuditReport): Promise<void> {
  await asEngine(ownerUrl, (client) =>
    client.query(
      `select fairlock.record_event('audit.verified', 'audit', audit.itself(), 'command line', $1)
       where not pg_is_in_recovery()`,
      [
        {
          ok: report.ok,
          blocks: report.blocks,
          published: report.published,
          first: report.first?.id ?? null,
        },
      ],
    ),
  )
}
