import { setTimeout as sleep } from 'node:timers/promises'
import type { Caller, Database } from '../database.ts'
import { Problem } from '../problem.ts'
import { SEALED_COLUMNS, type SealedColumn } from './columns.ts'
import { type Place, Unsealable } from './sealed.ts'
import type { Sealer } from './sealer.ts'

const KEYS_AT_ONCE = 50
const VALUES_AT_ONCE = 100
/** What is changed by others while it is sealed anew is looked at again; more often than that nobody changes it. */
const PASSES = 10

const OVERTAKEN = new Set<string>(['person_erased', 'data_key_retired'])
const NOBODY: Caller = { sessionId: null, tokenHash: null, requestId: 'rewrap' }

type KeyToRenew = { id: string; owner: string | null; state: 'active' | 'decrypt_only' }
type Page = { requestedAt: string | null; maxRate: number | null; keys: KeyToRenew[] }
type Value = { row: string; sealed: string }

export type RewrapReport = {
  /** Data keys gone through, and values sealed anew. */
  keys: number
  values: number
  /** Values that their key does not open; they and their key stay as they are. */
  stuck: string[]
  /** Whether everything has been gone through. */
  done: boolean
}

export type RewrapOptions = {
  /** Only this person's keys that have been retired. */
  readonly owner?: string
  /** From the last key to the first: so the command and the background work meet in the middle. */
  readonly backwards?: boolean
  /** Values and keys a second; the rewrap's own limit if not given. */
  readonly maxRate?: number | null
  /** Stop after so long, and go on with the next call. */
  readonly forMs?: number
  readonly onProgress?: (report: RewrapReport) => void
  readonly columns?: readonly SealedColumn[]
}

/**
 * Replaces data keys by new ones and seals every value anew: each step is a transaction of its own that leaves
 * everything openable, so that it may be cut off anywhere, be done by several at once, and beside whoever seals and
 * opens. Throws `KeyringError`; what was done stays done.
 */
export class Rewrap {
  readonly #db: Database
  readonly #sealer: Sealer
  readonly #options: RewrapOptions
  #report: RewrapReport = { keys: 0, values: 0, stuck: [], done: false }
  #after: string | null = null
  #maxRate: number | null = null
  #steps = 0
  #began = 0

  constructor(db: Database, sealer: Sealer, options: RewrapOptions = {}) {
    this.#db = db
    this.#sealer = sealer
    this.#options = options
  }

  /** Goes through everything that is left, or for as long as it may: the next call goes on from there. */
  async run(): Promise<RewrapReport> {
    const { owner = null, backwards = false, forMs = Number.POSITIVE_INFINITY } = this.#options
    if (this.#report.done) this.#report = { keys: 0, values: 0, stuck: [], done: false }
    this.#steps = 0
    this.#began = performance.now()
    while (true) {
      const page: Page = await this.#db.call<Page>(
        NOBODY,
        'select fairlock.keys_to_renew($1, $2, $3, $4) as answer',
        [this.#after, backwards, KEYS_AT_ONCE, owner],
      )
      this.#maxRate = this.#options.maxRate ?? page.maxRate
      if (page.keys.length === 0) break
      for (const key of page.keys) {
        if (performance.now() - this.#began >= forMs) return this.#report
        await this.#renew(key)
        this.#after = key.id
      }
    }
    this.#after = null
    await this.#finish()
    return this.#report
  }

  async #finish(): Promise<void> {
    this.#report.done = true
    if (this.#options.owner === undefined)
      await this.#db.call(NOBODY, 'select fairlock.finish_rewrap() as answer', [])
  }

  async #renew({ id, owner, state }: KeyToRenew): Promise<void> {
    if (state === 'active') await this.#sealer.keys.replace(id, owner)
    for (let pass = 1; pass <= PASSES; pass++) {
      const stuck = await this.#resealAll(id, owner)
      const { left } = await this.#db.call<{ left: number }>(
        NOBODY,
        'select fairlock.destroy_data_key($1) as answer',
        [id],
      )
      if (left === 0) break
      // What cannot be opened stays, and so does its key: it may be wanted once the value has been put right.
      if (stuck.length === left || pass === PASSES) {
        this.#report.stuck.push(...stuck)
        break
      }
    }
    this.#report.keys++
    await this.#step()
  }

  async #resealAll(key: string, owner: string | null): Promise<string[]> {
    const stuck: string[] = []
    for (const column of this.#options.columns ?? SEALED_COLUMNS) {
      const most = column.atOnce ?? VALUES_AT_ONCE
      let after: string | null = null
      while (true) {
        const { values }: { values: Value[] } = await this.#db.call<{ values: Value[] }>(
          NOBODY,
          'select fairlock.values_sealed_with($1, $2, $3, $4, $5) as answer',
          [key, column.table, column.column, after, most],
        )
        for (const value of values) {
          if (!(await this.#reseal(column, owner, value)))
            stuck.push(`${column.table}.${column.column} of ${column.key} ${value.row}`)
        }
        after = values.at(-1)?.row ?? null
        if (values.length < most) break
      }
    }
    return stuck
  }

  /** False when the value cannot be opened. */
  async #reseal({ table, column }: SealedColumn, owner: string | null, value: Value): Promise<boolean> {
    const place = { table, column, row: value.row }
    const plaintext = await this.#opened(owner, place, value.sealed)
    if (plaintext === null) return false
    try {
      const { done } = await this.#sealer.store(owner, place, plaintext, (sealed) =>
        this.#db.call<{ done: boolean }>(
          NOBODY,
          'select fairlock.reseal_value($1, $2, $3, $4, $5) as answer',
          [table, column, value.row, value.sealed, sealed],
        ),
      )
      if (done) this.#report.values++
    } catch (error) {
      // Erased, or retired once more, between the two: the look before the key's end says what is left to do.
      const isOvertaken = error instanceof Problem && OVERTAKEN.has(error.code)
      if (!isOvertaken) throw error
    } finally {
      plaintext.fill(0)
    }
    await this.#step()
    return true
  }

  async #opened(owner: string | null, place: Place, sealed: string): Promise<Buffer | null> {
    try {
      return await this.#sealer.open(owner, place, sealed)
    } catch (error) {
      if (error instanceof Unsealable) return null
      throw error
    }
  }

  /** After each key and value: says how far it is, and waits where it goes faster than it may. */
  async #step(): Promise<void> {
    this.#steps++
    this.#options.onProgress?.(this.#report)
    if (this.#maxRate === null) return
    const ahead = (this.#steps / this.#maxRate) * 1000 - (performance.now() - this.#began)
    if (ahead > 0) await sleep(ahead)
  }
}
