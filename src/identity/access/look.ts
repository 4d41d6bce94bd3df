import { type RawBuilder, sql } from 'kysely'
import { type Caller, type Database, Problem, query } from '../../platform/index.ts'

export type Scope = 'person' | 'money' | 'trades' | 'payment_methods' | 'case'

/** What staff look at: the scope of the grant that is needed, about whom or which trade, and the name of the page. */
export type Look = { scope: Scope; id: string; what: string }

/**
 * Reads rows about a person or a case under a grant, as the caller under the policies. `rows` is a SELECT that takes
 * the looked-at id from `looked.subject`, so that nothing is read before the look is in the log and the grant open.
 * Throws `Problem` not_found for whoever has no live grant.
 */
export async function look<Row extends object>(
  db: Database,
  caller: Caller,
  { scope, id, what }: Look,
  rows: RawBuilder<Row>,
): Promise<Row[]> {
  const found = await db.read(
    caller,
    sql<{ found: Row | null }>`
      select to_jsonb(rows) as found from fairlock.look(${scope}, ${id}, ${what}) looked
      left join lateral (${rows}) rows on true`.compile(query),
  )
  if (found.length === 0) throw new Problem('not_found')
  return found.flatMap((row) => (row.found === null ? [] : [row.found]))
}
