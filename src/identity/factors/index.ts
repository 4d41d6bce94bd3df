export { Factors } from './factors.ts'
export { passkeyRoutes } from './passkey-routes.ts'
export { factorRoutes } from './routes.ts'
export { Code, Totp } from './schemas.ts'
