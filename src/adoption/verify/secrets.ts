import { type Found, literal, look, type Moment, together } from './moment.ts'
import { whereIs } from './orphans.ts'

/** Old columns in which people's secrets may be in clear. */
const DOCUMENTS = [
  { table: 'crypto_profiles', column: 'security_settings' },
  { table: 'crypto_profiles', column: 'notification_preferences' },
  { table: 'crypto_transactions', column: 'metadata' },
  { table: 'crypto_trades', column: 'metadata' },
]
/** A shorter text, a PIN for instance, is in many rows by chance; it is looked for only at its own place. */
const LEAST = 12

/**
 * Looks for every secret that an old row holds in clear: in the row it became, and in everything the take-over keeps of
 * it. Neither the findings nor the figures hold one.
 */
export async function searchSecrets(moment: Moment): Promise<{ searched: number; found: Found }> {
  let searched = 0
  const found: Found[] = []
  for (const { table, column } of DOCUMENTS) {
    const { rows: targets } = await moment.client.query<{ target: string }>(
      'select distinct target from fairlock_adoption.carried where table_name = $1 order by 1',
      [table],
    )
    const { rows } = await moment.client.query<{ count: string }>(
      `select count(*) from (${secretsOf(table, column)}) secrets`,
    )
    searched += Number(rows[0]!.count)
    if (rows[0]!.count === '0') continue
    const places = [...targets.map(({ target }) => carriedTo(moment.market, table, target)), ...kept(table)]
    for (const { name, rows: where } of places) {
      found.push(
        await look(
          moment,
          {
            check: 'secret',
            table,
            todo: `Clear the value in ${name}, and follow "Secrets in clear" of docs/operating/migration.md.`,
          },
          `select s.key, format('the secret at %s of %s is in clear in %s', array_to_string(s.path, '.'),
             ${literal(column)}, ${literal(name)}) as what
           from (${secretsOf(table, column)}) s join (${where}) w using (key)
           where w.content #>> (array[${literal(column)}] || s.path) = s.value
             or length(s.value) >= ${LEAST} and strpos(w.content::text, trim(both '"' from to_jsonb(s.value)::text)) > 0`,
        ),
      )
    }
  }
  return { searched, found: together(found) }
}

function secretsOf(table: string, column: string): string {
  return `
    select o.key, s.path, s.value
    from fairlock_adoption.old_${table} o
    cross join lateral fairlock_adoption.secret_paths(fairlock_adoption.try_jsonb(o.${column})) s
    where fairlock_adoption.may_have_secrets(o.${column})`
}

function carriedTo(market: string, table: string, target: string) {
  return {
    name: `the new ${target}`,
    rows: `select c.key, to_jsonb(n) as content from fairlock_adoption.carried c
           join ${whereIs(target, market, table)} n on n.id = c.target_id
           where c.table_name = ${literal(table)} and c.target = ${literal(target)}`,
  }
}

function kept(table: string) {
  const of = `table_name = ${literal(table)}`
  return [
    {
      name: 'fairlock_adoption.quarantine',
      rows: `select key, old_row || jsonb_build_object('reasons', reasons) as content
             from fairlock_adoption.quarantine where ${of}`,
    },
    {
      name: 'fairlock_adoption.set_aside',
      rows: `select key, to_jsonb(value) as content from fairlock_adoption.set_aside where ${of} and value is not null`,
    },
    {
      name: 'fairlock_adoption.differences',
      rows: `select key, jsonb_build_array(old, new) as content from fairlock_adoption.differences where ${of}`,
    },
  ]
}
