import { isDeepStrictEqual } from 'node:util'
import { MigrationError, type Session, transaction } from '../platform/migrator/index.ts'
import { noteDeed, tellDeeds } from './deeds.ts'
import { installMapping, installState } from './install.ts'
import { fold, groupKey, type Mapping, requireMapping } from './mapping.ts'
import { isCarrying, type Phase } from './state.ts'
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

/** Whether no row is carried by the mapping, or all will be looked at again: then any other may replace it. */
export function mayReplace(phase: Phase): boolean {
  return phase === 'adopted' || phase === 'parked'
}

/**
 * Records a mapping as what the take-over goes by. This makes the schema `fairlock_adoption` and touches nothing else of
 * the database. While rows are carried by the one in force, the new one may only say more than that: rows that were
 * carried are not looked at again.
 */
export async function recordMapping(
  session: Session,
  adoption: { mapping: Mapping; shapes: Shape[]; confirmed: boolean },
): Promise<void> {
  await transaction(session, async () => {
    await installState(session)
    const found = await session.query<{ phase: Phase; mapping: unknown }>(
      'select phase, mapping from fairlock_adoption.state for update',
    )
    const inForce = found.rows[0]
    if (inForce !== undefined)
      requireReplaceable(inForce.phase, requireMapping(inForce.mapping), adoption.mapping)
    await session.query(
      `insert into fairlock_adoption.state as s (mapping, recognised, confirmed_at, confirmed_by)
       values ($1, $2, case when $3 then clock_timestamp() end, case when $3 then session_user end)
       on conflict (one) do update set mapping = excluded.mapping, recognised = excluded.recognised,
         adopted_at = case s.phase when 'adopted' then clock_timestamp() else s.adopted_at end,
         recorded_at = clock_timestamp(), recorded_by = session_user, confirmed_at = excluded.confirmed_at,
         confirmed_by = excluded.confirmed_by, changed_at = clock_timestamp()`,
      [JSON.stringify(adoption.mapping), JSON.stringify(adoption.shapes), adoption.confirmed],
    )
    // Whatever carries rows at this moment goes by the new words from its next batch on.
    if (isCarrying(inForce?.phase)) await installMapping(session, adoption.mapping)
    const custody = adoption.mapping.wallets.filter((group) => group.custody && group.certain).length
    await noteDeed(session, { action: 'adopted', details: { confirmed: adoption.confirmed, custody } })
  })
  await tellDeeds(session)
}

function requireReplaceable(phase: Phase, old: Mapping, next: Mapping): void {
  if (mayReplace(phase)) return
  if (phase === 'contracted') throw new MigrationError('The take-over has ended with its contract.')
  const changed = decisionsChanged(old, next)
  if (changed.length === 0) return
  throw new MigrationError(
    `The mapping was not replaced: rows are carried by the one in force, and this one says something else of ` +
      `${changed.slice(0, 5).join(', ')}. Say only what was not known; or park the take-over with ` +
      '`fairlock db down --to adopted`, record the new mapping and go up again, and nothing is lost on the way.',
  )
}

/** The places where a mapping says something else than the one before, beyond what that one did not know. */
export function decisionsChanged(old: Mapping, next: Mapping): string[] {
  const words = (
    name: string,
    before: Record<string, string | null>,
    after: Record<string, string | null>,
  ) => {
    const now = new Map(Object.entries(after).map(([word, target]) => [fold(word), target]))
    return Object.entries(before)
      .filter(([word, target]) => target !== null && now.get(fold(word)) !== target)
      .map(([word]) => `${name}.${word}`)
  }
  const groups = new Map(next.wallets.map((group) => [groupKey(group), group]))
  const wallets = old.wallets.flatMap((group, index) => {
    const after = groups.get(groupKey(group))
    const same = !group.certain || (after?.certain && after.custody === group.custody)
    return same ? [] : [`wallets.${index}`]
  })
  const rest = (['tables', 'zone', 'counterpartyKeys', 'secrets'] as const).filter(
    (part) => !isDeepStrictEqual(old[part], next[part]),
  )
  return [
    ...rest,
    ...words('statuses.trades', old.statuses.trades, next.statuses.trades),
    ...words('statuses.transactions', old.statuses.transactions, next.statuses.transactions),
    ...words('statuses.kyc', old.statuses.kyc, next.statuses.kyc),
    ...words('sides', old.sides, next.sides),
    ...words('types', old.types, next.types),
    ...words('currencies', old.currencies, next.currencies),
    ...wallets,
  ]
}
