import type { Session } from '../../platform/migrator/index.ts'
import { transaction } from '../../platform/migrator/index.ts'
import { CARRY_ORDER, type TableName } from '../old-tables.ts'

export type Count = { table: TableName; in: number; carried: number; quarantined: number }

/**
 * Whether every old row is either carried or in quarantine, in one snapshot. Rows that are not, and are not marked to be
 * looked at again, are marked; `missed` says how many of them there were.
 */
export async function countAll(session: Session): Promise<{ counts: Count[]; missed: number }> {
  return await transaction(
    session,
    async () => {
      await session.query('set local role fairlock_engine')
      const counts: Count[] = []
      let missed = 0
      for (const table of CARRY_ORDER) {
        const found = await countOne(session, table)
        counts.push(found)
        if (found.in !== found.carried + found.quarantined) missed += await markMissed(session, table)
      }
      return { counts, missed }
    },
    'begin isolation level repeatable read',
  )
}

async function countOne(session: Session, table: TableName): Promise<Count> {
  const { rows } = await session.query<Record<'old' | 'carried' | 'quarantined', string>>(
    `select (select count(*) from fairlock_adoption.old_${table}) as old,
            (select count(*) from fairlock_adoption.carried where table_name = $1) as carried,
            (select count(*) from fairlock_adoption.quarantine where table_name = $1) as quarantined`,
    [table],
  )
  const { old, carried, quarantined } = rows[0]!
  return { table, in: Number(old), carried: Number(carried), quarantined: Number(quarantined) }
}

async function markMissed(session: Session, table: TableName): Promise<number> {
  const { rowCount } = await session.query(
    `with known as (
       select key from fairlock_adoption.carried where table_name = $1
       union all select key from fairlock_adoption.quarantine where table_name = $1
     ), missed as (
       select coalesce(old.key, known.key) as key
       from (select key from fairlock_adoption.old_${table}) old full join known using (key)
       where old.key is null or known.key is null
     )
     insert into fairlock_adoption.marks (table_name, key)
     select $1, key from missed
     where not exists (
       select from fairlock_adoption.marks
       where marks.table_name = $1 and marks.key in (missed.key, '*')
     )`,
    [table],
  )
  return rowCount ?? 0
}
