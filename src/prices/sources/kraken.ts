import { Exact } from '../exact.ts'
import { COINS, KRAKEN_BOOKS } from './names.ts'
import { member, Reading } from './reading.ts'
import { type Source, SourceError } from './source.ts'

const ADDRESS = 'https://api.kraken.com'

const nameOf = (currency: string) => COINS[currency]?.kraken ?? currency
const BOOKS = Object.entries(KRAKEN_BOOKS).flatMap(([quote, bases]) =>
  bases.map((base) => ({ base, quote, name: nameOf(base) + nameOf(quote) })),
)

/** Kraken's public ticker: the middle between the best bid and the best ask of each book, as of the answer. */
export function kraken(address = ADDRESS): Source {
  return {
    name: 'kraken',
    everySeconds: 30,
    requestsPerMinute: 12,
    isSample: false,
    async read(get) {
      const url = `${address}/0/public/Ticker`
      let { body, at } = await get(`${url}?pair=${BOOKS.map(({ name }) => name).join(',')}`)
      // One book that was closed makes the whole question an error; all books are a large answer, but one.
      if (/unknown asset pair/i.test(String(firstError(body)))) ({ body, at } = await get(url))
      if (firstError(body) !== undefined) throw new SourceError('unexpected')
      const result = member(body, 'result')
      const reading = new Reading()
      for (const { base, quote } of BOOKS) {
        const book = bookOf(result, base, quote)
        if (book === undefined) continue
        const bid = reading.price(member(member(book, 'b'), '0'), 'text')
        const ask = reading.price(member(member(book, 'a'), '0'), 'text')
        if (bid === null || ask === null) continue
        reading.take(base, quote, new Exact(bid).add(ask).div(2), at)
      }
      return reading.done()
    },
  }
}

function firstError(body: unknown): unknown {
  return member(member(body, 'error'), '0')
}

/** Old assets are answered with a letter in front: XXBTZUSD for XBTUSD, but SOLUSD. */
function bookOf(result: unknown, base: string, quote: string): unknown {
  for (const name of [nameOf(base), `X${nameOf(base)}`, `Z${nameOf(base)}`]) {
    for (const paidIn of [nameOf(quote), `Z${nameOf(quote)}`]) {
      const book = member(result, name + paidIn)
      if (book !== undefined) return book
    }
  }
  return undefined
}
