import { pause } from '../../platform/index.ts'
import {
  MigrationError,
  type RunResult,
  type Session,
  transaction,
  withSession,
} from '../../platform/migrator/index.ts'
import { noteDeed, tellDeeds } from '../deeds.ts'
import { expand } from '../expand.ts'
import { install } from '../install.ts'
import type { WalletGroup } from '../mapping.ts'
import { type OldTable, oldTables, requireOwnership } from '../old-tables.ts'
import type { SealWalk } from '../secrets/seal.ts'
import { enter, type Phase, readState, type State } from '../state.ts'
import { installTriggers } from '../triggers.ts'
import { backfill, beginWalk, Ended, type TableProgress } from './backfill.ts'
import { type Drained, drain } from './drain.ts'
import { onlyOne } from './only-one.ts'
import { type Pace, rest } from './pace.ts'
import { Probe } from './probe.ts'
import { markQuarantined } from './quarantine.ts'
import type { Recounted } from './recount.ts'
import { Carrier, type Troubles } from './session.ts'
import { Throttle } from './throttle.ts'
import { type Count, countAll } from './validate.ts'

/** What a run tells while it is at work. */
export type AdoptionEvent =
  | { kind: 'phase'; phase: Phase }
  | { kind: 'message'; text: string }
  | ({ kind: 'table'; pace: PaceNow } & TableProgress)
  | ({ kind: 'drained'; pace: PaceNow } & Drained)
  | { kind: 'searched'; pace: PaceNow; rows: number; of: number }
  | ({ kind: 'recounted'; pace: PaceNow } & Recounted)
export type PaceNow = { p99Ms: number | null; baselineMs: number; pauseMs: number; rows: number }

export type AdoptionUpOptions = {
  ownerUrl: string
  /** Brings Fairlock's own schema to the newest, beside the old tables. */
  bringUp: () => Promise<RunResult>
  /** Asked when nobody confirmed which wallets are in custody and some cannot be told for certain. */
  confirmCustody: (groups: string[]) => Promise<boolean>
  /** Seals what the old tables hold in clear, before the take-over counts as done; says what it did. */
  seal?: ((walk: SealWalk) => Promise<string>) | undefined
  wait?: boolean | undefined
  /** False: the old tables get no columns, for applications that keep prepared statements of `select *`. */
  expand?: boolean | undefined
  /** Rows a second. */
  maxRate?: number | undefined
  /** Milliseconds of the probe's p99 above which it gives way; otherwise what follows from the p99 before it began. */
  maxP99?: number | undefined
  /** Goes on working off what the old application writes until the signal comes. */
  follow?: boolean | undefined
  /** How long to listen to the old database before anything starts; 0: its answers do not set the pace. */
  listenMs?: number | undefined
  signal?: AbortSignal | undefined
  onEvent?: ((event: AdoptionEvent) => void) | undefined
}

export type AdoptionResult = {
  phase: Phase
  schema: RunResult
  counts: Count[]
  marksLeft: number
  troubles: Troubles
}

/**
 * Takes a living database over: the new schema beside the old tables, marks of what the old application writes, every row
 * carried, what it wrote meanwhile carried again, and a count of everything. A run that ended early goes on where it was;
 * a run after the last one catches up.
 */
export async function adoptionUp(options: AdoptionUpOptions): Promise<AdoptionResult> {
  const run = new Run(options)
  const waiting = {
    wait: options.wait ?? true,
    onWait: (text: string) => run.tell({ kind: 'message', text }),
    signal: options.signal,
  }
  return await onlyOne(options.ownerUrl, waiting, () =>
    withSession(options.ownerUrl, (session) => run.go(session)),
  )
}

class Run {
  readonly #options: AdoptionUpOptions
  readonly #signal: AbortSignal
  #baselineMs = 0

  constructor(options: AdoptionUpOptions) {
    this.#options = options
    this.#signal = options.signal ?? new AbortController().signal
  }

  tell(event: AdoptionEvent): void {
    this.#options.onEvent?.(event)
  }

  async go(session: Session): Promise<AdoptionResult> {
    const state = await this.#startingState(session)
    const tables = await oldTables(session)
    await requireOwnership(session, tables)
    const listens = this.#options.listenMs !== 0
    const probe = listens ? await Probe.start(this.#options.ownerUrl, tables) : null
    const carrier = new Carrier(this.#options.ownerUrl)
    try {
      this.#baselineMs = (await probe?.baseline(this.#options.listenMs)) ?? 0
      const schema = await this.#expand(session, tables, state)
      const { maxRate, maxP99: maxP99Ms } = this.#options
      const throttle = new Throttle({ baselineMs: this.#baselineMs, maxP99Ms, maxRate })
      const pace: Pace = { carrier, throttle, probe, signal: this.#signal }
      await this.#carryAll(session, pace, tables)
      const counts = await this.#validate(session, pace)
      if (this.#options.follow === true) await this.#follow(pace)
      return { ...(await this.#summary(session)), schema, counts, troubles: carrier.troubles }
    } finally {
      await Promise.all([probe?.stop(), carrier.end()])
    }
  }

  /** The state, once somebody answers for what is about to become a liability of the platform. */
  async #startingState(session: Session): Promise<State> {
    const state = await readState(session)
    if (state === null) throw new MigrationError('Nothing was adopted here: run fairlock db adopt first.')
    if (state.phase === 'contracted') throw new MigrationError('This take-over has ended with its contract.')
    const groups = state.mapping.wallets.filter(isHeld).map(sayWhose)
    if (state.confirmedAt !== null || groups.length === 0) return state
    if (!(await this.#options.confirmCustody(groups))) {
      throw new MigrationError(
        `Nobody has confirmed which wallets are in the platform’s custody:\n  ${groups.join('\n  ')}\n` +
          'Write the mapping to a file with "fairlock db adopt --write-mapping FILE", correct "custody" and "certain" ' +
          'there and hand it in with "--mapping FILE --yes"; or pass --yes to take it as it stands. Nothing was done.',
      )
    }
    await transaction(session, async () => {
      await session.query(
        'update fairlock_adoption.state set confirmed_at = clock_timestamp(), confirmed_by = session_user',
      )
      await noteDeed(session, { action: 'confirmed', details: { groups } })
    })
    return state
  }

  async #expand(session: Session, tables: OldTable[], state: State): Promise<RunResult> {
    if (['adopted', 'parked'].includes(state.phase)) await this.#enter(session, 'expanding')
    const schema = await this.#options.bringUp()
    await install(session)
    const onMessage = (text: string) => this.tell({ kind: 'message', text })
    await installTriggers(session, tables, { onMessage })
    if (this.#options.expand !== false) await expand(session, { onMessage })
    return schema
  }

  async #carryAll(session: Session, pace: Pace, tables: OldTable[]): Promise<void> {
    const state = await readState(session)
    if (state?.phase === 'expanding') await this.#enter(session, 'carrying')
    pace.probe?.forget()
    await beginWalk(pace.carrier, tables)
    // What was refused before may have been mended, or the mapping knows it now.
    await markQuarantined(pace.carrier, {})
    await backfill(pace, (progress) => this.tell({ kind: 'table', ...progress, pace: this.#paceNow(pace) }))
    await this.#drain(pace)
  }

  async #validate(session: Session, pace: Pace): Promise<Count[]> {
    if (this.#signal.aborted) return []
    if ((await readState(session))?.phase === 'carrying') await this.#enter(session, 'validating')
    await this.#drain(pace)
    if ((await readState(session))?.phase === 'validating') {
      await this.#seal(session, pace)
      // Of ten million rows that took a quarter of an hour, in which the old application went on.
      await this.#drain(pace)
    }
    if (this.#signal.aborted) return []
    for (let attempt = 1; ; attempt++) {
      const { counts, missed } = await countAll(session)
      await this.#drain(pace)
      if (this.#signal.aborted) return counts
      if (missed === 0) {
        if ((await readState(session))?.phase === 'validating') await this.#enter(session, 'beside')
        return counts
      }
      if (attempt === 3) {
        throw new MigrationError(
          `${missed} old rows are neither carried nor in quarantine after three tries. That is a mistake of this ` +
            'program: nothing is lost, the old application goes on as before; please report it.',
        )
      }
    }
  }

  /** Looks through every old row for secrets in clear, no faster than the old application can bear. */
  async #seal(session: Session, pace: Pace): Promise<void> {
    if (this.#options.seal === undefined) return
    const found = await session.query<{ rows: number }>(
      `select coalesce(sum(rows_done), 0)::float8 as rows from fairlock_adoption.progress where table_name <> 'crypto_prices'`,
    )
    const of = found.rows[0]!.rows
    let done = 0
    const said = await this.#options.seal({
      signal: pace.signal,
      atOnce: () => pace.throttle.rows,
      onRows: async ({ rows, ms }) => {
        done += rows
        this.tell({ kind: 'searched', rows: done, of: Math.max(of, done), pace: this.#paceNow(pace) })
        await rest(pace, { rows, ms })
      },
    })
    // Of a search that was cut off the numbers would read as if that were all.
    if (!this.#signal.aborted) this.tell({ kind: 'message', text: said })
  }

  async #follow(pace: Pace): Promise<void> {
    while (!this.#signal.aborted) {
      await this.#drain(pace)
      await pause(1_000, this.#signal)
    }
  }

  async #drain(pace: Pace): Promise<void> {
    try {
      await drain(
        pace,
        (done) => this.tell({ kind: 'drained', ...done, pace: this.#paceNow(pace) }),
        (done) => this.tell({ kind: 'recounted', ...done, pace: this.#paceNow(pace) }),
      )
    } catch (error) {
      if (!(error instanceof Ended)) throw error
    }
  }

  async #summary(session: Session): Promise<Pick<AdoptionResult, 'phase' | 'marksLeft'>> {
    const { rows } = await session.query<{ phase: Phase; marks: string }>(
      'select phase, (select count(*) from fairlock_adoption.marks) as marks from fairlock_adoption.state',
    )
    return { phase: rows[0]!.phase, marksLeft: Number(rows[0]!.marks) }
  }

  #paceNow({ probe, throttle }: Pace): PaceNow {
    return {
      p99Ms: probe?.p99() ?? null,
      baselineMs: this.#baselineMs,
      pauseMs: throttle.pauseMs,
      rows: throttle.rows,
    }
  }

  async #enter(session: Session, phase: Phase): Promise<void> {
    await transaction(session, () => enter(session, phase))
    await tellDeeds(session)
    this.tell({ kind: 'phase', phase })
  }
}

/** Whether a group of wallets has coins that the platform owes, or may owe. */
function isHeld({ custody, certain, balance }: WalletGroup): boolean {
  return (custody || !certain) && Object.values(balance).some((sum) => /[1-9]/.test(sum))
}

function sayWhose({ provider, chain, connected, wallets, balance, certain }: WalletGroup): string {
  const sums = Object.entries(balance).map(([currency, sum]) => `${sum} ${currency || 'of no currency'}`)
  return (
    `${wallets} wallets of provider ${provider ?? 'none'}, chain ${chain ?? 'none'}, ` +
    `${connected ? 'connected' : 'not connected'}, holding ${sums.join(', ')}: ` +
    (certain
      ? 'in custody, a liability in the ledger'
      : 'unclear, quarantined until the mapping says whose they are')
  )
}
