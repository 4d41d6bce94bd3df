export { Live, type LiveOptions } from './live.ts'
export { liveRoutes } from './routes.ts'
