import type { JsonObject } from '../platform/index.ts'
import { type Quote, samplePrice } from '../prices/index.ts'

const FIATS = ['EUR', 'GBP', 'CHF', 'PLN', 'NGN', 'TRY']

/** What a unit of each currency of the demo is worth in US dollars, by which its trades count against limits. */
export function sampleRates(at = new Date()): Quote[] {
  const asOf = at.toISOString()
  return FIATS.map((currency) => {
    const price = samplePrice(`${currency}/USD`)
    const sources = ['sample one', 'sample two'].map((source) => ({ source, price, at: asOf, used: true }))
    return {
      pair: `${currency}/USD`,
      price,
      via: 'direct',
      sources,
      sourceCount: 2,
      spreadPercent: '0',
      asOf,
      rateAsOf: null,
      isSample: true,
    }
  })
}

export type DemoPerson = {
  name: string
  country?: string
  kyc?: 'basic' | 'full' | 'institution'
  role?: 'arbitrator' | 'support' | 'compliance' | 'admin'
  /** Said at the start, with the address to sign in with. */
  about?: string
  /** False for a newcomer with empty wallets. */
  hasCoins?: boolean
}

/** The first administrator credits the others. */
export const PEOPLE: DemoPerson[] = [
  { name: 'olga', role: 'admin', about: 'administrator: credits wallets, sets KYC levels, bans' },
  { name: 'marta', country: 'DE', kyc: 'full', about: 'sells bitcoin; a buyer has paid and waits for her' },
  { name: 'dan', country: 'IE', kyc: 'full', about: 'buys bitcoin; a trade waits for his payment' },
  { name: 'ines', role: 'arbitrator', about: 'arbitrator: a dispute with evidence waits for her ruling' },
  { name: 'kwame', country: 'GH', kyc: 'full' },
  { name: 'yuki.t', country: 'DE', kyc: 'full' },
  { name: 'old harbour otc', country: 'GB', kyc: 'institution' },
  { name: 'pavel_s', country: 'CZ', kyc: 'full' },
  { name: 'adaeze', country: 'NG', kyc: 'full' },
  { name: 'elif', country: 'TR', kyc: 'full' },
  { name: 'bruno', country: 'PT', kyc: 'full' },
  { name: 'sofia l', country: 'SE', kyc: 'full' },
  { name: 'tomasz', country: 'PL', kyc: 'full' },
  { name: 'noor', country: 'NL', kyc: 'full' },
  { name: 'greta', country: 'CH', kyc: 'full' },
  { name: 'finn', country: 'FI', kyc: 'basic' },
  { name: 'rui', country: 'PT', hasCoins: false },
]

/** What every other trader is credited with; enough for the trades below, and for yours. */
export const CREDITS: Record<string, string> = {
  BTC: '6',
  ETH: '80',
  XMR: '400',
  LTC: '600',
  USDT: '150000',
}

export type DemoOffer = {
  maker: string
  side: string
  pair: string
  /** Percent above the sample price, below it with a minus. */
  margin: string
  /** Whether it follows the market, and at which price it stops to. */
  isFloating: boolean
  floorPrice?: string
  ceilingPrice?: string
  totalAmount: string
  minAmount: string
  maxAmount: string
  paymentMethodTypes: string[]
  conditions: JsonObject
  /** Whether anybody may take it, at any hour. */
  isForAll: boolean
}

const WEEK = [1, 2, 3, 4, 5]
const CONDITIONS: Record<string, JsonObject> = {
  'pay within 4 hours': { paymentWindowMinutes: 240 },
  'own name': { terms: 'The account you pay from must be in your own name.' },
  evenings: { terms: 'I pay within minutes in the evening.' },
  'full kyc': { requirements: { minKycLevel: 'full' } },
  'known traders': { requirements: { minKycLevel: 'basic', minCompletedTrades: 2 } },
  '3 trades': { requirements: { minCompletedTrades: 3 } },
  'small first trade': { requirements: { firstTradeLimit: '0.005' } },
  'ng and gh': { requirements: { countries: ['NG', 'GH'] } },
  'london hours': { workingHours: { timeZone: 'Europe/London', days: WEEK, from: '08:00', to: '18:00' } },
  'warsaw hours': {
    workingHours: { timeZone: 'Europe/Warsaw', days: [...WEEK, 6], from: '07:00', to: '22:00' },
  },
  'istanbul hours': {
    workingHours: { timeZone: 'Europe/Istanbul', days: [...WEEK, 6, 7], from: '09:00', to: '23:00' },
  },
}

/** The margin; with ~ before it on the market of the moment, and after it perhaps a floor (>) or a ceiling (<). */
const PRICING = /^(?<floats>~)?\+?(?<margin>-?[\d.]+)(?: >(?<floor>[\d.]+))?(?: <(?<ceiling>[\d.]+))?$/

/** maker | side | pair | pricing | total, least and most of one trade | payment methods | conditions */
export const OFFERS: DemoOffer[] = `
marta           | sell | BTC/EUR  | ~+1.2 >55000 | 1.4 0.001 0.4 | sepa sepa_instant revolut | own name
old harbour otc | sell | BTC/EUR  | +0.6 | 3 0.1 1 | sepa | pay within 4 hours, full kyc, london hours
yuki.t          | sell | BTC/EUR  | ~+1.9 | 0.8 0.0005 0.05 | sepa_instant wise |
bruno           | sell | BTC/EUR  | +2.4 | 0.5 0.0005 0.1 | mb_way sepa_instant |
sofia l         | sell | BTC/EUR  | ~+1.5 | 1 0.002 0.25 | sepa revolut | 3 trades
noor            | sell | BTC/EUR  | +3.1 | 0.2 0.0005 0.02 | tikkie cash_by_post |
greta           | buy  | BTC/EUR  | ~-0.8 <66000 | 1 0.005 0.3 | sepa sepa_instant |
kwame           | buy  | BTC/EUR  | -1.6 | 0.6 0.001 0.1 | wise revolut |
old harbour otc | buy  | BTC/EUR  | ~-0.4 | 2.5 0.1 1 | sepa | pay within 4 hours, full kyc
finn            | buy  | BTC/EUR  | -2.2 | 0.1 0.0005 0.02 | sepa_instant mobilepay |
dan             | buy  | BTC/EUR  | ~-1.1 | 0.3 0.001 0.1 | sepa_instant revolut | evenings
old harbour otc | sell | BTC/GBP  | +0.7 | 2 0.05 0.5 | faster_payments | london hours
yuki.t          | sell | BTC/GBP  | ~+1.8 | 0.4 0.001 0.1 | faster_payments revolut wise |
kwame           | sell | BTC/GBP  | +2.6 | 0.3 0.0005 0.05 | faster_payments |
dan             | buy  | BTC/GBP  | ~-1.3 | 0.25 0.001 0.05 | faster_payments wise |
sofia l         | buy  | BTC/GBP  | -0.9 | 0.7 0.005 0.2 | faster_payments |
marta           | sell | BTC/USD  | ~+1.6 | 0.6 0.002 0.2 | wise zelle |
adaeze          | sell | BTC/USD  | +2.9 | 0.3 0.0005 0.05 | wise paypal | small first trade
bruno           | buy  | BTC/USD  | ~-1.4 | 0.4 0.001 0.1 | wise |
greta           | buy  | BTC/USD  | -0.7 | 0.9 0.01 0.3 | wise zelle |
greta           | sell | BTC/CHF  | ~+1.1 | 1.2 0.001 0.3 | twint bank_transfer |
sofia l         | sell | BTC/CHF  | +2   | 0.4 0.002 0.1 | bank_transfer |
yuki.t          | buy  | BTC/CHF  | ~-1   | 0.5 0.002 0.2 | bank_transfer twint |
tomasz          | sell | BTC/PLN  | +1.7 | 0.5 0.0005 0.08 | blik bank_transfer | warsaw hours
pavel_s         | sell | BTC/PLN  | ~+2.3 | 0.3 0.001 0.05 | bank_transfer revolut |
noor            | buy  | BTC/PLN  | -1.8 | 0.2 0.001 0.05 | blik |
adaeze          | sell | BTC/NGN  | ~+3.4 | 0.4 0.0002 0.03 | bank_transfer opay | ng and gh
kwame           | buy  | BTC/NGN  | -2   | 0.2 0.0002 0.02 | bank_transfer opay |
marta           | sell | ETH/EUR  | ~+1.3 | 25 0.05 8 | sepa sepa_instant revolut | own name
bruno           | sell | ETH/EUR  | +2.1 | 8 0.02 2 | sepa_instant mb_way |
sofia l         | sell | ETH/EUR  | ~+1   | 30 0.5 10 | sepa | known traders
greta           | buy  | ETH/EUR  | -0.9 | 20 0.1 6 | sepa sepa_instant |
finn            | buy  | ETH/EUR  | ~-1.9 | 3 0.02 0.5 | mobilepay sepa_instant |
yuki.t          | sell | ETH/USD  | +1.4 | 12 0.1 4 | wise |
adaeze          | buy  | ETH/USD  | ~-1.5 | 6 0.05 2 | wise paypal |
pavel_s         | sell | XMR/EUR  | +2.8 | 90 0.2 20 | sepa cash_by_post |
noor            | sell | XMR/EUR  | ~+3.5 | 40 0.1 5 | sepa_instant |
finn            | buy  | XMR/EUR  | -1.2 | 60 0.2 15 | sepa_instant |
pavel_s         | sell | LTC/EUR  | ~+2.2 | 120 0.5 40 | sepa revolut |
tomasz          | buy  | LTC/EUR  | -2.1 | 80 1 25 | sepa revolut |
elif            | sell | USDT/EUR | ~+0.8 >0.85 | 20000 50 5000 | sepa sepa_instant wise |
bruno           | buy  | USDT/EUR | ~-0.6 | 12000 50 3000 | sepa_instant |
elif            | sell | USDT/TRY | ~+0.9 | 30000 25 4000 | havale papara | istanbul hours
kwame           | buy  | USDT/TRY | ~-1.1 | 6000 50 1000 | papara |
adaeze          | sell | USDT/NGN | ~+1.6 | 15000 10 2500 | bank_transfer opay palmpay |
kwame           | buy  | USDT/NGN | ~-0.7 | 9000 20 1500 | bank_transfer opay |
`
  .trim()
  .split('\n')
  .map(readOffer)

function readOffer(line: string): DemoOffer {
  const [maker, side, pair, pricing, amounts, methods, named] = line
    .split('|')
    .map((cell) => cell.trim()) as Cells
  const [totalAmount, minAmount, maxAmount] = amounts.split(' ') as [string, string, string]
  const { margin, floor, ceiling, floats } = PRICING.exec(pricing)!.groups!
  const names = named === '' ? [] : named.split(', ')
  const conditions = Object.assign({}, ...names.map((name) => CONDITIONS[name]))
  const isForAll = !('requirements' in conditions || 'workingHours' in conditions)
  const paymentMethodTypes = methods.split(' ')
  return {
    maker,
    side,
    pair,
    margin: margin!,
    isFloating: floats !== undefined,
    ...(floor && { floorPrice: floor }),
    ...(ceiling && { ceilingPrice: ceiling }),
    totalAmount,
    minAmount,
    maxAmount,
    paymentMethodTypes,
    conditions,
    isForAll,
  }
}
type Cells = [string, string, string, string, string, string, string]
