import { type Found, isMarked, literal, look, type Moment, together } from './moment.ts'
import type { Counts } from './report.ts'

const MEND = 'Run `fairlock db up`, which carries what is missing, and verify again.'

/** Where every row of an old table is; each that is not in exactly one place is named. */
export async function countRows(moment: Moment, table: string): Promise<{ counts: Counts; found: Found }> {
  const { rows } = await moment.client.query<Record<keyof Counts, string>>(
    `select (select count(*) from fairlock_adoption.old_${table}) as "in",
       (select count(*) from fairlock_adoption.carried where table_name = $1) as carried,
       (select count(*) from fairlock_adoption.quarantine where table_name = $1) as quarantined,
       (select count(distinct key) from fairlock_adoption.marks where table_name = $1) as marks`,
    [table],
  )
  const row = rows[0]!
  const counts = {
    in: Number(row.in),
    carried: Number(row.carried),
    quarantined: Number(row.quarantined),
    marks: Number(row.marks),
  }
  const found = [await misplaced(moment, table), await changedUnnoticed(moment, table)]
  return { counts, found: together(found) }
}

/** Rows in neither place, in both, or that are no more. Those with a mark are on their way. */
async function misplaced(moment: Moment, table: string): Promise<Found> {
  const of = `table_name = ${literal(table)}`
  return look(
    moment,
    { check: 'count', table, todo: MEND },
    `select key, case
         when not old then format('is %s, but there is no such row in the old table any more',
           case when carried then 'carried' else 'in quarantine' end)
         when carried then 'is carried and in quarantine at once'
         else 'is neither carried nor in quarantine' end as what
     from (
       select key, bool_or(place = 'o') as old, bool_or(place = 'c') as carried, bool_or(place = 'q') as refused
       from (
         select key, 'o' as place from fairlock_adoption.old_${table}
         union all select key, 'c' from fairlock_adoption.carried where ${of}
         union all select key, 'q' from fairlock_adoption.quarantine where ${of}
       ) places group by key
     ) rows
     where not (old and carried <> refused)
       and not ${isMarked(table, 'key')}`,
  )
}

/**
 * Old rows that are not what they were when they were carried, though no trigger marked them. Not meant are those that
 * Fairlock writes to itself: the ones it made, and the ones that follow what people do here.
 */
async function changedUnnoticed(moment: Moment, table: string): Promise<Found> {
  const todo =
    'Its triggers did not see the change: find out who switched them off, then carry the row: ' +
    `insert into fairlock_adoption.marks (table_name, key) values (${literal(table)}, '<key>'); fairlock db up`
  return look(
    moment,
    { check: 'record', table, todo },
    `select o.key, 'was changed in the old table after it was carried, and nothing marked it' as what
     from fairlock_adoption.old_${table} o
     join fairlock_adoption.carried c on c.table_name = ${literal(table)} and c.key = o.key and c.target <> 'mirrored'
     where c.hash <> fairlock_adoption.row_hash(o) and not ${isMarked(table, 'o.key')}
       and not ${follows(moment.market)[table] ?? 'false'}`,
  )
}

/** Whether Fairlock wrote to an old row itself since it became the new one of `c`; few rows are asked. */
function follows(market: string): Record<string, string> {
  const isOwn = `e.at > c.at and e.reason is distinct from 'adoption' and e.reason not like '%, outside of a command'`
  return {
    users: `exists (select from audit.events e where e.subject = 'users' and e.subject_id = c.target_id and ${isOwn})`,
    crypto_profiles: `exists (
      select from audit.events e join ${market}.crypto_profiles n on n.user_id = e.subject_id
      where e.subject = 'crypto_profiles' and n.id = c.target_id and ${isOwn})`,
    crypto_wallets: `exists (
      select from ledger.entries e join ledger.transfers t on t.id = e.transfer_id
      where e.account_id = c.target_id and t.created_at > c.at and t.reason is distinct from 'old application')`,
  }
}
