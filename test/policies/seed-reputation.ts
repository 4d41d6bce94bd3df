import type pg from 'pg'
import type { Person } from '../support/market.ts'

/** The counterparty has rated the owner in the completed trade; the owner has a fault in the other, and trusts somebody. */
export async function seedReputation(
  database: pg.Client,
  people: { owner: Person; counterparty: Person; other: Person },
  [completed, other]: [string, string],
): Promise<void> {
  const { owner, counterparty } = people
  const rated = await counterparty.post(`/v1/trades/${completed}/rating`, {
    rating: '4.5',
    feedback: 'quick',
  })
  if (rated.status !== 201) throw new Error(`the trade was not rated: ${JSON.stringify(rated.body)}`)
  await database.query(
    `insert into fairlock.faults (id, user_id, trade_id, kind) values (gen_random_uuid(), $1, $2, 'dispute_lost')`,
    [owner.id, other],
  )
  await owner.put(`/v1/me/trusted/${people.other.id}`, undefined)
}
