import type pg from 'pg'

/** The owner asks for a KYC level; the other trader was banned once. */
export async function seedStaff(database: pg.Client, owner: string, other: string): Promise<void> {
  await database.query(
    `insert into fairlock.kyc_requests (id, user_id, level) values (gen_random_uuid(), $1, 'full')`,
    [owner],
  )
  await database.query(
    `insert into fairlock.bans (id, user_id, reason, until, lifted_at, lift_reason)
     values (gen_random_uuid(), $1, 'no-shows', now() + interval '1 day', clock_timestamp(), 'a mistake')`,
    [other],
  )
}
