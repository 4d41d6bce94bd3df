import { Type } from 'typebox'
import {
  type App,
  answers,
  Currency,
  type Database,
  decodeCursor,
  encodeCursor,
  isOnCalendar,
  Page,
  PageQuery,
  Problem,
  pageOf,
  RequestedTime,
  strict,
} from '../platform/index.ts'
import { boardPrices, coinPrice, type IntervalName, priceHistory } from './queries.ts'
import { Bar, BoardPrice, CoinPrice, Interval, SymbolParams } from './schemas.ts'

const HOUR_MS = 3_600_000
/** How long a bar is, and the longest stretch that can be asked for. */
const SPANS: Record<IntervalName, { bar: number; widest: number; words: string }> = {
  minute: { bar: 60_000, widest: 7 * 24 * HOUR_MS, words: '7 days' },
  hour: { bar: HOUR_MS, widest: 92 * 24 * HOUR_MS, words: '92 days' },
  day: { bar: 24 * HOUR_MS, widest: 3660 * 24 * HOUR_MS, words: '3660 days' },
}
const BARS_IF_NOT_SAID = 100

/** Market prices: what coins are worth now, and what they were worth. */
export function priceRoutes(app: App, { db }: { db: Database }): void {
  boardRoute(app, db)
  coinRoute(app, db)
  historyRoute(app, db)
}

function boardRoute(app: App, db: Database): void {
  app.get(
    '/v1/prices',
    {
      config: { access: 'public' },
      schema: {
        tags: ['Prices'],
        summary: 'What the coins traded here are worth, by their place in the market',
        description: 'Made-up prices say so: `sample` is true and `note` says "sample prices".',
        querystring: strict(PageQuery),
        response: answers(200, Page(BoardPrice)),
      },
    },
    async (request) => {
      const { limit = 20, cursor } = request.query
      const after = decodeCursor('prices', cursor, isPlaceAndSymbol)
      return pageOf('prices', limit, await db.read(request.caller, boardPrices(limit, after)))
    },
  )
}

function coinRoute(app: App, db: Database): void {
  app.get(
    '/v1/prices/:symbol',
    {
      config: { access: 'public' },
      schema: {
        tags: ['Prices'],
        summary: 'What one coin is worth, and what each source said',
        params: SymbolParams,
        querystring: strict({
          currency: Type.Optional({ ...Currency, description: 'Only the quote in this currency' }),
        }),
        response: answers(200, CoinPrice),
      },
    },
    async (request) => {
      const { currency = null } = request.query
      const [row] = await db.read(request.caller, coinPrice(request.params.symbol, currency))
      if (row === undefined) throw new Problem('not_found')
      if (!row.isKnown) {
        throw new Problem('unknown_currency', {}, [{ field: 'currency', problem: 'is not traded here' }])
      }
      return row.body
    },
  )
}

function historyRoute(app: App, db: Database): void {
  app.get(
    '/v1/prices/:symbol/history',
    {
      config: { access: 'public' },
      schema: {
        tags: ['Prices'],
        summary: 'What one coin was worth, in bars, oldest first',
        description:
          'From `from` up to, not including, `to`; if not said, the last 100 bars. At most 7 days of minutes, 92 days ' +
          'of hours, 3660 days of days. A bar in which nobody said a price is missing. US dollars.',
        params: SymbolParams,
        querystring: strict({
          interval: Type.Optional(Interval),
          from: Type.Optional(RequestedTime),
          to: Type.Optional(RequestedTime),
          ...PageQuery,
          limit: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 100,
              default: 100,
              description: 'Bars per page, 100 if not said',
            }),
          ),
        }),
        response: answers(200, Page(Bar)),
      },
    },
    async (request) => {
      const { interval = 'day', from, to, limit = BARS_IF_NOT_SAID, cursor } = request.query
      const { symbol } = request.params
      const list = `prices by ${interval}`
      const after = decodeCursor(list, cursor, isTime)
      const stretch = stretchOf(interval, from, to)
      const found = await db.read(
        request.caller,
        priceHistory(symbol, { interval, ...stretch }, limit, after?.[0] ?? null),
      )
      if (found.length === 0) throw new Problem('not_found')
      const bars = found.flatMap(({ body }) => (body === null ? [] : [body]))
      const last = bars.length > limit ? bars[limit - 1] : undefined
      return {
        items: bars.slice(0, limit),
        nextCursor: last === undefined ? null : encodeCursor(list, [last.at]),
      }
    },
  )
}

/** The stretch of time that is asked for. Throws `Problem` invalid_request naming the field that is wrong. */
function stretchOf(interval: IntervalName, from?: string, to?: string): { from: Date; to: Date } {
  const { bar, widest, words } = SPANS[interval]
  const end = to === undefined ? new Date(Date.now() + 1) : timeOf('to', to)
  // The bar that has begun is one of them.
  const begin = from === undefined ? new Date(end.getTime() - BARS_IF_NOT_SAID * bar) : timeOf('from', from)
  if (begin >= end) throw refusal('from', 'is not before `to`, or now')
  if (end.getTime() - begin.getTime() > widest) {
    throw refusal('from', `is too long before \`to\`: at most ${words} by the ${interval}`)
  }
  return { from: begin, to: end }
}

function timeOf(field: string, text: string): Date {
  const time = new Date(text)
  if (Number.isNaN(time.getTime())) throw refusal(field, 'is not on the calendar')
  return time
}

function refusal(field: string, problem: string): Problem {
  return new Problem('invalid_request', {}, [{ field: `querystring.${field}`, problem }])
}

function isPlaceAndSymbol(parts: string[]): parts is [string, string] {
  return (
    parts.length === 2 && /^[1-9]\d{0,8}$|^2147483647$/.test(parts[0]!) && /^[A-Z0-9]{2,10}$/.test(parts[1]!)
  )
}

function isTime(parts: string[]): parts is [string] {
  return (
    parts.length === 1 &&
    /^[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(parts[0]!) &&
    isOnCalendar(parts[0]!)
  )
}
