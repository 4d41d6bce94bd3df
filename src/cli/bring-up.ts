import { openAuditMonths } from '../audit/index.ts'
import { migrateJobs } from '../jobs/index.ts'
import { asEngine, type Config } from '../platform/index.ts'
import { type RunResult, type UpOptions, up } from '../platform/migrator/index.ts'

/**
 * Brings the whole schema to the newest: migrations, the tables of the background work, and the code; and makes the
 * log's partitions of the coming months.
 */
export async function bringUp(options: UpOptions): Promise<RunResult> {
  const result = await up({ ...options, extra: [migrateJobs] })
  if (options.to === undefined && options.dryRun !== true) await openAuditMonths(options.ownerUrl)
  return result
}

/** Writes the numbers the operator chose to where the rules read them. */
export async function writeSettings(ownerUrl: string, config: Config): Promise<void> {
  await asEngine(ownerUrl, (client) =>
    client.query(
      `update fairlock.settings set maker_fee_rate = $1::numeric / 100, taker_fee_rate = $2::numeric / 100,
         funding_window_minutes = $3, release_window_minutes = $4, open_offers_per_user = $5,
         live_trades_per_user = $6,
         withdrawal_pause_hours = $7, email_change_delay_hours = $8, session_idle_hours = $9,
         grant_hours = $10, break_glass_minutes = $11, break_glass_review_days = $12,
         step_up_minutes = $13, staff_need_factor = $14`,
      [
        config.makerFeePercent,
        config.takerFeePercent,
        config.fundingMinutes,
        config.releaseMinutes,
        config.openOffersPerUser,
        config.liveTradesPerUser,
        config.withdrawalPauseHours,
        config.emailChangeDelayHours,
        config.sessionIdleHours,
        config.grantHours,
        config.breakGlassMinutes,
        config.breakGlassReviewDays,
        config.stepUpMinutes,
        config.staffNeedFactor,
      ],
    ),
  )
}
