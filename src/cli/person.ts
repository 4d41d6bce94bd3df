import { asEngine } from '../platform/index.ts'
import { Finding } from './finding.ts'

/** The id of the person that an operator names by e-mail address or id. Throws `Finding` when there is none. */
export async function findPerson(ownerUrl: string, named: string): Promise<string> {
  const id = await asEngine(ownerUrl, async (client) => {
    const found = await client.query<{ id: string }>(
      'select id from users where lower(email) = lower($1) or id::text = lower($1)',
      [named],
    )
    return found.rows[0]?.id
  })
  if (id === undefined) throw new Finding(`Nobody is registered as ${named}.`)
  return id
}
