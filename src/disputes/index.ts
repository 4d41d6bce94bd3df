export { countDisputes } from './counts.ts'
export { tendDisputes } from './jobs.ts'
export { DISPUTE_REASONS, type DisputeReason } from './reasons.ts'
export { disputeRoutes } from './routes.ts'
