import { Command, Option } from 'commander'
import pg from 'pg'
import { asEngine } from '../platform/index.ts'
import { withDatabase } from './connect.ts'
import { Finding, UsageError } from './finding.ts'
import { print, printTable } from './output.ts'

const STAFF_ROLES = ['arbitrator', 'support', 'compliance', 'admin']

/** `fairlock access …`: what staff may look at, from a terminal, as the operator. */
export function accessCommand(): Command {
  const access = new Command('access').description('what staff may look at: list, revoke')
  access
    .command('list')
    .description('requests, live access, and break-glass that nobody has reviewed')
    .option('--all', 'what is over as well', false)
    .option('--json', 'as JSON', false)
    .action(listAccess)
  access
    .command('revoke')
    .description('end access at once')
    .argument('<id>', 'of the grant')
    .requiredOption('--reason <text>')
    .option('--json', 'as JSON', false)
    .action(revokeAccess)
  return access
}

type GrantRow = {
  id: string
  status: string
  scope: string
  staff: string
  about: string
  until: string | null
}

async function listAccess(options: { all: boolean; json: boolean }): Promise<void> {
  const grants = await engineRows<{ grant: GrantRow & Record<string, unknown> }>(
    `select fairlock.grant_json(g) || jsonb_build_object('staff', u.email) as grant
     from fairlock.access_grants g join users u on u.id = g.staff_id
     where $1 or g.status = 'asked' and g.starts_at > now() - interval '1 day'
       or g.status = 'granted' and g.ends_at > now() or g.break_glass and g.reviewed_at is null
     order by g.asked_at desc limit 1000`,
    [options.all],
  )
  const list = grants.map((row) => row.grant)
  if (options.json) return print(JSON.stringify(list, null, 2))
  if (list.length === 0) return print('Nobody has asked for access or has any.')
  printTable([
    ['id', 'status', 'who', 'scope', 'about', 'until', 'reason'],
    ...list.map((one) => [
      one.id,
      one.breakGlass === true ? `${one.status}, broken glass` : one.status,
      one.staff,
      one.scope,
      String(one.userId ?? one.tradeId),
      String(one.endsAt ?? '-'),
      String(one.reason),
    ]),
  ])
}

async function revokeAccess(id: string, options: { reason: string; json: boolean }): Promise<void> {
  if (!/^[0-9a-f-]{36}$/i.test(id)) throw new UsageError('the id is one that `fairlock access list` shows')
  const [row] = await engineRows<{ answer: { refusal?: string } }>(
    `select fairlock.end_access(g, null, $2) as answer from fairlock.access_grants g where id = $1`,
    [id, options.reason],
  )
  if (row === undefined) throw new Finding(`There is no access with the id ${id}.`)
  if (row.answer.refusal !== undefined) throw new Finding('It is over already; nothing was changed.')
  print(options.json ? JSON.stringify(row.answer, null, 2) : `${id}: revoked`)
}

/**
 * `fairlock duty …`: when staff roles are on duty. It is here and not in the API so that nobody on duty can lock
 * everybody out, and whoever runs the server can always let them in again.
 */
export function dutyCommand(): Command {
  const role = () => new Option('--role <role>').choices(STAFF_ROLES).makeOptionMandatory()
  const duty = new Command('duty').description('when staff roles are on duty: list, set, clear')
  duty
    .command('list')
    .description('the hours of every role; a role without any is on duty always')
    .option('--json', 'as JSON', false)
    .action(listDuty)
  duty
    .command('set')
    .description('replaces the hours of a role; what it can do stops outside of them')
    .addOption(role())
    .requiredOption('--days <days>', 'ISO weekdays, Monday is 1: 1-5 or 1,3,6')
    .requiredOption(
      '--hours <hours>',
      'local times: 08:00-18:00, or several with commas; a night is two days',
    )
    .requiredOption('--zone <zone>', 'time zone, for example Europe/Berlin')
    .action((options: { role: string; days: string; hours: string; zone: string }) =>
      setDuty(options.role, readHours(options)),
    )
  duty
    .command('clear')
    .description('the role is on duty always')
    .addOption(role())
    .action((options: { role: string }) => setDuty(options.role, []))
  return duty
}

type Hours = { weekdays: number[]; from_minute: number; to_minute: number; time_zone: string }

/** Reads `--days 1-5 --hours 08:00-12:00,13:00-17:00`. Throws `UsageError`; a night over midnight becomes two rows. */
export function readHours(options: { days: string; hours: string; zone: string }): Hours[] {
  const weekdays = options.days.split(',').flatMap((part) => {
    const [, from, to = from] = /^([1-7])(?:-([1-7]))?$/.exec(part.trim()) ?? []
    if (from === undefined || to === undefined || from > to)
      throw new UsageError('--days takes ISO weekdays like 1-5 or 1,3,6')
    return Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => Number(from) + i)
  })
  const days = [...new Set(weekdays)].sort()
  return options.hours.split(',').flatMap((part) => {
    const [from, to] = part.trim().split('-').map(minuteOf)
    if (from === undefined || to === undefined || from === to || from === 1440)
      throw new UsageError('--hours takes times like 08:00-18:00, to 24:00 at most')
    const hours = (weekdays: number[], from_minute: number, to_minute: number) => ({
      weekdays,
      from_minute,
      to_minute,
      time_zone: options.zone,
    })
    if (from < to) return [hours(days, from, to)]
    const next = days.map((day) => (day % 7) + 1).sort()
    return [hours(days, from, 1440), ...(to === 0 ? [] : [hours(next, 0, to)])]
  })
}

function minuteOf(time: string): number {
  const [, hour, minute] = /^(\d\d):([0-5]\d)$/.exec(time.trim()) ?? []
  const minutes = Number(hour) * 60 + Number(minute)
  if (hour === undefined || minutes > 1440)
    throw new UsageError('--hours takes times like 08:00-18:00, to 24:00 at most')
  return minutes
}

async function setDuty(role: string, hours: Hours[]): Promise<void> {
  try {
    await engineRows('select fairlock.set_duty($1, $2)', [role, JSON.stringify(hours)])
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined
    if (cause instanceof pg.DatabaseError && cause.code === '22023')
      throw new UsageError(`PostgreSQL does not know the time zone ${hours[0]?.time_zone}.`)
    throw error
  }
  print(hours.length === 0 ? `${role}: on duty always` : `${role}: done`)
}

async function listDuty(options: { json: boolean }): Promise<void> {
  const rows = await engineRows<Record<string, string>>(
    `select role, array_to_string(weekdays, ',') as days, to_char(make_interval(mins => from_minute), 'HH24:MI') as from,
       to_char(make_interval(mins => to_minute), 'HH24:MI') as to, time_zone as zone from fairlock.duty_hours
     order by role, from_minute, weekdays`,
    [],
  )
  if (options.json) return print(JSON.stringify(rows, null, 2))
  for (const role of STAFF_ROLES) {
    const theirs = rows.filter((row) => row.role === role)
    if (theirs.length === 0) print(`${role}: always`)
    for (const { days, from, to, zone } of theirs) print(`${role}: days ${days}, ${from} to ${to}, ${zone}`)
  }
}

async function engineRows<Row>(statement: string, values: unknown[]): Promise<Row[]> {
  return withDatabase(({ ownerUrl }) =>
    asEngine(ownerUrl, async (client) => (await client.query(statement, values)).rows as Row[]),
  )
}
