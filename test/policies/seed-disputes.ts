import type pg from 'pg'
import type { Person } from '../support/market.ts'

/** The owner's dispute about a paid trade: assigned to the one arbitrator, a note, and a ruling that was refused. */
export async function seedDisputes(
  superuser: pg.Client,
  { owner, arbitrator, tradeId }: { owner: Person; arbitrator: Person; tradeId: string },
): Promise<void> {
  const opened = await owner.post(`/v1/trades/${tradeId}/dispute`, {
    reason: 'payment_not_received',
    description: 'the fiat did not come',
  })
  const noted = await arbitrator.post(`/v1/disputes/${opened.body.id}/notes`, { text: 'a note' })
  const asked = await arbitrator.post(`/v1/disputes/${opened.body.id}/questions`, {
    to: 'seller',
    text: 'a question',
  })
  for (const { status, body } of [opened, noted, asked])
    if (status >= 300) throw new Error(`no dispute could be seeded: ${JSON.stringify(body)}`)
  await superuser.query(
    `insert into fairlock.dispute_rulings (id, dispute_id, arbitrator_id, outcome, fault_of, is_final, state)
     values (gen_random_uuid(), $1, $2, 'refund', 'buyer', false, 'refused')`,
    [opened.body.id, arbitrator.id],
  )
}
