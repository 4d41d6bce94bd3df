import { MigrationError, type Session, transaction } from '../platform/migrator/index.ts'
import { installState } from './install.ts'
import type { Mapping } from './mapping.ts'
import type { Phase } from './state.ts'
import type { Shape } from './tables.ts'

/** What is in force of an adoption. */
export type InForce = {
  phase: Phase
  mapping: unknown
  recordedAt: Date
  recordedBy: string
  confirmedAt: Date | null
  confirmedBy: string | null
}

/** What was recorded before; null for a database that nobody has adopted. */
export async function readInForce(session: Session): Promise<InForce | null> {
  const there = await session.query<{ there: boolean }>(
    `select to_regclass('fairlock_adoption.state') is not null as there`,
  )
  if (!there.rows[0]!.there) return null
  const found = await session.query<InForce>(
    `select phase, mapping, recorded_at as "recordedAt", recorded_by as "recordedBy", confirmed_at as "confirmedAt",
       confirmed_by as "confirmedBy" from fairlock_adoption.state`,
  )
  return found.rows[0] ?? null
}

/** Whether the mapping may still be replaced: no row has been carried by it, or all will be looked at again. */
export function mayReplace(phase: Phase): boolean {
  return phase === 'adopted' || phase === 'parked'
}

/**
 * Records a mapping as what the take-over goes by. This makes the schema `fairlock_adoption` and touches nothing else of
 * the database.
 */
export async function recordMapping(
  session: Session,
  adoption: { mapping: Mapping; shapes: Shape[]; confirmed: boolean },
): Promise<void> {
  await transaction(session, async () => {
    await installState(session)
    const recorded = await session.query(
      `insert into fairlock_adoption.state as s (mapping, recognised, confirmed_at, confirmed_by)
       values ($1, $2, case when $3 then clock_timestamp() end, case when $3 then session_user end)
       on conflict (one) do update set mapping = excluded.mapping, recognised = excluded.recognised,
         recorded_at = clock_timestamp(), recorded_by = session_user, confirmed_at = excluded.confirmed_at,
         confirmed_by = excluded.confirmed_by, changed_at = clock_timestamp()
         where s.phase in ('adopted', 'parked')`,
      [JSON.stringify(adoption.mapping), JSON.stringify(adoption.shapes), adoption.confirmed],
    )
    if (recorded.rowCount === 0) {
      throw new MigrationError(
        'The mapping was not replaced: rows are carried by the one in force. Park the take-over with ' +
          '`fairlock db down --to adopted`, record the new mapping and go up again; nothing is lost on the way.',
      )
    }
  })
}
