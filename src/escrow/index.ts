export { type Settlement, splitSettlement, type Terms } from './settlement.ts'
