export { Mailer } from './mailer.ts'
export {
  type Lookup,
  Outside,
  type OutsideOptions,
  SendFailure,
  TargetRefused,
} from './outside/index.ts'
export { notificationRoutes } from './routes.ts'
