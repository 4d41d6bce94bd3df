import type { Context } from './bench.ts'
import { MIGRATED, sqlFile } from './server.ts'

/** A migrated database with people, wallets and one offer each; made once. */
export async function marketDatabase({ server, scale, progress }: Context): Promise<string> {
  if (await exists(server, 'market')) return 'market'
  progress(`${scale.people} people`)
  await server.copy(MIGRATED, 'market')
  await server.sql('market', sqlFile('market.sql'))
  await server.sql('market', sqlFile('bulk.sql'))
  await server.sql('market', `call bench.add_people(${scale.people})`)
  await server.sql('market', 'vacuum analyze')
  return 'market'
}

/** TPC-B's four tables; made once. */
export async function tpcbDatabase({ server, scale, progress }: Context): Promise<string> {
  if (await exists(server, 'tpcb')) return 'tpcb'
  progress(`TPC-B at scale ${scale.tpcbScale}`)
  await server.copy('template0', 'tpcb')
  await server.sql('tpcb', sqlFile('tpcb.sql'))
  await server.sql('tpcb', `call bench.fill(${scale.tpcbScale})`)
  await server.sql('tpcb', 'vacuum analyze')
  return 'tpcb'
}

async function exists(server: Context['server'], name: string): Promise<boolean> {
  const found = await server.sql('postgres', 'select from pg_database where datname = $1', [name])
  return found.length === 1
}
