import type { JsonObject } from '../platform/index.ts'

/** Who is paid how in the demo, the first way first. Names and accounts are invented. */
export const ACCOUNTS: [name: string, holder: string, ...types: string[]][] = [
  ['marta', 'Marta Kowalska', 'sepa', 'revolut'],
  ['dan', 'Daniel Walsh', 'sepa_instant', 'wise'],
  ['yuki.t', 'Yuki Tanaka', 'sepa_instant', 'wise'],
  ['noor', 'Noor de Vries', 'sepa_instant'],
  ['bruno', 'Bruno Carvalho', 'sepa_instant', 'revolut'],
  ['elif', 'Elif Demir', 'sepa', 'wise'],
  ['pavel_s', 'Pavel Svoboda', 'sepa', 'revolut'],
  ['greta', 'Greta Frei', 'sepa'],
  ['kwame', 'Kwame Mensah', 'wise', 'revolut'],
  ['sofia l', 'Sofia Lindgren', 'sepa', 'revolut'],
  ['finn', 'Finn Virtanen', 'sepa_instant'],
  ['old harbour otc', 'Old Harbour Trading', 'sepa'],
  ['rui', 'Rui Almeida', 'sepa_instant'],
]

/** An account of the nth of them. */
export function accountOf(n: number, holderName: string, type: string): JsonObject {
  const tag = holderName.toLowerCase().replaceAll(/\W/g, '')
  if (type === 'revolut') return { type, provider: 'Revolut', details: { holderName, revtag: `@${tag}` } }
  if (type === 'wise')
    return { type, provider: 'Wise', details: { holderName, account: `${tag}@example.org` } }
  return { type, provider: 'First Example Bank', details: { holderName, iban: ibanOf(n) } }
}

/** A German account number that is nobody's, with its check digits: D is 13, E is 14 (ISO 13616). */
function ibanOf(n: number): string {
  const account = `37040044${String(4_711_000 + n * 37).padStart(10, '0')}`
  const check = 98n - (BigInt(`${account}131400`) % 97n)
  return `DE${String(check).padStart(2, '0')}${account}`
}

/** What the two sides say in their trades, by the one who sells. */
export const CHATS: Record<string, [side: 'seller' | 'buyer', text: string][]> = {
  'yuki.t': [
    ['seller', 'Hello Dan, the account is in the trade. Please write nothing but the reference.'],
    ['buyer', 'Hello. My bank asks for a code, five minutes.'],
    ['seller', 'No hurry, you have until the time above.'],
  ],
  marta: [
    ['buyer', 'Sent, with the reference of the trade.'],
    ['seller', 'Thank you. It is an ordinary transfer, so I look again at noon.'],
    ['buyer', 'Fine. I am here if anything is missing.'],
  ],
  elif: [
    ['buyer', 'Paid. The confirmation says that it is done.'],
    ['seller', 'I see nothing on my account yet.'],
    ['buyer', 'It was done yesterday. Please look again.'],
  ],
  pavel_s: [
    ['buyer', 'The payment has arrived, my bank shows it as booked. Would you release?'],
    ['buyer', 'Are you there?'],
  ],
}

/** What people write about each other after a sale; most write nothing. */
export const FEEDBACK: [rating: string, feedback: string | null, answer: string | null][] = [
  ['5', 'Paid within minutes, as agreed', null],
  ['5', null, null],
  ['4.5', 'Friendly, and quick with the coins', 'Gladly again'],
  ['5', 'Third time, never a question', null],
  ['4', null, null],
  ['4.75', 'Explained everything to a beginner', 'You asked the right things'],
  ['3.5', 'All fine in the end, but I waited for an hour', 'My bank was slow that day, sorry'],
]
