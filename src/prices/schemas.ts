import { Type } from 'typebox'
import { Currency, Nullable, strict, Time } from '../platform/index.ts'

const Exact = Type.String({
  description: 'Decimal string with as many decimals as it takes; neither rounded nor cut.',
  examples: ['71040.25', '0.0000000012'],
})
const Percent = Type.String({ description: 'Percent, up to eight decimals.', examples: ['-1.25000000'] })
const sample = {
  sample: Type.Boolean({ description: 'Made up, for a demo or a test' }),
  note: Nullable(Type.Literal('sample prices')),
}

/** A coin as the board has it. What is not known is null. */
const board = {
  symbol: Currency,
  name: Type.String(),
  asOf: Nullable(Time),
  stale: Type.Boolean({ description: 'Older than prices may be that offers are priced by, or missing' }),
  ...sample,
  priceUsd: Nullable(Exact),
  priceBtc: Nullable(Exact),
  priceEth: Nullable(Exact),
  change1h: Nullable(Percent),
  change24h: Nullable(Percent),
  change7d: Nullable(Percent),
  change30d: Nullable(Percent),
  high24h: Nullable(Exact),
  low24h: Nullable(Exact),
  volume24h: Nullable(Exact),
  marketCap: Nullable(Exact),
  marketCapRank: Nullable(Type.Integer()),
  circulatingSupply: Nullable(Exact),
  totalSupply: Nullable(Exact),
  maxSupply: Nullable(Exact),
  dominance: Nullable(
    Type.String({ description: 'Percent of the market value of all coins that the source follows' }),
  ),
  sentiment: Nullable(
    Type.String({ description: 'Percent of the votes of the source’s users that said the price will go up' }),
  ),
  factsAsOf: Nullable(
    Type.String({ description: 'When the source said volume, market value, supplies, and so on' }),
  ),
  factsSource: Nullable(Type.String()),
  rsi14: Nullable(
    Type.String({
      description:
        'RSI-14 (Wilder) of the daily closes in UTC, with the newest price as the close of today; from 15 closes on',
    }),
  ),
  macd: Nullable(
    Type.String({ description: 'EMA(12) − EMA(26) of the same closes, in US dollars; from 26 closes on' }),
  ),
  macdSignal: Nullable(Type.String({ description: 'EMA(9) of macd; from 34 closes on' })),
  notFitting: Type.Array(Type.String(), {
    description: 'Columns of crypto_prices in the database that cannot hold the value that stands here',
  }),
}

export const BoardPrice = Type.Object(board)

const MarketQuote = Type.Object({
  pair: Type.String({ examples: ['BTC/EUR'] }),
  currency: Currency,
  price: Exact,
  via: Type.Union([Type.Literal('direct'), Type.Literal('cross')], {
    description: 'Made of prices of this very pair, or through the US dollar',
  }),
  priced: Type.Boolean({
    description: 'Whether offers may be priced by it now: young enough, of enough sources, and they agree',
  }),
  ...sample,
  asOf: Time,
  rateAsOf: Nullable(Time),
  ageSeconds: Type.Integer(),
  spreadPercent: Type.String({ description: 'How far the outermost used sources are apart' }),
  sourceCount: Type.Integer(),
  sources: Type.Array(
    Type.Object({
      source: Type.String(),
      price: Exact,
      at: Time,
      ageSeconds: Type.Integer(),
      used: Type.Boolean({ description: 'False where it lay too far from the others' }),
    }),
  ),
})

export const CoinPrice = Type.Object({ ...board, quotes: Type.Array(MarketQuote) })

export const SymbolParams = strict({ symbol: Currency })

export const Interval = Type.Union([Type.Literal('minute'), Type.Literal('hour'), Type.Literal('day')], {
  default: 'day',
  description: 'How long a bar is; days are those of UTC',
})

export const Bar = Type.Object({
  at: Type.String({ description: 'The beginning of the bar', examples: ['2026-11-22T10:00:00.000Z'] }),
  open: Exact,
  high: Exact,
  low: Exact,
  close: Exact,
  samples: Type.Integer({ description: 'Of how many prices it was made' }),
  firstAt: Time,
  lastAt: Time,
  ...sample,
})
