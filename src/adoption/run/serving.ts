import { MigrationError, type Session } from '../../platform/migrator/index.ts'

/** Refuses while a Fairlock serves this database: its tables or functions are about to go from under it. */
export async function refuseWhileServing(session: Session): Promise<void> {
  const { rows } = await session.query<{ name: string; count: number; address: string | null }>(
    `select application_name as name, count(*)::int as count, min(host(client_addr)) as address
     from pg_stat_activity
     where datname = current_database() and application_name in ('fairlock', 'fairlock jobs', 'fairlock live')
     group by 1 order by 1`,
  )
  if (rows.length === 0) return
  const who = rows.map(
    ({ name, count, address }) => `${count} as "${name}"${address === null ? '' : ` from ${address}`}`,
  )
  throw new MigrationError(
    `Fairlock is connected to this database (${who.join(', ')}). Stop it first, or pass --force and let its ` +
      'requests fail from here on. Nothing was done.',
  )
}
