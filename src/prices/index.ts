export { publishQuotes, type Quote, type SourcePrice } from './quotes.ts'
