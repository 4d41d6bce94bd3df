import { createHash } from 'node:crypto'

/** A row of the log as the verifier reads it: numbers, ids and JSON as PostgreSQL prints them, the time as `instant`. */
export type EventRow = {
  tx: string
  id: string
  at: string
  actor: string | null
  session: string | null
  apiKey: string | null
  request: string | null
  action: string
  subject: string
  subjectId: string | null
  reason: string | null
  details: string | null
  changes: string | null
}

/** Everything that a block's hash covers. Hashes are hexadecimal, times as PostgreSQL keeps them, to the microsecond. */
export type BlockHeader = {
  block: number
  fromTx: string
  fromId: string
  toTx: string
  toId: string
  events: number
  firstAt: string
  lastAt: string
  root: string
  previous: string
  sealedAt: string
  systemIdentifier: string
  note?: string | undefined
}

export const HASH_BYTES = 32
/** What the first block has in place of the hash of the one before. */
export const NO_PREVIOUS = '00'.repeat(HASH_BYTES)

const LEAF = Buffer.concat([Buffer.from([0]), Buffer.from('fairlock audit row 1')])
const NODE = Buffer.from([1])
const BLOCK = Buffer.from('fairlock audit block 1')

/**
 * The leaf of a row. The same as audit.leaf() in the database, written a second time: the sealer uses that one, the
 * verifier this one, so that whoever replaces the function there is found out.
 */
export function leafOf(row: EventRow): Buffer {
  return sha256(
    LEAF,
    int64(row.tx),
    int64(row.id),
    instant(row.at),
    uuid(row.actor),
    uuid(row.session),
    uuid(row.apiKey),
    text(row.request),
    text(row.action),
    text(row.subject),
    uuid(row.subjectId),
    text(row.reason),
    text(row.details),
    text(row.changes),
  )
}

/** RFC 6962's tree: pairs, level by level; one without a partner moves up as it is. */
export function merkleRoot(leaves: readonly Buffer[]): string {
  let level = leaves
  while (level.length > 1) {
    const above: Buffer[] = []
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = [level[i]!, level[i + 1]]
      above.push(right === undefined ? left : sha256(NODE, left, right))
    }
    level = above
  }
  return level[0]?.toString('hex') ?? ''
}

/** The hash of a block, as audit.block_hash() in the database. */
export function blockHash(block: BlockHeader): string {
  return sha256(
    BLOCK,
    int64(String(block.block)),
    int64(block.fromTx),
    int64(block.fromId),
    int64(block.toTx),
    int64(block.toId),
    int32(block.events),
    instant(block.firstAt),
    instant(block.lastAt),
    Buffer.from(block.root, 'hex'),
    Buffer.from(block.previous, 'hex'),
    instant(block.sealedAt),
    int64(block.systemIdentifier),
    text(block.note ?? null),
  ).toString('hex')
}

function sha256(...parts: Buffer[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function int64(value: string): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

const NONE = Buffer.from([0])

/** One value, so that no two rows give the same bytes: a mark for null, or a mark, the length and the bytes. */
function field(value: Buffer | null): Buffer {
  return value === null ? NONE : Buffer.concat([Buffer.from([1]), int32(value.length), value])
}

function text(value: string | null): Buffer {
  return field(value === null ? null : Buffer.from(value, 'utf8'))
}

function uuid(value: string | null): Buffer {
  return field(value === null ? null : Buffer.from(value.replaceAll('-', ''), 'hex'))
}

const YEAR_2000_MS = 946_684_800_000
const INSTANT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})(\d{3})Z$/

/** Microseconds since 2000, as PostgreSQL sends a time. One that no clock shows (infinity) is like none ever sealed. */
function instant(value: string): Buffer {
  const parts = INSTANT.exec(value)
  if (parts === null) return Buffer.alloc(8, 0xff)
  return int64(String(BigInt(Date.parse(`${parts[1]}Z`) - YEAR_2000_MS) * 1000n + BigInt(parts[2]!)))
}
