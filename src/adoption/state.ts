import type { Session } from '../platform/migrator/index.ts'
import { noteDeed } from './deeds.ts'
import { type Mapping, requireMapping } from './mapping.ts'

export type Phase = 'adopted' | 'expanding' | 'carrying' | 'validating' | 'beside' | 'parked' | 'contracted'

export type State = {
  phase: Phase
  mapping: Mapping
  confirmedAt: Date | null
  marketSchema: string
  besideSince: Date | null
}

/** Where the take-over of this database stands; null where nothing is taken over. */
export async function readState(session: Pick<Session, 'query'>): Promise<State | null> {
  const there = await session.query<{ there: boolean }>(
    `select to_regclass('fairlock_adoption.state') is not null as there`,
  )
  if (!there.rows[0]!.there) return null
  const { rows } = await session.query<Omit<State, 'mapping'> & { mapping: unknown }>(
    `select phase, mapping, confirmed_at as "confirmedAt", market_schema as "marketSchema",
            beside_since as "besideSince"
     from fairlock_adoption.state`,
  )
  const row = rows[0]
  return row === undefined ? null : { ...row, mapping: requireMapping(row.mapping) }
}

/** Whether old rows are carried in this phase: the functions that do it are there and go by the mapping. */
export function isCarrying(phase: Phase | undefined): boolean {
  return phase === 'carrying' || phase === 'validating' || phase === 'beside'
}

/** Writes down the next phase. Waits for the batch that is being carried, and keeps later ones out until it is written. */
export async function enter(
  session: Pick<Session, 'query'>,
  phase: Phase,
  reason?: string | undefined,
): Promise<void> {
  const { rows } = await session.query<{ from: Phase }>(
    `with before as (select phase from fairlock_adoption.state where phase <> $1 for update)
     update fairlock_adoption.state
     set phase = $1, changed_at = clock_timestamp(),
         beside_since = case when $1 = 'beside' then coalesce(beside_since, clock_timestamp())
                             when $1 = 'parked' then null else beside_since end
     from before returning before.phase as from`,
    [phase],
  )
  const from = rows[0]?.from
  if (from === undefined) return
  const action = phase === 'parked' ? 'given_back' : 'phase'
  await noteDeed(session, { action, reason, details: { from, to: phase } })
}
