import pg from 'pg'
import { newId } from '../../src/platform/index.ts'
import type { Json, Market, Person } from '../support/market.ts'
import { offerBody } from '../support/market.ts'

export type Role = 'arbitrator' | 'support' | 'compliance' | 'admin'

/** A market with staff, two traders with a paid trade between them, and a superuser's connection. */
export type Office = {
  market: Market
  superuser: pg.Client
  support: Person
  compliance: Person
  admin: Person
  arbitrator: Person
  seller: Person
  buyer: Person
  tradeId: string
}

export const REASON = 'Ticket 4711: the deposit is missing'

export async function openOffice(market: Market): Promise<Office> {
  const superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
  const names = ['support', 'compliance', 'arbitrator', 'seller', 'buyer']
  const people = await Promise.all(names.map(market.person))
  const [support, compliance, arbitrator, seller, buyer] = people as [Person, Person, Person, Person, Person]
  const admin = await market.admin()
  for (const [person, role] of [
    [support, 'support'],
    [compliance, 'compliance'],
    [arbitrator, 'arbitrator'],
  ] as const) {
    await setRole(superuser, person, role, true)
  }
  await market.credit(seller, 'BTC', '1')
  const offer = await seller.post('/v1/offers', offerBody())
  const take = { amount: '0.1', paymentMethodType: 'sepa' }
  const trade = await buyer.post(`/v1/offers/${offer.body.id}/trades`, take)
  await buyer.post(`/v1/trades/${trade.body.id}/payment`)
  const method = newId()
  const place = { table: 'public.crypto_payment_methods', column: 'account_details_encrypted', row: method }
  const sealed = await market.sealer.seal(seller.id, place, Buffer.from('DE89 3704 0044 0532 0130 00'))
  await superuser.query(
    `insert into crypto_payment_methods (id, user_id, type, provider, account_details_encrypted)
     values ($1, $2, 'sepa', 'a bank', $3)`,
    [method, seller.id, sealed],
  )
  const opened = await seller.post(`/v1/trades/${trade.body.id}/dispute`, { reason: 'payment_not_received' })
  if (opened.status !== 201) throw new Error(`no dispute: ${JSON.stringify(opened.body)}`)
  return { market, superuser, support, compliance, admin, arbitrator, seller, buyer, tradeId: trade.body.id }
}

export async function setRole(client: pg.Client, person: Person, role: Role, held: boolean): Promise<void> {
  await client.query(
    held
      ? 'insert into fairlock.staff_roles (user_id, role) values ($1, $2)'
      : 'delete from fairlock.staff_roles where user_id = $1 and role = $2',
    [person.id, role],
  )
}

/** Asks for access and has it approved; gives the grant. */
export async function grant(asker: Person, approver: Person, request: Json) {
  const asked = await asker.post('/v1/admin/access-grants', { reason: REASON, ...request })
  if (asked.status !== 201) throw new Error(`not asked: ${JSON.stringify(asked.body)}`)
  const approved = await approver.post(`/v1/admin/access-grants/${asked.body.id}/approval`, {})
  if (approved.status !== 200) throw new Error(`not approved: ${JSON.stringify(approved.body)}`)
  return approved.body
}

/** Moves a grant's time into the past, which nobody but a superuser can. */
export async function endNow({ superuser }: Office, id: string): Promise<void> {
  await superuser.query(`begin; set local session_replication_role = replica;
    update fairlock.access_grants set starts_at = now() - interval '2 hours', ends_at = now() - interval '1 hour',
      minutes = 60 where id = '${id}'; commit`)
}

export async function events(office: Office, action: string, subject: string) {
  const { rows } = await office.superuser.query(
    `select actor_id, reason, details from audit.events where action = $1 and subject_id = $2 order by id`,
    [action, subject],
  )
  return rows
}
