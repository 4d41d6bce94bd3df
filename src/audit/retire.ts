import type pg from 'pg'
import { asEngine } from '../platform/index.ts'

/** What retiring the months before one would take away, or has taken away. */
export type Retirement = { before: string; partitions: string[]; rows: number }

/** Retiring would take away rows that are in no signed block, or there is nothing to take away. */
export class RetirementRefused extends Error {
  override readonly name = 'RetirementRefused'
}

/** What `retireAudit` would do; changes nothing. `month` is like 2026-01. Throws `RetirementRefused`. */
export function planRetirement(ownerUrl: string, month: string): Promise<Retirement> {
  return asEngine(ownerUrl, (client) => plan(client, month))
}

/**
 * Takes away the rows of the months before one, whole partitions at a time, and the leaf hashes of blocks of which no
 * row is left. The blocks stay, so the chain can still be proved, and the log says what was retired and why.
 */
export function retireAudit(ownerUrl: string, month: string, reason: string): Promise<Retirement> {
  return asEngine(ownerUrl, async (client) => {
    const retirement = await plan(client, month)
    await client.query(`select fairlock.record_event('audit.retired', 'audit', audit.itself(), $1, $2)`, [
      reason,
      { before: retirement.before, partitions: retirement.partitions, rows: retirement.rows },
    ])
    // From here on as the owner, who alone may take tables away; what it must not see or change is lifted meanwhile.
    await client.query(`reset role; set local lock_timeout = '5s'`)
    await client.query('alter table audit.leaves no force row level security, disable trigger append_only')
    await client.query('delete from audit.leaves where $1::timestamptz > all (times)', [retirement.before])
    await client.query('alter table audit.leaves force row level security, enable trigger append_only')
    for (const partition of retirement.partitions) await client.query(`drop table ${partition}`)
    return retirement
  })
}

async function plan(client: pg.Client, month: string): Promise<Retirement> {
  const before = `${month}-01T00:00:00.000000Z`
  const { rows } = await client.query<{ name: string }>(
    `select format('audit.%I', relname) as name from pg_inherits join pg_class c on c.oid = inhrelid
     where inhparent = 'audit.events'::regclass and relname ~ '^events_\\d{4}_\\d\\d$'
       and relname < $1 order by relname`,
    [`events_${month.replace('-', '_')}`],
  )
  const partitions = rows.map(({ name }) => name)
  if (partitions.length === 0) throw new RetirementRefused(`There is no month before ${month} in the log.`)
  if (before > new Date().toISOString())
    throw new RetirementRefused('Only months that are over can be retired.')
  const { rows: counted } = await client.query<{ rows: string; open: string }>(
    `select count(*) as rows,
       count(*) filter (where (e.tx, e.id) >= (select coalesce(max(b.to_tx), 0), coalesce(max(b.to_id), 0)
         from audit.blocks b where b.number = (select max(block) from audit.signatures))) as open
     from audit.events e where tableoid = any ($1::regclass[]::oid[])`,
    [partitions],
  )
  const { rows: all = '0', open = '0' } = counted[0] ?? {}
  if (open !== '0') {
    throw new RetirementRefused(
      `${open} rows before ${month} are in no signed block yet. Let the background work run, and try again.`,
    )
  }
  return { before, partitions, rows: Number(all) }
}
