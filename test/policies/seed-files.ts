import type pg from 'pg'
import { picture, upload } from '../files/support.ts'
import type { Market, Person } from '../support/market.ts'

/** A picture of the owner's, shown as evidence of the trade's dispute and looked at once by themselves. */
export async function seedFiles(
  market: Market,
  database: pg.Client,
  { owner, trade }: { owner: Person; trade: string },
): Promise<void> {
  const file = await upload(market.url, owner, await picture(4, 3).png().toBuffer(), { name: 'receipt.png' })
  if (file.status !== 201) throw new Error(`no file: ${JSON.stringify(file.body)}`)
  await owner.get(`/v1/files/${file.body.id}`)
  await database.query(
    `insert into fairlock.evidence (id, dispute_id, file_id, added_by, owner_id, added_part)
     select gen_random_uuid(), id, $2, $3, $3, 'seller' from crypto_disputes where trade_id = $1`,
    [trade, file.body.id, owner.id],
  )
  await database.query(
    `update fairlock.files set attached_at = now(), subject_id = (select id from crypto_disputes where trade_id = $1)
     where id = $2`,
    [trade, file.body.id],
  )
}
