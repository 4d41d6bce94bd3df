import { readShapes } from '../catalog.ts'
import type { OldColumn, Shape } from '../tables.ts'
import type { Found, Moment } from './moment.ts'
import type { Finding } from './report.ts'

const ANEW =
  'Park the take-over with `fairlock db down --to adopted`, run `fairlock db adopt` and go up again; nothing is lost.'

/** What of the old tables is not as it was when they were adopted, but for what the take-over itself added. */
export async function compareShapes({ client }: Moment): Promise<Found> {
  const { rows } = await client.query<{ recognised: Shape[] | null }>(
    `select case jsonb_typeof(recognised) when 'array' then recognised end as recognised from fairlock_adoption.state`,
  )
  const { rows: added } = await client.query<{ name: string }>(
    `select table_name || '.' || name as name from fairlock_adoption.expansion where kind = 'column'`,
  )
  const ours = new Set(added.map(({ name }) => name))
  const now = await readShapes(client)
  const findings = (rows[0]!.recognised ?? []).flatMap((then) => {
    const same = now.find(({ table }) => table === then.table)
    if (same === undefined) return [finding(then.table, null, 'is gone from the old database')]
    const known = new Map(then.columns.map((column) => [column.name, column]))
    const fresh = same.columns.filter(({ name }) => !known.has(name) && !ours.has(`${then.table}.${name}`))
    return [
      ...then.columns.flatMap((column) => changed(then.table, column, same.columns)),
      ...fresh.map(({ name }) =>
        finding(then.table, name, 'is a column that was not there at the adoption: nobody mapped it'),
      ),
    ]
  })
  return { wrong: findings.length, findings }
}

function changed(table: string, { name, declared }: OldColumn, columns: OldColumn[]): Finding[] {
  const now = columns.find((column) => column.name === name)
  if (now === undefined) return [finding(table, name, 'is a column that is gone since the adoption')]
  if (now.declared === declared) return []
  return [finding(table, name, `was ${declared} at the adoption and is ${now.declared} now`)]
}

function finding(table: string, key: string | null, what: string): Finding {
  return { check: 'record', table, key, what, todo: ANEW }
}
