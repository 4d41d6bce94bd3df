import { randomInt } from 'node:crypto'
import type pg from 'pg'
import type { Answer, Json, Person } from '../support/market.ts'

/** A German IBAN of nobody's, with right check digits. */
export function newIban(): string {
  const account = `37040044${String(randomInt(10 ** 10)).padStart(10, '0')}`
  // D is 13, E is 14; the check digits make the whole leave 1 when divided by 97 (ISO 13616).
  const check = 98n - (BigInt(`${account}131400`) % 97n)
  return `DE${String(check).padStart(2, '0')}${account}`
}

export function sepa(iban: string, more: Json = {}): Json {
  return { type: 'sepa', provider: 'Commerzbank', details: { holderName: 'Ada Lovelace', iban }, ...more }
}

/** Adds a method; gives its answer's body. */
export async function addMethod(person: Person, body: Json = sepa(newIban())) {
  const { status, body: made } = await person.post('/v1/payment-methods', body)
  if (status !== 201) throw new Error(`no payment method: ${JSON.stringify(made)}`)
  return made
}

export async function ofRole(superuser: pg.Client, person: Person, role: string): Promise<Person> {
  await superuser.query('insert into fairlock.staff_roles (user_id, role) values ($1, $2)', [person.id, role])
  return person
}

export const said = ({ status, body }: Answer): [number, string | undefined] => [status, body.code]
