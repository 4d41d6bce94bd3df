import pg from 'pg'
import { type Market, offerBody, Person } from '../support/market.ts'
import { seedChat } from './seed-chat.ts'
import { seedDisputes } from './seed-disputes.ts'
import { seedFiles } from './seed-files.ts'
import { seedFloating } from './seed-floating.ts'
import { seedLiabilities } from './seed-liabilities.ts'
import { seedLive } from './seed-live.ts'
import { seedPaymentMethods } from './seed-payment-methods.ts'
import { seedPrices } from './seed-prices.ts'
import { seedReputation } from './seed-reputation.ts'
import { seedStaff } from './seed-staff.ts'
import { seedWebhooks } from './seed-webhooks.ts'

/** Who looks, in the order of the numbers in expectations.ts. */
export const ACTORS = [
  'owner',
  'counterparty',
  'other',
  'anonymous',
  'admin',
  'support',
  'compliance',
  'arbitrator',
] as const
export type Actor = (typeof ACTORS)[number]

/**
 * One complete market: the owner has two offers (one on the market, one paused), two trades with the counterparty (one
 * completed, one paid and in dispute); the other trader has coins and a paused offer. Returns each actor's user id.
 */
export async function seed(market: Market): Promise<Record<Actor, string>> {
  const [owner, counterparty, other] = await Promise.all(
    ['owner', 'counterparty', 'other'].map(market.person),
  )
  const staff = await Promise.all(['support', 'compliance', 'arbitrator'].map(market.person))
  if (!owner || !counterparty || !other) throw new Error('nobody registered')
  const admin = await market.admin()
  await market.credit(owner, 'BTC', '2')
  await market.credit(other, 'BTC', '1')

  const { id: offer } = (await done(owner.post('/v1/offers', offerBody(), 'a key'))).body
  for (const maker of [owner, other]) {
    const { id } = (await done(maker.post('/v1/offers', offerBody()))).body
    await done(maker.patch(`/v1/offers/${id}`, { status: 'paused' }))
  }
  const take = { amount: '0.1', paymentMethodType: 'sepa' }
  const trades = []
  for (let i = 0; i < 2; i++)
    trades.push((await done(counterparty.post(`/v1/offers/${offer}/trades`, take))).body)
  for (const { id } of trades) await done(counterparty.post(`/v1/trades/${id}/payment`))
  await done(owner.post(`/v1/trades/${trades[0].id}/release`))

  await seedChat(trades[1].id, owner, counterparty)

  const database = new pg.Client(market.database.superuserUrl)
  await database.connect()
  try {
    await database.query(
      `insert into fairlock.staff_roles (user_id, role) select * from unnest($1::uuid[], $2::text[])`,
      [staff.map((one) => one.id), ['support', 'compliance', 'arbitrator']],
    )
    await database.query(
      `insert into fairlock.outside_wallets (id, user_id, currency) values (gen_random_uuid(), $1, 'ETH')`,
      [owner.id],
    )
    await seedReputation(database, { owner, counterparty, other }, [trades[0].id, trades[1].id])
    await seedDisputes(database, { owner, arbitrator: staff[2] as Person, tradeId: trades[1].id })
    await database.query(
      `insert into fairlock.api_keys (id, user_id, name, token_hash, scopes)
       select id, id, 'bot', sha256(id::text::bytea), '{read}' from public.users`,
    )
    await database.query(
      `insert into fairlock.notices (id, user_id, kind, data) values (gen_random_uuid(), $1, 'session.new_device', '{}')`,
      [owner.id],
    )
    await database.query(
      `with person as (select $1::uuid as id), passkey as (
         insert into fairlock.passkeys (id, user_id, credential_id, public_key, counter, transports, name, backed_up, rp_id)
         select gen_random_uuid(), id, 'credential', 'key', 0, '{}', 'telephone', false, 'localhost' from person
       ), code as (
         insert into fairlock.recovery_codes (user_id, code_hash) select id, sha256('code') from person
       )
       insert into fairlock.passkey_challenges (challenge, purpose, user_id, session_id, expires_at)
       select sha256('challenge'), 'step_up', id, id, now() + interval '1 minute' from person`,
      [owner.id],
    )
    await database.query(
      `insert into fairlock.password_reset_wishes (id, email) values (gen_random_uuid(), 'owner@example.org')`,
    )
    await database.query(
      `insert into fairlock.password_resets (id, user_id, expires_at) values (gen_random_uuid(), $1, now() + interval '1 hour')`,
      [owner.id],
    )
    await database.query(
      `insert into fairlock.email_changes (id, user_id, old_email, new_email, expires_at)
       values (gen_random_uuid(), $1, 'owner@example.org', 'new@example.org', now() + interval '1 hour')`,
      [owner.id],
    )
    await database.query(
      `insert into fairlock.access_grants (id, staff_id, scope, person_id, reason, status, starts_at, minutes)
       values (gen_random_uuid(), $1, 'person', $2, 'for the matrix of policies', 'asked', now(), 60)`,
      [staff[0]?.id, owner.id],
    )
    // Beside the undecided request one live grant of each scope: support about the owner, the arbitrator for the dispute.
    await database.query(
      `insert into fairlock.access_grants (id, staff_id, scope, person_id, trade_id, reason, status, starts_at, minutes)
       select gen_random_uuid(), $1::uuid, scope, $2::uuid, null::uuid, 'for the matrix of policies', 'asked', now(), 60
       from unnest(array['person', 'money', 'trades', 'payment_methods']) scope
       union all select gen_random_uuid(), $3::uuid, 'case', null, $4::uuid, 'for the matrix of policies', 'asked', now(), 60`,
      [staff[0]?.id, owner.id, staff[2]?.id, trades[1].id],
    )
    await database.query(
      `update fairlock.access_grants set status = 'granted', approver_id = $1, decided_at = now(),
         ends_at = starts_at + interval '1 hour'
       where id <> (select id from fairlock.access_grants where scope = 'person' order by asked_at limit 1)`,
      [admin.id],
    )
    await database.query(
      `insert into fairlock.duty_hours (id, role, weekdays, from_minute, to_minute, time_zone)
       values (gen_random_uuid(), 'support', '{1,2,3,4,5,6,7}', 0, 1440, 'UTC')`,
    )
    await seedPaymentMethods(market, database, [owner, counterparty, other])
    await seedFiles(market, database, { owner, trade: trades[1].id })
    await seedLive(database, owner.id, counterparty.id)
    await seedFloating(database, counterparty.id)
    await database.query(`insert into fairlock.request_counts values ('a bucket', 1, 1)`)
    await database.query(`insert into fairlock.erasures (user_id, reason) values ($1, 'asked for it')`, [
      staff[1]?.id,
    ])
    await seedStaff(database, owner.id, other.id)
    await seedPrices(database)
    await database.query('select fairlock.close_audit_block(1000)')
    await database.query(
      `insert into audit.signing_keys (id, public_key, sealed_private_key) values ('key', sha256('public'), 'wrapped')`,
    )
    await database.query(
      `select fairlock.sign_audit_block(number, 'key', hash || hash) from fairlock.unsigned_audit_blocks(1)`,
    )
    await seedLiabilities(market)
    await seedWebhooks(market, database, owner.id)
    await database.query(`select graphile_worker.add_job('nothing', queue_name => 'a queue')`)
    await database.query(
      `insert into graphile_worker._private_known_crontabs (identifier, known_since) values ('nothing', now())`,
    )
  } finally {
    await database.end()
  }
  const ids = [owner, counterparty, other, null, admin, ...staff].map((one) =>
    one instanceof Person ? one.id : '',
  )
  return Object.fromEntries(ACTORS.map((actor, i) => [actor, ids[i] ?? ''])) as Record<Actor, string>
}

async function done(asked: ReturnType<Person['get']>) {
  const answer = await asked
  if (answer.status >= 300) throw new Error(`the market could not be seeded: ${JSON.stringify(answer.body)}`)
  return answer
}
