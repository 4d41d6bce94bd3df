import type { Column, Comparison } from './columns.ts'
import { type Found, isMarked, literal, look, type Moment, together } from './moment.ts'
import { whereIs } from './orphans.ts'
import type { ColumnSums } from './report.ts'

/** Compares the old rows, as the mapping reads them, with what is in the new tables now. */
export async function compare(
  moment: Moment,
  comparison: Comparison,
): Promise<{ columns: ColumnSums[]; found: Found }> {
  const { table, columns } = comparison
  const pairs = pairsOf(moment, comparison)
  const sums = columns.flatMap((_, i) => [
    `count(*) filter (where compared${i}) as rows${i}`,
    `coalesce(sum(hashtextextended(key || ':' || coalesce(old${i}, '-'), 0)) filter (where compared${i}), 0)::text as old${i}`,
    `coalesce(sum(hashtextextended(key || ':' || coalesce(new${i}, '-'), 0)) filter (where compared${i}), 0)::text as new${i}`,
    `count(*) filter (where aside${i} and not changed) as aside${i}`,
    `count(*) filter (where compared${i} and old${i} is distinct from new${i}) as wrong${i}`,
  ])
  const { rows } = await moment.client.query<Record<string, string>>(
    `select ${sums.join(', ')}, count(*) filter (where changed) as changed from (${pairs}) pairs`,
  )
  const row = rows[0]!
  const figures = columns.map(({ name }, i) => ({
    target: comparison.target,
    column: name,
    rows: Number(row[`rows${i}`]),
    old: row[`old${i}`]!,
    new: row[`new${i}`]!,
    setAside: Number(row[`aside${i}`]),
    changed: Number(row.changed),
  }))
  const wrong = columns.flatMap(({ name, kind }, i) => (row[`wrong${i}`] === '0' ? [] : [{ name, kind, i }]))
  const found: Found[] = []
  for (const { name, kind, i } of wrong) {
    // What stands in a text column may be personal: the report says where it differs, not what it is.
    const values =
      kind === 'money'
        ? `format(': %s instead of %s', coalesce(new${i}, 'nothing'), coalesce(old${i}, 'nothing'))`
        : `''`
    found.push(
      await look(
        moment,
        { check: 'value', table, todo: todo(comparison) },
        `select key, format('%s is not what the old row says%s', ${literal(name)}, ${values}) as what
         from (${pairs}) pairs where compared${i} and old${i} is distinct from new${i}`,
      ),
    )
  }
  return { columns: figures, found: together(found) }
}

const todo = ({ table, target }: Comparison) =>
  `Find out who changed ${target} past Fairlock (fairlock audit search). To carry the row anew: ` +
  `delete from fairlock_adoption.carried where table_name = ${literal(table)} and key = '<key>'; then: fairlock db up`

/**
 * Each carried row with its old and new values as texts that are equal when the values are. A value that had no place is
 * not compared; neither is a row that waits to be carried again.
 */
function pairsOf({ market }: Moment, comparison: Comparison): string {
  const { table, target, columns, subjectId } = comparison
  const values = columns.flatMap((column, i) => [
    `${spelled(column, remainder(column))} as old${i}`,
    `${spelled(column, column.new)} as new${i}`,
    `${isAside(column)} as aside${i}`,
  ])
  const compared = columns.map(
    ({ optional }, i) =>
      `not changed and not aside${i}${optional ? ` and old${i} is not null` : ''} as compared${i}`,
  )
  const own =
    subjectId === undefined
      ? { changed: 'false', join: '' }
      : { changed: `coalesce(e.at > c.at, false)`, join: ownChanges(target, subjectId) }
  return `
    select *, ${compared.join(', ')} from (
      select o.key, ${own.changed} as changed, ${values.join(', ')}
      from fairlock_adoption.old_${table} o
      join fairlock_adoption.carried c
        on c.table_name = ${literal(table)} and c.key = o.key and c.target = ${literal(target)}
      join ${whereIs(target, market)} n on n.id = c.target_id
      ${columns.some(({ old }) => old.startsWith('person.')) ? PERSON : ''}
      ${own.join}
      left join (
        select key, array_agg(column_name) as columns, array_agg(column_name || ' ' || code) as codes
        from fairlock_adoption.set_aside where table_name = ${literal(table)} group by key
      ) a on a.key = o.key
      where not ${isMarked(table, 'o.key')}
      offset 0
    ) sides`
}

const PERSON = `left join fairlock_adoption.carried person on person.table_name = 'users' and person.key = o.user_id`

/** When Fairlock itself last changed a row. What somebody did past all its commands is no such change. */
const ownChanges = (target: string, subjectId: string) =>
  `left join (
     select subject_id, max(at) as at from audit.events
     where subject = ${literal(target)} and reason is distinct from 'adoption' and reason not like '%, outside of a command'
     group by subject_id
   ) e on e.subject_id = ${subjectId}`

/** Of an amount that was only cut off, or lost its sign, the rest is compared all the same. */
const KNOWN_CUTS = ['decimals_cut', 'sign_dropped']

function remainder({ kind, name, old }: Column): string {
  if (kind !== 'money') return old
  const [cut, sign] = KNOWN_CUTS.map(
    (code) => `coalesce(${literal(`${name} ${code}`)} = any (a.codes), false)`,
  )
  const unsigned = `case when ${sign} then abs(${old}) else ${old} end`
  return `case when ${cut} then trunc(${unsigned}, 8) else ${unsigned} end`
}

function isAside({ kind, name }: Column): string {
  if (kind !== 'money') return `coalesce(${literal(name)} = any (a.columns), false)`
  const known = KNOWN_CUTS.map((code) => literal(`${name} ${code}`)).join(', ')
  const others = `code like ${literal(`${name} %`)} and code not in (${known})`
  return `(a.key is not null and exists (select from unnest(a.codes) code where ${others}))`
}

/** The value in a form in which equal values are equal texts. */
function spelled({ kind }: Column, value: string): string {
  if (kind === 'money') return `trim_scale(${value})::text`
  if (kind === 'time') return `extract(epoch from ${value})::text`
  return `(${value})::text`
}
