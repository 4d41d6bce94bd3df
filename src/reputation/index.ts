export { recountPeople } from './recount.ts'
export { reputationRoutes } from './routes.ts'
