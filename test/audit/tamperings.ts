import type pg from 'pg'
import type { PublishedBlock } from '../../src/audit/index.ts'
import type { Chance } from './support.ts'
import { forgeChain } from './support.ts'

/** What has to be named: the table and the row's id or the block's number. */
export type Named = { table: string; id: string }
export type Tampering = {
  what: string
  /** Only somebody with the published blocks can name it. */
  needsRoots: boolean
  run(client: pg.Client, blocks: readonly PublishedBlock[], chance: Chance): Promise<Named>
}

type Sealed = { id: string; at: string; block: number; place: number }

const placeOf = (blocks: readonly PublishedBlock[]): Sealed[] =>
  blocks
    .flatMap(({ ids, times, block }) => ids!.map((id, i) => ({ id, at: times![i]!, block })))
    .map((row, place) => ({ ...row, place }))

const event = (id: string): Named => ({ table: 'audit.events', id })
const pickRow = (blocks: readonly PublishedBlock[], chance: Chance) => chance.pick(placeOf(blocks))

/** Two different sealed rows, the earlier first. */
function pickTwo(blocks: readonly PublishedBlock[], chance: Chance): [Sealed, Sealed] {
  const rows = placeOf(blocks)
  const a = chance.below(rows.length)
  const b = (a + 1 + chance.below(rows.length - 1)) % rows.length
  return [rows[Math.min(a, b)]!, rows[Math.max(a, b)]!]
}

const FLIP_UUID = (column: string) =>
  `coalesce(overlay(${column}::text placing translate(substr(${column}::text, 20, 1), '0123456789abcdef',
     '123456789abcdef0') from 20 for 1), '00000000-0000-4000-8000-000000000001')::uuid`
const FLIP_TEXT = (column: string) =>
  `coalesce(overlay(${column} placing case when left(${column}, 1) = 'x' then 'y' else 'x' end from 1 for 1), 'x')`
const FLIP_JSON = (column: string) => `coalesce(${column}, '{}') || '{"x": 1}'`

/** How one byte of each column changes; an empty one gets a value. */
const CHANGES: Record<string, string> = {
  at: `at + interval '1 microsecond'`,
  actor_id: FLIP_UUID('actor_id'),
  session_id: FLIP_UUID('session_id'),
  request_id: FLIP_TEXT('request_id'),
  action: FLIP_TEXT('action'),
  subject: FLIP_TEXT('subject'),
  subject_id: FLIP_UUID('subject_id'),
  reason: FLIP_TEXT('reason'),
  details: FLIP_JSON('details'),
  api_key_id: FLIP_UUID('api_key_id'),
  changes: FLIP_JSON('changes'),
  id: 'id + 1000000',
  tx: 'tx + 1000000',
}

export const AUDIT_COLUMNS = Object.keys(CHANGES)

const columnChanges: Tampering[] = Object.entries(CHANGES).map(([column, value]) => ({
  what: `a byte of ${column}`,
  needsRoots: false,
  async run(client, blocks, chance) {
    const { id } = pickRow(blocks, chance)
    await client.query(`update audit.events set ${column} = ${value} where id = $1`, [id])
    return event(id)
  },
}))

const emptied: Tampering[] = ['actor_id', 'session_id', 'reason', 'changes', 'subject_id'].map((column) => ({
  what: `${column} is emptied`,
  needsRoots: false,
  async run(client, _blocks, chance) {
    const { rows } = await client.query(`select id from audit.events where ${column} is not null order by id`)
    const id: string = chance.pick(rows).id
    await client.query(`update audit.events set ${column} = null where id = $1`, [id])
    return event(id)
  },
}))

const INSERT = `insert into audit.events (tx, at, actor_id, session_id, request_id, action, subject, subject_id, reason, details)
  select tx, at, actor_id, session_id, request_id, action, subject, subject_id, reason, details
  from audit.events where id = $1 returning id`

const rowTamperings: Tampering[] = [
  {
    what: 'a row is deleted',
    needsRoots: false,
    async run(client, blocks, chance) {
      const { id } = pickRow(blocks, chance)
      await client.query('delete from audit.events where id = $1', [id])
      return event(id)
    },
  },
  {
    what: 'a copy of a row is inserted',
    needsRoots: false,
    async run(client, blocks, chance) {
      const { rows } = await client.query(INSERT, [pickRow(blocks, chance).id])
      return event(rows[0].id)
    },
  },
  {
    what: 'a row is inserted a second time under its own id, at another time',
    needsRoots: false,
    async run(client, blocks, chance) {
      const { id } = pickRow(blocks, chance)
      await client.query(
        `insert into audit.events (tx, id, at, action, subject)
         select tx, id, at + interval '1 second', action, subject from audit.events where id = $1`,
        [id],
      )
      return event(id)
    },
  },
  {
    what: 'the ids of two rows are swapped',
    needsRoots: false,
    async run(client, blocks, chance) {
      const [a, b] = pickTwo(blocks, chance)
      await client.query(
        'update audit.events set id = case id when $1 then $2::bigint else $1::bigint end where id in ($1, $2)',
        [a.id, b.id],
      )
      return event(a.id)
    },
  },
  {
    what: 'the times of two rows are swapped',
    needsRoots: false,
    async run(client, blocks, chance) {
      const [a, b] = pickTwo(blocks, chance)
      await client.query(
        `update audit.events set at = case id when $1 then $4::timestamptz else $3::timestamptz end where id in ($1, $2)`,
        [a.id, b.id, a.at, b.at],
      )
      return event(a.id)
    },
  },
  {
    what: 'a row is moved before all others',
    needsRoots: false,
    async run(client, blocks, chance) {
      const { id } = pickRow(blocks, chance)
      await client.query('update audit.events set tx = -5 where id = $1', [id])
      return event(id)
    },
  },
]

const block = (number: number, table = 'audit.blocks'): Named => ({ table, id: String(number) })
const FLIP_BYTEA = (column: string) => `set_byte(${column}, 5, get_byte(${column}, 5) # 1)`

const blockTamperings: Tampering[] = [
  ...Object.entries({
    from_id: 'from_id - 1',
    events: 'events + 1',
    first_at: `first_at - interval '1 microsecond'`,
    last_at: `last_at + interval '1 microsecond'`,
    root: FLIP_BYTEA('root'),
    previous: FLIP_BYTEA('previous'),
    sealed_at: `sealed_at + interval '1 microsecond'`,
    system_identifier: 'system_identifier + 1',
    note: `coalesce(note, '') || 'x'`,
    hash: FLIP_BYTEA('hash'),
  }).map(
    ([column, value]): Tampering => ({
      what: `a byte of a block's ${column}`,
      needsRoots: false,
      async run(client, blocks, chance) {
        const { block: number } = chance.pick(blocks)
        await client.query(`update audit.blocks set ${column} = ${value} where number = $1`, [number])
        return block(number)
      },
    }),
  ),
  {
    what: 'a block is deleted',
    needsRoots: false,
    async run(client, blocks, chance) {
      const { block: number } = chance.pick(blocks.slice(0, -1))
      await client.query('delete from audit.blocks where number = $1', [number])
      return block(number)
    },
  },
  {
    what: "a byte of a block's leaf hashes",
    needsRoots: false,
    async run(client, blocks, chance) {
      const { block: number } = chance.pick(blocks)
      await client.query(`update audit.leaves set hashes = ${FLIP_BYTEA('hashes')} where block = $1`, [
        number,
      ])
      return block(number, 'audit.leaves')
    },
  },
  {
    what: "a block's leaf hashes are deleted",
    needsRoots: false,
    async run(client, blocks, chance) {
      const { block: number } = chance.pick(blocks)
      await client.query('delete from audit.leaves where block = $1', [number])
      return block(number, 'audit.leaves')
    },
  },
  {
    what: 'a byte of a signature',
    needsRoots: false,
    async run(client, blocks, chance) {
      const { block: number } = chance.pick(blocks)
      await client.query(
        `update audit.signatures set signature = ${FLIP_BYTEA('signature')} where block = $1`,
        [number],
      )
      return block(number, 'audit.signatures')
    },
  },
]

const forgeries: Tampering[] = [
  ...['reason', 'actor_id', 'at'].map(
    (column): Tampering => ({
      what: `${column} of a row, and every leaf, root, hash and signature after it`,
      needsRoots: true,
      async run(client, blocks, chance) {
        const row = pickRow(blocks, chance)
        await client.query(`update audit.events set ${column} = ${CHANGES[column]} where id = $1`, [row.id])
        await forgeChain(client, row.block)
        return event(row.id)
      },
    }),
  ),
  {
    what: 'a row deleted, and the chain made anew',
    needsRoots: true,
    async run(client, blocks, chance) {
      const row = chance.pick(placeOf(blocks.filter(({ events }) => events > 1)))
      await client.query('delete from audit.events where id = $1', [row.id])
      await forgeChain(client, row.block)
      return event(row.id)
    },
  },
  {
    what: 'a row inserted, and the chain made anew',
    needsRoots: true,
    async run(client, blocks, chance) {
      const row = pickRow(blocks, chance)
      const { rows } = await client.query(INSERT, [row.id])
      await forgeChain(client, row.block)
      return event(rows[0].id)
    },
  },
  {
    what: 'the last blocks are cut off, with their rows',
    needsRoots: true,
    async run(client, blocks, chance) {
      const first = chance.pick(blocks)
      for (const table of ['signatures', 'leaves']) {
        await client.query(`delete from audit.${table} where block >= $1`, [first.block])
      }
      await client.query('delete from audit.blocks where number >= $1', [first.block])
      await client.query('delete from audit.events where (tx, id) >= ($1, $2)', [first.fromTx, first.fromId])
      return event(first.ids![0]!)
    },
  },
  {
    what: 'the last block is cut off, its rows wait to be sealed again',
    needsRoots: true,
    async run(client, blocks) {
      const { block: number } = blocks.at(-1)!
      for (const table of ['signatures', 'leaves']) {
        await client.query(`delete from audit.${table} where block = $1`, [number])
      }
      await client.query('delete from audit.blocks where number = $1', [number])
      return block(number)
    },
  },
]

export const TAMPERINGS: Tampering[] = [
  ...columnChanges,
  ...emptied,
  ...rowTamperings,
  ...blockTamperings,
  ...forgeries,
]
