import type pg from 'pg'
import { newId } from '../../src/platform/index.ts'
import type { Market, Person } from '../support/market.ts'

/** A payment method of each of these traders, the first one's waiting to be verified, and the key of the index. */
export async function seedPaymentMethods(
  { sealer }: Market,
  database: pg.Client,
  traders: Person[],
): Promise<void> {
  for (const { id } of traders) {
    const row = newId()
    const place = { table: 'public.crypto_payment_methods', column: 'account_details_encrypted', row }
    const sealed = await sealer.seal(id, place, Buffer.from('DE89 3704 0044 0532 0130 00'))
    await database.query(
      `insert into crypto_payment_methods (id, user_id, type, provider, account_details_encrypted, is_primary,
         verification_status, verification_asked_at, account_index, is_duplicate)
       values ($1, $2::uuid, 'sepa', 'bank', $3, true, 'pending', case when $2::uuid = $4::uuid then now() end, sha256('account'), true)`,
      [row, id, sealed, traders[0]?.id],
    )
  }
  const key = newId()
  const place = { table: 'fairlock.blind_index_keys', column: 'sealed_key', row: key }
  await database.query(
    `insert into fairlock.blind_index_keys (id, name, sealed_key) values ($1, 'payment_accounts', $2)`,
    [key, await sealer.seal(null, place, Buffer.alloc(32, 7))],
  )
}
