import type pg from 'pg'
import { OLD_TABLES, type OldTable } from '../tables.ts'

/** A secret that stands in clear in an old row. `path` begins with the column of the specification, or an extra one. */
export type Clear = { table: OldTable; key: string; path: string[]; value: string; owner: string | null }

/** How many rows were looked through, and what was found in them. */
export type Walked = { rows: number; clear: Clear[] }

export type Walk = {
  signal?: AbortSignal | undefined
  /** How many rows to look through at a time; it is asked each time. */
  atOnce?: (() => number) | undefined
}

const AT_ONCE = 1_000

type Row = { key: string; owner: string | null; found: Pick<Clear, 'path' | 'value'>[] | null }

/**
 * Walks through the old tables, some rows at a time, and hands on every secret in clear. `owner` is the person of the new
 * schema whose row it is; null where nobody has been carried as them.
 */
export async function* findSecrets(
  client: pg.Client,
  { signal, atOnce = () => AT_ONCE }: Walk = {},
): AsyncGenerator<Walked> {
  for (const table of OLD_TABLES) {
    if (table === 'crypto_prices') continue
    const person = table === 'users' ? 'o.key' : 'o.user_id'
    for (let after: string | null = null; signal?.aborted !== true; ) {
      const { rows }: pg.QueryResult<Row> = await client.query<Row>(
        `select o.key, p.target_id as owner, s.found
         from fairlock_adoption.read_${table}(
           array(select k from fairlock_adoption.next_${table}($1, $2) k)) o
         left join fairlock_adoption.carried p on p.table_name = 'users' and p.key = ${person}
         cross join lateral (select jsonb_agg(jsonb_build_object('path', path, 'value', value)) as found
           from fairlock_adoption.secrets_of(to_jsonb(o))) s
         order by o.id`,
        [after, atOnce()],
      )
      if (rows.length === 0) break
      after = rows.at(-1)!.key
      const clear = rows.flatMap(({ key, owner, found }) =>
        (found ?? []).map(({ path, value }) => ({ table, key, path, value, owner })),
      )
      yield { rows: rows.length, clear }
    }
  }
}
