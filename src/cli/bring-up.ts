import { keepInstalled } from '../adoption/index.ts'
import { openAuditMonths } from '../audit/index.ts'
import { migrateJobs } from '../jobs/index.ts'
import { asEngine, type Config, marketUrls, RULES } from '../platform/index.ts'
import { type RunResult, type UpOptions, up } from '../platform/migrator/index.ts'
import { recountPeople } from '../reputation/index.ts'

/**
 * Brings the whole schema to the newest: migrations, the tables of the background work, and the code; and makes the
 * log's partitions of the coming months.
 */
export async function bringUp(options: UpOptions): Promise<RunResult> {
  const result = await up({ ...options, extra: [migrateJobs] })
  if (options.to === undefined && options.dryRun !== true) await openAuditMonths(options.ownerUrl)
  // Applying the code takes back what the carrying of old rows needs.
  if (result.codeApplied) await keepInstalled(options.ownerUrl)
  // The code that counts is in force now; what was before it is counted once.
  if (result.codeApplied && result.migrations.includes('0031-reputation'))
    await recountPeople((await marketUrls({ ownerUrl: options.ownerUrl, appUrl: options.ownerUrl })).ownerUrl)
  return result
}

/** Writes the rules that the operator chose to where they are read. */
export async function writeSettings(ownerUrl: string, config: Config): Promise<void> {
  const rules = Object.values(RULES)
  const written = rules.map(({ column, kind }, i) =>
    kind === 'percent' ? `${column} = $${i + 1}::numeric / 100` : `${column} = $${i + 1}`,
  )
  await asEngine(ownerUrl, (client) =>
    client.query(
      `update fairlock.settings set ${written.join(', ')}`,
      rules.map(({ column }) => config.rules[column]),
    ),
  )
}
