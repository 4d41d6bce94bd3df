export { rollUp } from './jobs.ts'
export { exportJournal } from './journal.ts'
export {
  type LedgerCheck,
  type LedgerFinding,
  type LedgerReport,
  type LedgerTotals,
  ledgerTotals,
  type VerifyOptions,
  verifyLedger,
} from './verify.ts'
