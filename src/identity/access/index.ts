export { countBreakGlass } from './counts.ts'
export { look } from './look.ts'
export { accessRoutes } from './routes.ts'
