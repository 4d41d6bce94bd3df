import { get, type IncomingMessage } from 'node:http'
import { parse } from 'csv-parse/sync'
import { asIntruder } from '../ledger/support.ts'
import type { Market, Person } from '../support/market.ts'

export type Row = Record<string, string>

/** Reads CSV as another program does: strictly, with the first line as names. */
export function readCsv(text: string): Row[] {
  return parse(text, { columns: true, record_delimiter: '\r\n', relax_quotes: false }) as Row[]
}

/** A person's export, parsed. */
export async function exported(person: Person, asked = ''): Promise<Row[]> {
  const { status, body } = await person.get(`/v1/transactions.csv${asked}`)
  if (status !== 200) throw new Error(`no export: ${JSON.stringify(body)}`)
  return readCsv(body)
}

/** Gives a person many movements that never were, a second apart and over before now, and the balance that they come to. */
export async function addMovements(market: Market, person: Person, count: number): Promise<void> {
  await asIntruder(market, async (client) => {
    await client.query(
      `insert into crypto_transactions (id, user_id, wallet_id, amount, currency, platform_fee, network_fee, status,
         transaction_type, category, exchange_rate, fiat_value, fiat_currency, destination_name, destination_description,
         created_at)
       select gen_random_uuid(), $1, w.id, case when n % 4 = 0 then -0.5 else 0.25 end, 'BTC', 0, 0, 'completed',
         'adjustment', 'adjustment', 71040, 17760, 'USD', 'Wallet', 'Credited by the operator, as many times before',
         now() - make_interval(secs => $2 - n)
       from generate_series(1, $2::integer) n, crypto_wallets w where w.user_id = $1 and w.currency = 'BTC'`,
      [person.id, count],
    )
    await client.query(
      `update crypto_wallets w set balance = (select sum(amount) from crypto_transactions where wallet_id = w.id)
       where user_id = $1`,
      [person.id],
    )
  })
}

/** Begins an export and reads nothing of it yet. */
export function begin(market: Market, person: Person, asked = ''): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = get(
      `${market.url}/v1/transactions.csv${asked}`,
      { headers: person.headers() },
      (response) => {
        response.pause()
        resolve(response)
      },
    )
    request.on('error', reject)
  })
}

/** All that is left of an export. Rejects where it breaks off. */
export async function readAll(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of response.setEncoding('utf8')) text += piece
  return text
}

/** Waits until something is so, for a second at most. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    if (tries > 100) throw new Error(`waited in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
