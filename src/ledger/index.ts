export { rollUp } from './jobs.ts'
export {
  type LedgerCheck,
  type LedgerFinding,
  type LedgerReport,
  type LedgerTotals,
  type VerifyOptions,
  verifyLedger,
} from './verify.ts'
