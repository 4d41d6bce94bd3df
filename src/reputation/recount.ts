import { engineSteps } from '../platform/index.ts'

/** How many people are counted in one transaction, whose trades cannot end meanwhile. */
const BATCH = 100

/**
 * Counts everybody anew from the rows of their trades and ratings, some at a time: after the migration that brought the
 * counters, and where the verifier found one wrong. Returns how many people there were.
 */
export async function recountPeople(ownerUrl: string): Promise<number> {
  return engineSteps(ownerUrl, async (client) => {
    const found = await client.query<{ id: string }>(
      'select user_id as id from crypto_profiles order by user_id',
    )
    const ids = found.rows.map((row) => row.id)
    for (let done = 0; done < ids.length; done += BATCH) {
      await client.query('select fairlock.recount_person(id) from unnest($1::uuid[]) id', [
        ids.slice(done, done + BATCH),
      ])
    }
    return ids.length
  })
}
