export { closeExpiredOffers } from './jobs.ts'
export { offerRoutes } from './routes.ts'
export { Side } from './schemas.ts'
