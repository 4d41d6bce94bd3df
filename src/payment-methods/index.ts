export * from './catalogue/index.ts'
export * from './details/index.ts'
export { paymentMethodRoutes } from './routes.ts'
