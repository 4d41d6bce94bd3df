export * from './api.ts'
export { newClient } from './client.ts'
export { ConfigError, describeConfig, environment, loadConfig } from './config/config.ts'
export { RULES } from './config/rules.ts'
export { type Config, VARIABLES } from './config/variables.ts'
export {
  type Call,
  type Caller,
  COMMAND,
  Database,
  type Idempotency,
  type Json,
  type JsonObject,
  query,
} from './database.ts'
export { databaseWithoutTls } from './database-tls.ts'
export type { DB } from './database-types.ts'
export { ERRORS, type ErrorCode } from './errors.ts'
export { newId } from './ids.ts'
export { makeLog } from './log.ts'
export { inSchema, marketSchema, marketUrls, PUBLIC, withMarketSchema } from './market-schema.ts'
export { networkOf } from './networks.ts'
export { asEngine, engineSteps } from './owner.ts'
export { pause } from './pause.ts'
export { type FieldError, Problem, problemFromDatabase } from './problem.ts'
export { isSameSecret } from './secrets.ts'
export { databaseUnreachable } from './unreachable.ts'
