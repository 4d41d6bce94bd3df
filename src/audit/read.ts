import type pg from 'pg'
import type { BlockHeader, EventRow } from './encoding.ts'
import type { PublishedBlock } from './roots.ts'

/** A block as the database has it; what belongs to it in other tables may be missing. */
export type StoredBlock = BlockHeader & { hash: string } & Partial<
    Pick<PublishedBlock, 'keyId' | 'publicKey' | 'signature' | 'ids' | 'times' | 'leaves'>
  >

/** SQL that prints a time with all that PostgreSQL keeps of it, in UTC. */
export const ISO = (column: string) =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

// The tables themselves are read, and only with what PostgreSQL has built in: nobody's function stands in between.
const BLOCKS = `
  select b.number::text as block, b.from_tx::text as "fromTx", b.from_id::text as "fromId", b.to_tx::text as "toTx",
    b.to_id::text as "toId", b.events, ${ISO('b.first_at')} as "firstAt", ${ISO('b.last_at')} as "lastAt",
    encode(b.root, 'hex') as root, encode(b.previous, 'hex') as previous, ${ISO('b.sealed_at')} as "sealedAt",
    b.system_identifier::text as "systemIdentifier", b.note, encode(b.hash, 'hex') as hash, s.key_id as "keyId",
    encode(k.public_key, 'hex') as "publicKey", encode(s.signature, 'hex') as signature, l.ids::text[] as ids,
    (select array_agg(${ISO('t')} order by n) from unnest(l.times) with ordinality one (t, n)) as times,
    encode(l.hashes, 'hex') as leaves
  from audit.blocks b
  left join audit.signatures s on s.block = b.number
  left join audit.signing_keys k on k.id = s.key_id
  left join audit.leaves l on l.block = b.number
  order by b.number`

// Ordered by the columns themselves: without the table's name the texts of the list would be meant.
const EVENTS = `
  select tx::text, id::text, ${ISO('at')} as at, actor_id::text as actor, session_id::text as session,
    api_key_id::text as "apiKey", request_id as request, action, subject, subject_id::text as "subjectId", reason,
    details::text, changes::text
  from audit.events e order by e.tx, e.id`

/** The blocks in the order of their numbers, a few at a time in memory. */
export async function* readBlocks(client: pg.Client): AsyncGenerator<StoredBlock> {
  for await (const row of cursor<StoredBlock & { block: string }>(client, 'blocks', BLOCKS, 20)) {
    const known = Object.entries(row).filter(([, value]) => value !== null)
    yield { ...(Object.fromEntries(known) as StoredBlock), block: Number(row.block) }
  }
}

/** The rows of the log in the order in which they are sealed, a few at a time in memory. */
export function readEvents(client: pg.Client): AsyncGenerator<EventRow> {
  return cursor<EventRow>(client, 'events', EVENTS, 2000)
}

async function* cursor<Row extends pg.QueryResultRow>(
  client: pg.Client,
  name: string,
  sql: string,
  rows: number,
): AsyncGenerator<Row> {
  await client.query(`declare audit_${name} no scroll cursor for ${sql}`)
  for (;;) {
    const result = await client.query<Row>(`fetch ${rows} from audit_${name}`)
    yield* result.rows
    if (result.rows.length < rows) break
  }
  await client.query(`close audit_${name}`)
}

/** A stream whose next value can be looked at before it is taken. */
export class Lookahead<T> {
  readonly #values: AsyncIterator<T>
  #next: IteratorResult<T> | null = null

  constructor(values: AsyncIterable<T>) {
    this.#values = values[Symbol.asyncIterator]()
  }

  async peek(): Promise<T | null> {
    this.#next ??= await this.#values.next()
    return this.#next.done ? null : this.#next.value
  }

  async take(): Promise<T | null> {
    const value = await this.peek()
    if (value !== null) this.#next = null
    return value
  }
}

/** Compares two places in the order of sealing: transaction, then id. */
export function comparePlaces(a: { tx: string; id: string }, b: { tx: string; id: string }): number {
  return compareIntegers(a.tx, b.tx) || compareIntegers(a.id, b.id)
}

function compareIntegers(a: string, b: string): number {
  const difference = BigInt(a) - BigInt(b)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}
