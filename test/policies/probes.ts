import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import pg from 'pg'
import { type Market, startMarket } from '../support/market.ts'
import { EXPECTED, LOOKS } from './expectations.ts'
import { FUNCTIONS, TELLS } from './functions.ts'
import { ACTORS, type Actor, seed } from './seed.ts'

// Somebody asks, as fairlock_app, for what is somebody else's: a column of a table by a value that only other people's
// rows have, or a function with other people's ids. Every probe must come back with nothing.

type Row = Record<string, string | null>
type Prober = { name: string; role: string; id: string; grant: string; looksAt: Record<string, Set<string>> }
type Target = { table: string; columns: Map<string, string>; filters: [column: string, values: string[]][] }
type Callable = { name: string; types: string[] }

export type ProbeCounts = { probes: number; rows: number; denied: number; calls: number; found: string[] }

/** A seeded market and everything in it that is not the prober's; made once, probed as often as one likes. */
export class Probes {
  readonly #market: Market
  readonly #superuser: pg.Client
  readonly #app: pg.Client
  #probers: { prober: Prober; targets: Target[]; known: Set<string>; foreign: string[] }[] = []
  #functions: Callable[] = []
  #random: () => number = Math.random

  private constructor(market: Market, superuser: pg.Client, app: pg.Client) {
    this.#market = market
    this.#superuser = superuser
    this.#app = app
  }

  static async open(): Promise<Probes> {
    const market = await startMarket()
    const ids = await seed(market)
    const [superuser, app] = [market.database.superuserUrl, market.database.appUrl].map(
      (url) => new pg.Client(url),
    )
    if (!superuser || !app) throw new Error('no connection')
    await Promise.all([superuser.connect(), app.connect()])
    const probes = new Probes(market, superuser, app)
    try {
      await probes.#prepare(ids)
    } catch (error) {
      await probes.close()
      throw error
    }
    return probes
  }

  async close(): Promise<void> {
    await this.#app.end()
    await this.#superuser.end()
    await this.#market.stop()
  }

  /** Makes a hole, for the test of the probes themselves. */
  async plant(hole: string): Promise<void> {
    await this.#superuser.query(hole)
  }

  /** Probes so often, in an order that the seed repeats. Every fifth probe is of a function. */
  async run(count: number, seed: number): Promise<ProbeCounts> {
    this.#random = generator(seed)
    const counts: ProbeCounts = { probes: 0, rows: 0, denied: 0, calls: 0, found: [] }
    const each = Math.ceil(count / this.#probers.length)
    for (const one of this.#probers) {
      await this.#app.query(
        `select set_config('fairlock.user_id', $1, false), set_config('fairlock.grant_id', $2, false)`,
        [one.prober.id, one.prober.grant],
      )
      for (let i = 0; i < each && counts.probes < count; i++) {
        counts.probes++
        if (i % 5 === 4) await this.#probeFunction(one, counts)
        else await this.#probeTable(one, counts)
      }
    }
    return counts
  }

  async #probeTable({ prober, targets }: { prober: Prober; targets: Target[] }, counts: ProbeCounts) {
    const { table, columns, filters } = this.#pick(targets)
    const [filter, values] = this.#pick(filters)
    const column = this.#pick([...columns.keys(), '*', 'count'])
    const selected = column === 'count' ? 'count(*)::int as rows' : column
    const sql = `select ${selected} from ${table} where ${filter} = $1::${columns.get(filter)}`
    const outcome = await this.#ask({ text: sql, values: [this.#pick(values)] })
    if (outcome === 'denied') counts.denied++
    else {
      const rows = column === 'count' ? outcome[0]?.rows : outcome.length
      counts.rows += Number(rows)
      if (rows !== 0) counts.found.push(`${prober.name}: ${sql}`)
    }
  }

  async #probeFunction(
    { prober, known, foreign }: { prober: Prober; known: Set<string>; foreign: string[] },
    counts: ProbeCounts,
  ) {
    const { name, types } = this.#pick(this.#functions)
    const given = types.map((type) => this.#argument(type, foreign))
    const text = `select ${name}(${types.map((type, i) => `$${i + 1}::${type}`).join(', ')})::text as answer`
    await this.#app.query('begin')
    const outcome = await this.#ask({ text, values: given })
    await this.#app.query('rollback')
    counts.calls++
    if (outcome === 'denied') return counts.denied++
    const supplied = JSON.stringify(given)
    const answer = outcome.map((row) => String(row.answer)).join(' ')
    // Whatever it says of other people, beside the words it was asked with.
    const told = secretsIn(answer).filter((word) => !known.has(word) && !supplied.includes(word))
    const mayTell = TELLS[name]?.includes(prober.role) ?? false
    const leaked = mayTell ? [] : told.filter((word) => foreign.includes(word))
    counts.rows += leaked.length
    if (leaked.length > 0) counts.found.push(`${prober.name}: ${name}(${supplied}) told ${leaked.join(', ')}`)
    return 0
  }

  #argument(type: string, foreign: string[]): unknown {
    const one = this.#pick(foreign)
    const uuid = this.#pick(foreign.filter((word) => isId(word)))
    switch (type) {
      case 'uuid':
        return uuid
      case 'bytea':
        return createHash('sha256').update(one).digest()
      case 'integer':
      case 'bigint':
        return 1
      case 'boolean':
        return this.#random() < 0.5
      case 'date':
        return new Date(Date.now() + (this.#random() < 0.5 ? 1 : -1) * 86_400_000).toISOString().slice(0, 10)
      case 'timestamp with time zone':
        return new Date(Date.now() + (this.#random() < 0.5 ? 1 : -1) * 86_400_000).toISOString()
      case 'inet':
        return '192.0.2.1'
      case 'jsonb':
        return JSON.stringify({
          userId: uuid,
          actorId: uuid,
          subjectId: uuid,
          tradeId: uuid,
          grantId: uuid,
          q: one,
        })
      case 'text':
        return this.#pick([one, uuid, ...Object.keys(LOOKS), 'step_up', 'sign_in', 'BTC', 'admin'])
      default:
        throw new Error(`say in probes.ts what an argument of the type ${type} is probed with`)
    }
  }

  /** The rows, or that the privilege is not there; a function may also refuse by raising. */
  async #ask(query: pg.QueryConfig): Promise<Record<string, unknown>[] | 'denied'> {
    try {
      return (await this.#app.query(query)).rows
    } catch (error) {
      // FL…: the program's own refusals. 22…: a text that is no value of what it is compared with.
      if (error instanceof pg.DatabaseError && /^(?:42501|FL|22|23)/.test(error.code ?? '')) return 'denied'
      throw error
    }
  }

  #pick<T>(list: readonly T[]): T {
    const one = list[Math.floor(this.#random() * list.length)]
    assert.ok(one !== undefined, 'nothing to choose from')
    return one
  }

  async #prepare(ids: Record<Actor, string>): Promise<void> {
    const tables = await this.#readTables()
    for (const prober of await this.#proberList(ids)) {
      const known = new Set<string>()
      const targets: Target[] = []
      const strangers = new Set<string>()
      for (const { name, columns, rows } of tables) {
        const own = rows.filter((row) => isTheirs(prober, name, row, rows.length))
        const others = rows.filter((row) => !own.includes(row))
        for (const word of own.flatMap((row) => secretsIn(JSON.stringify(row)))) known.add(word)
        for (const word of others.flatMap((row) => secretsIn(JSON.stringify(row)))) strangers.add(word)
        const filters = filtersOf([...columns.keys()], own, others)
        if (filters.length > 0) targets.push({ table: name, columns, filters })
      }
      const foreign = [...strangers].filter((word) => !known.has(word))
      this.#probers.push({ prober, targets, known, foreign })
    }
    const probed = Object.keys(FUNCTIONS).filter((name) =>
      ['person', 'secret'].includes(FUNCTIONS[name] ?? ''),
    )
    const { rows } = await this.#superuser.query<Callable>(
      `select p.oid::regproc::text as name, array(select format_type(t, null) from unnest(proargtypes) t) as types
       from pg_proc p where p.oid::regproc::text = any ($1) and p.oid::regproc::text <> 'fairlock.command'`,
      [probed],
    )
    this.#functions = rows
  }

  /** Everybody, and beside them staff who are in the middle of a look. */
  async #proberList(ids: Record<Actor, string>): Promise<Prober[]> {
    const people = ACTORS.map((actor) => ({
      name: actor,
      role: actor,
      id: ids[actor],
      grant: '',
      looksAt: {},
    }))
    const { rows } = await this.#superuser.query<{ id: string; staff: string; scope: string; about: string }>(
      `select id, staff_id as staff, scope, coalesce(person_id, trade_id) as about from fairlock.access_grants
       where status = 'granted'`,
    )
    const looking = rows.map(({ id, staff, scope, about }) => ({
      name: `staff with a look of the scope ${scope}`,
      role: ACTORS.find((actor) => ids[actor] === staff) ?? '',
      id: staff,
      grant: id,
      looksAt: Object.fromEntries(Object.keys(LOOKS[scope] ?? {}).map((table) => [table, new Set([about])])),
    }))
    return [...people, ...looking]
  }

  async #readTables() {
    const { rows } = await this.#superuser.query<{ name: string; columns: [string, string][] }>(
      `select format('%I.%I', nspname, relname) as name,
         (select array_agg(array[quote_ident(attname), format_type(atttypid, null)] order by attnum)
          from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
            and atttypid <> 'jsonb'::regtype) as columns
       from pg_class c join pg_namespace n on n.oid = relnamespace
       where nspname in ('public', 'fairlock', 'ledger', 'audit') and relkind in ('r', 'p', 'v')
         and not relispartition order by 1`,
    )
    const tables: { name: string; columns: Map<string, string>; rows: Row[] }[] = []
    for (const { name, columns } of rows) {
      const texts = columns.map(([column]) => `${column}::text`).join(', ')
      const read = await this.#superuser.query<Row>(`select ${texts} from ${name}`)
      tables.push({ name, columns: new Map(columns), rows: read.rows })
    }
    return tables
  }
}

/** Whether the prober may see the row: it names them, everybody may, their role may, or they are looking at it. */
function isTheirs(prober: Prober, table: string, row: Row, all: number): boolean {
  const { reads = 0 } = EXPECTED[table] ?? {}
  const actor = ACTORS.find((one) => prober.name === one)
  const seen = Array.isArray(reads) && actor !== undefined ? reads[ACTORS.indexOf(actor)] : reads
  if (seen === 'all' || seen === all) return true
  const values = Object.values(row)
  // Whoever is on duty sees the hours of duty, and everybody what is on the market.
  if (table === 'fairlock.duty_hours' && prober.grant !== '') return true
  if (table === 'fairlock.offers' && row.listed === 'true') return true
  if (table === 'fairlock.announcements' && row.withdrawn_at === null) {
    const isStaff = /support|compliance|arbitrator|staff/.test(prober.name)
    return isStaff || row.audience === 'everyone'
  }
  if (prober.id !== '' && values.includes(prober.id)) return true
  const looked = prober.looksAt[table]
  return looked !== undefined && values.some((value) => value !== null && looked.has(value))
}

/** The columns by which other people's rows can be asked for: with values that no row of the prober's own has. */
function filtersOf(columns: string[], own: Row[], others: Row[]): Target['filters'] {
  return columns.flatMap((column) => {
    const plain = column.replaceAll('"', '')
    const theirs = new Set(own.map((row) => row[plain]))
    const values = others.map((row) => row[plain] ?? null).filter((value) => value !== null)
    const foreign = values.filter((value) => !theirs.has(value))
    return foreign.length === 0 ? [] : [[column, foreign]]
  })
}

const isId = (word: string) => /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(word)

/** Words of a text that belong to somebody: ids, addresses, sealed values, password hashes. */
function secretsIn(text: string): string[] {
  return (
    text.match(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[\w.]+@[\w.]+|RkwB[\w-]{20,}|\$argon2[^\s"]+/g) ??
    []
  )
}

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
