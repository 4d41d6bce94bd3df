import { Decimal } from 'decimal.js'
import { Exact } from '../exact.ts'

/**
 * The made-up market of the demo and of tests: what one unit was worth in US dollars on a day in 2026, and facts in the
 * size of the real ones. Whatever is made from it says that it is a sample.
 */
export type SampleCoin = {
  name: string
  dollars: string
  /** Coins there are; `most` there can ever be. */
  supply: string
  most: string | null
  /** Traded in a day, in coins. */
  volume: string
  rank: number
  dominance: string
  sentiment: string
  /** How wide its price swings, in percent either way. */
  swing: string
}

export const SAMPLE_COINS: Record<string, SampleCoin> = {
  BTC: coin('Bitcoin', '71040', '19980000', '21000000', '480000', 1, '57.1', '74.2', '1.2'),
  ETH: coin('Ethereum', '2726', '120700000', null, '7400000', 2, '13.2', '71.9', '1.6'),
  USDT: coin('Tether', '1.00108', '184000000000', null, '91000000000', 3, '7.4', '64.5', '0.03'),
  XRP: coin('XRP', '1.482', '60900000000', '100000000000', '2100000000', 4, '3.6', '70.3', '1.9'),
  USDC: coin('USDC', '0.99991', '75300000000', null, '12000000000', 5, '3', '61', '0.02'),
  SOL: coin('Solana', '96.4', '569000000', null, '41000000', 6, '2.2', '72.8', '2.1'),
  DOGE: coin('Dogecoin', '0.1043', '168900000000', null, '13000000000', 7, '0.7', '69.4', '2.4'),
  TRX: coin('TRON', '0.2871', '94700000000', null, '2400000000', 8, '1.1', '66.2', '0.9'),
  ADA: coin('Cardano', '0.2914', '36000000000', '45000000000', '2000000000', 9, '0.4', '70.9', '2.2'),
  BCH: coin('Bitcoin Cash', '468.2', '20000000', '21000000', '710000', 10, '0.4', '63.7', '1.5'),
  XMR: coin('Monero', '358.9', '18440000', null, '290000', 11, '0.3', '78.1', '1.4'),
  LTC: coin('Litecoin', '91.17', '76900000', '84000000', '5200000', 12, '0.3', '65.8', '1.5'),
  DAI: coin('Dai', '0.99987', '5360000000', null, '120000000', 13, '0.2', '59.6', '0.02'),
}

/** US dollars for one unit. */
export const SAMPLE_RATES: Record<string, string> = {
  ...{ USD: '1', EUR: '1.16', GBP: '1.3182', CHF: '1.2474', SEK: '0.10592', NOK: '0.10548', DKK: '0.15535' },
  ...{ PLN: '0.27292', CZK: '0.04784', HUF: '0.003274', RON: '0.22785', BGN: '0.5931', TRY: '0.023864' },
  ...{ UAH: '0.02227', CAD: '0.7157', AUD: '0.7038', NZD: '0.5827', JPY: '0.006251', CNY: '0.14757' },
  ...{ HKD: '0.12759', SGD: '0.77827', INR: '0.010491', PKR: '0.003595', IDR: '0.00005573' },
  ...{ PHP: '0.016337', THB: '0.030478', VND: '0.00003798', KRW: '0.0006581', BRL: '0.1949' },
  ...{ ARS: '0.0006981', MXN: '0.05785', COP: '0.00028538', CLP: '0.0011042', PEN: '0.2941' },
  ...{ VES: '0.0017694', NGN: '0.00068487', KES: '0.0077241', GHS: '0.08316', ZAR: '0.06123' },
  ...{ EGP: '0.019298', AED: '0.27229', ILS: '0.33743' },
}

/** The waves a price goes in: how long one takes, in seconds, and its part of the swing. */
const WAVES = [
  { seconds: 420, part: '0.08' },
  { seconds: 5_340, part: '0.22' },
  { seconds: 86_400, part: '0.7' },
]
const TURN = Exact.acos(-1).mul(2).toDecimalPlaces(30)

/** A price of the sample, "BTC/EUR" for one, where nothing moves: the demo's offers lie around these. */
export function samplePrice(pair: string): string {
  const [base = '', quote = ''] = pair.split('/')
  const dollars = SAMPLE_COINS[base]?.dollars ?? SAMPLE_RATES[base]
  const rate = SAMPLE_RATES[quote]
  if (dollars === undefined || rate === undefined) throw new Error(`the sample market has no ${pair}`)
  return new Exact(dollars).div(rate).toSignificantDigits(10).toFixed()
}

/** What a coin of the sample is worth in US dollars at a moment: the same whoever asks, and whenever. */
export function sampleDollars(currency: string, at: Date): string {
  const { dollars, swing, rank } = SAMPLE_COINS[currency]!
  const seconds = Math.floor(at.getTime() / 1000)
  const wave = WAVES.reduce((sum, { seconds: length, part }, i) => {
    // Each coin is somewhere else in its waves.
    const phase = new Exact((seconds + rank * 977 * (i + 1)) % length).div(length)
    return sum.add(Small.sin(phase.mul(TURN)).mul(part))
  }, new Exact(0))
  return new Exact(1).add(wave.mul(swing).div(100)).mul(dollars).toSignificantDigits(10).toFixed()
}

/** A sine needs no hundred digits. */
const Small = Decimal.clone({ precision: 20 })

function coin(
  name: string,
  dollars: string,
  supply: string,
  most: string | null,
  volume: string,
  rank: number,
  dominance: string,
  sentiment: string,
  swing: string,
): SampleCoin {
  return { name, dollars, supply, most, volume, rank, dominance, sentiment, swing }
}
