export * from './catalogue/index.ts'
export { paymentMethodRoutes } from './routes.ts'
