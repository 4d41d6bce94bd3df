import { adoptionPlan, readState } from '../../adoption/index.ts'
import { type PlannedStatement, plan, withSession } from '../../platform/migrator/index.ts'
import { print, printTable } from '../output.ts'

/** Whether an old database is being taken over here, and its contract has not ended that. */
export async function isTakenOver(ownerUrl: string): Promise<boolean> {
  const state = await withSession(ownerUrl, readState)
  return state !== null && state.phase !== 'contracted'
}

/** `fairlock db plan` where a database is being taken over. */
export async function planTakeOver(ownerUrl: string, json: boolean): Promise<void> {
  const beside = await plan({ ownerUrl })
  const steps = (await adoptionPlan(ownerUrl)) ?? []
  if (json) return print(JSON.stringify({ migrations: beside, steps }, null, 2))
  if (beside.length > 0)
    print(
      `expand: ${beside.length} migrations make Fairlock’s own tables in fairlock_next, beside the old ones`,
    )
  for (const { step, statements } of steps) {
    print(step)
    printTable(statements.map(asRow))
  }
}

function asRow({ lock, blocks, estimatedRows, sql }: PlannedStatement): string[] {
  return [`  ${lock}`, `blocks ${blocks}`, `~${estimatedRows} rows`, sql]
}
