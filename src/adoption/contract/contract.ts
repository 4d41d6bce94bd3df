import {
  dropCodeHere,
  MigrationError,
  type RunResult,
  type Session,
  withSession,
} from '../../platform/migrator/index.ts'
import { type BriefOptions, briefly } from '../briefly.ts'
import { noteDeed, tellDeeds } from '../deeds.ts'
import { type OldTable, oldTables, requireOwnership } from '../old-tables.ts'
import { drain } from '../run/drain.ts'
import { onlyOne } from '../run/only-one.ts'
import { refuseWhileServing } from '../run/serving.ts'
import { Carrier } from '../run/session.ts'
import { Throttle } from '../run/throttle.ts'
import { readState } from '../state.ts'
import { removeTriggers } from '../triggers.ts'
import { type Dependents, readDependents } from './dependents.ts'
import { move, pointForeignKeys } from './move.ts'
import { type Allowances, obstacles } from './obstacles.ts'

export type ContractOptions = Allowances & {
  ownerUrl: string
  /** Applies Fairlock's code to the tables where they are then. */
  bringUp: () => Promise<RunResult>
  /** Asked when nothing stands in the way: after this the way back is a restore. */
  confirm: (what: ContractPlan) => Promise<boolean>
  dryRun?: boolean | undefined
  /** Why, for the audit log. */
  reason?: string | undefined
  wait?: boolean | undefined
  onMessage?: ((message: string) => void) | undefined
}

/** What the contract does, told before it is done. */
export type ContractPlan = { moves: string[]; notes: string[]; dependents: Dependents }

export type ContractResult = {
  done: boolean
  plan: ContractPlan
  schema: RunResult | null
  /** Foreign keys of other tables that not all rows hold. */
  broken: string[]
}

/**
 * Ends a take-over: the old tables go to `fairlock_old`, Fairlock's own take their places in `public`. Refuses, with
 * every reason at once, as long as anything speaks against it. A run that was killed is ended by the next one.
 */
export async function contract(options: ContractOptions): Promise<ContractResult> {
  const onMessage = options.onMessage ?? (() => undefined)
  const waiting = { wait: options.wait ?? true, onWait: onMessage }
  return await onlyOne(options.ownerUrl, waiting, () =>
    withSession(options.ownerUrl, async (session) => {
      const state = await readState(session)
      if (state === null) throw new MigrationError('Nothing was adopted here.')
      let plan: ContractPlan = {
        moves: [],
        notes: ['The tables were moved before; what is left is finished.'],
        dependents: { foreignKeys: [], views: [] },
      }
      if (state.phase !== 'contracted') {
        const tables = await oldTables(session)
        await requireOwnership(session, tables)
        if (state.phase === 'beside' && options.dryRun !== true) await catchUp(options.ownerUrl)
        plan = await planned(session, tables, options)
        if (options.dryRun === true || !(await options.confirm(plan)))
          return { done: false, plan, schema: null, broken: [] }
        if (options.force !== true) await refuseWhileServing(session)
        await moveTables(session, tables, plan.dependents, { ...options, onMessage })
      } else if (options.dryRun === true) return { done: false, plan, schema: null, broken: [] }
      const broken = await pointForeignKeys(session)
      const schema = await options.bringUp()
      await tellDeeds(session)
      return { done: true, plan, schema, broken }
    }),
  )
}

/** What the old application wrote last is carried before the marks are counted. */
async function catchUp(ownerUrl: string): Promise<void> {
  const carrier = new Carrier(ownerUrl)
  const throttle = new Throttle({ baselineMs: 0 })
  try {
    await drain({ carrier, throttle, probe: null, signal: new AbortController().signal })
  } finally {
    await carrier.end()
  }
}

async function planned(
  session: Session,
  tables: OldTable[],
  options: ContractOptions,
): Promise<ContractPlan> {
  const dependents = await readDependents(session, tables)
  const found = await obstacles(session, tables, dependents, options)
  if (found.length > 0) {
    throw new MigrationError(
      `The contract is refused; nothing was done:\n${found.map((one) => `  - ${one}`).join('\n')}`,
    )
  }
  const moves = tables.map(({ relation }) => `${relation} becomes fairlock_old.${relation.split('.')[1]}`)
  moves.push('the tables in fairlock_next take their places in public')
  for (const { name, relation, target } of dependents.foreignKeys)
    moves.push(`foreign key ${name} of ${relation} refers to the new public.${target}`)
  for (const { relation } of dependents.views)
    moves.push(`view ${relation} is made again over the new tables`)
  const notes = dependents.views.map(
    ({ relation, owner }) =>
      `Row-level security guards the new tables: ${relation} shows what its owner ${owner} may see in them, which is ` +
      'nothing unless that role bypasses it.',
  )
  return { moves, notes, dependents }
}

/** One transaction: before it everything is as it was, after it everything is in its new place. */
async function moveTables(
  session: Session,
  tables: OldTable[],
  dependents: Dependents,
  options: BriefOptions & ContractOptions,
): Promise<void> {
  await removeTriggers(session, tables, options)
  const relations = tables.map(({ relation }) => relation)
  await briefly(
    session,
    relations,
    async () => {
      await session.query(`lock table ${relations.join(', ')} in access exclusive mode`)
      const { rows } = await session.query<{ late: boolean; quarantined: number }>(
        `select exists (select from fairlock_adoption.marks where written) or phase <> 'beside' as late,
           (select count(*)::float8 from fairlock_adoption.quarantine) as quarantined
         from fairlock_adoption.state`,
      )
      if (rows[0]!.late) {
        throw new MigrationError(
          'The old application wrote again at the last moment. Nothing was moved: run `fairlock db up`, then ' +
            '`fairlock db verify`, and try again when it is silent.',
        )
      }
      await dropCodeHere(session)
      await noteDeed(session, {
        action: 'contracted',
        reason: options.reason,
        details: {
          quarantined: rows[0]!.quarantined,
          accepted: options.acceptQuarantine,
          forced: options.force === true,
        },
      })
      await move(session, tables, dependents)
    },
    options,
  )
}
