export { expireTrades } from './jobs.ts'
export { tradeRoutes } from './routes.ts'
export { actionsOf, LIVE_STATUSES, TRADE_STATUSES, TRANSITIONS } from './states.ts'
