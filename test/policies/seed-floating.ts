import type pg from 'pg'

/** A price of the owner's offer that is held for the counterparty. */
export async function seedFloating(database: pg.Client, counterparty: string): Promise<void> {
  await database.query(
    `insert into fairlock.price_locks (id, offer_id, user_id, offer_version, price, provenance, created_at, expires_at)
     select gen_random_uuid(), id, $1, version, 60000, '{}', now(), now() + interval '30 seconds'
     from fairlock.offers where listed limit 1`,
    [counterparty],
  )
}
