import type pg from 'pg'

/** Transfers that are read at a time; all that is in memory at once. */
const BATCH = 1000

type Posting = {
  account: string
  kind: 'trader' | 'escrow' | 'fees' | 'custody'
  currency: string
  amount: string
  balance: string | null
}
type Transfer = { id: string; kind: string; trade: string | null; at: string; postings: Posting[] }

const HEADER = `; The books of Fairlock, one transaction per transfer, for hledger, Ledger and other plain text accounting.
;
;   assets:custody:CURRENCY        the coins the platform keeps, for everybody
;   liabilities:traders:WALLET     what it owes the person with this wallet
;   liabilities:escrow:ESCROW      what it owes to whoever gets the coins of this escrow
;   income:fees:CURRENCY           what it has earned
;
; Amounts have the signs of a company's books: assets are above zero, what is owed and what was earned below, so each
; is the opposite of its entry in the ledger, where a person's balance is above zero. The code in brackets is the
; transfer's id. Every posting to a trader or an escrow asserts the balance that the ledger wrote beside its entry,
; thus "hledger check" proves them anew. Transactions stand in the order in which their accounts were locked; a date
; (UTC) is never before that of the transaction above, the exact time is the tag "at".
`

/**
 * The books as a plain text journal, in pieces. `client` is in a repeatable-read transaction as fairlock_engine
 * (asEngine); a cursor reads, so memory stays the same however long the ledger is.
 */
export async function* exportJournal(client: pg.Client): AsyncGenerator<string> {
  yield HEADER
  const currencies = await client.query<{ currency: string }>(
    'select distinct currency from ledger.accounts order by currency',
  )
  for (const { currency } of currencies.rows) yield `\ncommodity 1000.00000000 ${symbol(currency)}`
  yield '\n'
  // Everything will be fetched, so the plan that is fastest to the end is wanted, not the one fastest to the first row.
  await client.query('set local cursor_tuple_fraction = 1')
  // The entries of an account have the order of their ids, the ids of transfers that waited for each other have not.
  await client.query(`
    declare journal no scroll cursor for
    select t.id, t.kind, t.trade_id as trade, to_char(t.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
      jsonb_agg(jsonb_build_object('account', a.id, 'kind', a.kind, 'currency', e.currency, 'amount', (-e.amount)::text,
        'balance', (-e.balance_after)::text) order by e.id) as postings
    from ledger.transfers t
    join ledger.entries e on e.transfer_id = t.id join ledger.accounts a on a.id = e.account_id
    group by t.id order by min(e.id)`)
  let date = ''
  for (;;) {
    const { rows } = await client.query<Transfer>(`fetch ${BATCH} from journal`)
    if (rows.length === 0) break
    let text = ''
    for (const row of rows) {
      const day = row.at.slice(0, 10)
      if (day > date) date = day
      text += transaction(row, date)
    }
    yield text
  }
  await client.query('close journal')
}

function transaction({ id, kind, trade, at, postings }: Transfer, date: string): string {
  const tags = trade === null ? `at:${at}` : `at:${at}, trade:${trade}`
  const lines = postings.map((one) => {
    const amount = `${one.amount} ${symbol(one.currency)}`
    const assertion = one.balance === null ? '' : ` = ${one.balance} ${symbol(one.currency)}`
    return `    ${nameOf(one)}  ${amount}${assertion}\n`
  })
  return `\n${date} (${id}) ${kind}  ; ${tags}\n${lines.join('')}`
}

function nameOf({ kind, account, currency }: Posting): string {
  switch (kind) {
    case 'trader':
      return `liabilities:traders:${account}`
    case 'escrow':
      return `liabilities:escrow:${account}`
    case 'fees':
      return `income:fees:${currency}`
    case 'custody':
      return `assets:custody:${currency}`
  }
}

/** A commodity's symbol; one with digits would be read as part of the number and has to be quoted. */
function symbol(currency: string): string {
  return /\d/.test(currency) ? `"${currency}"` : currency
}
