import type { Session } from '../../platform/migrator/index.ts'
import type { OldTable } from '../old-tables.ts'
import type { Dependents } from './dependents.ts'

/** What the operator answers for, in place of the rule. */
export type Allowances = {
  /** Days that both applications must have been served beside each other. */
  afterDays: number
  acceptQuarantine: boolean
  /** Goes on though the old application wrote in the last minutes, or a Fairlock is connected. */
  force?: boolean | undefined
}

type Facts = {
  phase: string
  days: number
  report: string | null
  passed: boolean | null
  fresh: boolean | null
  marks: number
  quarantined: number
  written: string | null
  silent: boolean
}

/** Everything that speaks against the contract, with what to do about it. */
export async function obstacles(
  session: Session,
  tables: OldTable[],
  dependents: Dependents,
  allowed: Allowances,
): Promise<string[]> {
  const facts = await readFacts(session)
  const found: string[] = []
  if (facts.phase !== 'beside')
    found.push(`The take-over is not done (it is ${facts.phase}): run fairlock db up to its end.`)
  else if (facts.days < allowed.afterDays)
    found.push(
      `Both applications have been beside each other for ${Math.floor(facts.days * 10) / 10} of ${allowed.afterDays} days; ` +
        '--after-days asks for fewer.',
    )
  if (facts.report === null) found.push('Nothing was verified yet: run fairlock db verify.')
  else if (facts.passed !== true)
    found.push(
      `The last verification (${facts.report}) found mistakes: mend them and run fairlock db verify.`,
    )
  else if (facts.fresh !== true)
    found.push(
      `The last verification (${facts.report}) is more than an hour old, or from before the two were beside each other: ` +
        'run fairlock db verify again.',
    )
  if (facts.marks > 0)
    found.push(`${facts.marks} changes of the old application are not carried yet: run fairlock db up.`)
  if (facts.quarantined > 0 && !allowed.acceptQuarantine)
    found.push(
      `${facts.quarantined} old rows are in quarantine, and would stay behind in fairlock_old: see fairlock db ` +
        'quarantine list, or pass --accept-quarantine.',
    )
  if (!facts.silent && allowed.force !== true)
    found.push(
      `The old application wrote at ${facts.written}, less than five minutes ago: switch it off, or pass --force.`,
    )
  for (const { name, relation, obstacle } of dependents.foreignKeys) {
    if (obstacle !== null)
      found.push(`Foreign key ${name} of ${relation} cannot refer to the new table: ${obstacle}.`)
  }
  for (const { relation, obstacle } of dependents.views) {
    if (obstacle !== null) found.push(`View ${relation} cannot be made over the new tables: ${obstacle}.`)
  }
  for (const name of await takenNames(session, tables))
    found.push(`public.${name} is in the way of Fairlock’s table or index of that name: rename it.`)
  return found
}

async function readFacts(session: Session): Promise<Facts> {
  const { rows } = await session.query<Facts>(
    `select phase, coalesce(extract(epoch from clock_timestamp() - beside_since) / 86400, 0)::float8 as days,
            to_char(report.at at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') as report, report.passed,
            report.at > greatest(clock_timestamp() - interval '1 hour', beside_since) as fresh,
            (select count(*)::int from fairlock_adoption.marks) as marks,
            (select count(*)::int from fairlock_adoption.quarantine) as quarantined,
            to_char(written.at at time zone 'UTC', 'HH24:MI:SS "UTC"') as written,
            coalesce(written.at < clock_timestamp() - interval '5 minutes', true) as silent
     from fairlock_adoption.state
     left join lateral (select * from fairlock_adoption.reports order by id desc limit 1) report on true
     cross join lateral (
       select greatest(
         (select max(written_at) from fairlock_adoption.progress),
         (select max(marked_at) from fairlock_adoption.marks where written)
       ) as at
     ) written`,
  )
  return rows[0]!
}

/** Names in public that stay there and that a new table, index or sequence has too. */
async function takenNames(session: Session, tables: OldTable[]): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(
    `with leaving as (
       select oid from pg_class where oid = any ($1::regclass[])
       union select indexrelid from pg_index where indrelid = any ($1::regclass[])
       union select to_regclass(format('public.%I', name))::oid from fairlock_adoption.expansion where kind = 'view'
       union select objid from pg_depend
         where classid = 'pg_class'::regclass and refobjid = any ($1::regclass[]) and deptype in ('a', 'i')
     )
     select mine.relname as name from pg_class mine
     join pg_class other on other.relname = mine.relname and other.relnamespace = 'public'::regnamespace
     where mine.relnamespace = to_regnamespace('fairlock_next') and not exists (select from leaving where leaving.oid = other.oid)
     order by 1`,
    [tables.map(({ relation }) => relation)],
  )
  return rows.map(({ name }) => name)
}
