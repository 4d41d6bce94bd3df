export { type MarketFacts, type PriceFact, type Recorded, type Round, recordPrices } from './board.ts'
export { type PriceHistoryState, readPriceHistory, tendPriceHistory } from './history.ts'
export { publishQuotes, type Quote, type SourcePrice } from './quotes.ts'
export { priceRoutes } from './routes.ts'
