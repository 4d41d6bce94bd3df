export { type AppOptions, buildApp } from './app.ts'
export { RequestLimits } from './request-limits.ts'
