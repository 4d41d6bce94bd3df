export { appliedCode, type CodeFile, dropCode, dropCodeHere, readCode } from './code.ts'
export {
  MigrationError,
  openSession,
  retried,
  type Session,
  sqlState,
  transaction,
  withSession,
} from './connection.ts'
export { ensureJournal } from './journal.ts'
export type { Restored } from './kept.ts'
export { type PlannedStatement, type PlannedStep, plan } from './plan.ts'
export { ensureRoles } from './roles.ts'
export {
  down,
  migrateToLatest,
  type RunOptions,
  type RunResult,
  type Target,
  type UpOptions,
  up,
} from './run.ts'
export { alone, type Holder } from './runner-lock.ts'
export { lineDifference, type Problem, type Status, status, verify } from './status.ts'
export type { StepProgress } from './step.ts'
