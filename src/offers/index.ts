export { closeExpiredOffers } from './jobs.ts'
export { searchOffers } from './queries.ts'
export { offerRoutes } from './routes.ts'
export { Side } from './schemas.ts'
