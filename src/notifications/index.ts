export { Mailer } from './mailer.ts'
export { notificationRoutes } from './routes.ts'
