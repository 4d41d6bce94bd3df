export { Dispatcher } from './dispatcher.ts'
export { Live, type LiveOptions } from './live/index.ts'
export { Mailer } from './mailer.ts'
export {
  type Lookup,
  Outside,
  type OutsideOptions,
  SendFailure,
  TargetRefused,
} from './outside/index.ts'
export { Pushes } from './push/messages.ts'
export { type NotificationOptions, notificationRoutes } from './routes.ts'
export { type DeliveryCounts, Webhooks } from './webhooks/deliveries.ts'
