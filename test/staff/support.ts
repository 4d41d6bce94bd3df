import pg from 'pg'
import { setRole } from '../access/staff.ts'
import type { Market, Person } from '../support/market.ts'

/** Staff of every role, a second officer of compliance, and a connection that no rule stops. */
export type Desk = {
  superuser: pg.Client
  admin: Person
  compliance: Person
  second: Person
  support: Person
  arbitrator: Person
}

export async function openDesk(market: Market): Promise<Desk> {
  const superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
  const people = ['compliance', 'second', 'support', 'arbitrator'].map(market.person)
  const [compliance, second, support, arbitrator] = (await Promise.all(people)) as [
    Person,
    Person,
    Person,
    Person,
  ]
  await setRole(superuser, compliance, 'compliance', true)
  await setRole(superuser, second, 'compliance', true)
  await setRole(superuser, support, 'support', true)
  await setRole(superuser, arbitrator, 'arbitrator', true)
  return { superuser, admin: await market.admin(), compliance, second, support, arbitrator }
}

/** The newest lines of the log about a row, the oldest of them first: who did what, and why. */
export async function log(client: pg.Client, subject: string) {
  const { rows } = await client.query<{ actor: string; action: string; reason: string | null }>(
    `select actor_id as actor, action, reason from audit.events
     where subject_id = $1 and changes is null order by id`,
    [subject],
  )
  return rows
}

/** What a person was told, the newest first. */
export async function notices(person: Person): Promise<{ kind: string; text: string }[]> {
  const { items } = (await person.get('/v1/me/notices')).body
  return items.map(({ kind, text }: { kind: string; text: string }) => ({ kind, text }))
}
