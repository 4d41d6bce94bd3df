import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type pg from 'pg'
import type { BlockHeader } from './encoding.ts'

/** A sealed block as it is published: one line of JSON. With ids, times and leaves a wrong row can be named. */
export type PublishedBlock = BlockHeader & {
  hash: string
  keyId: string
  publicKey: string
  signature: string
  ids?: string[]
  times?: string[]
  leaves?: string
}

const PER_QUERY = 50

/** Signed blocks after one, as lines of JSON; a few at a time in memory. */
export async function* exportRoots(
  connection: Pick<pg.ClientBase, 'query'> | Pick<pg.Pool, 'query'>,
  options: { after: number; leaves: boolean; most?: number },
): AsyncGenerator<string> {
  let after = options.after
  let left = options.most ?? Number.POSITIVE_INFINITY
  while (left > 0) {
    const { rows } = await connection.query<{ line: PublishedBlock }>(
      'select fairlock.audit_roots($1, $2, $3) as line',
      [after, Math.min(left, PER_QUERY), options.leaves],
    )
    for (const { line } of rows) yield `${JSON.stringify(line)}\n`
    if (rows.length < PER_QUERY) return
    after = rows.at(-1)!.line.block
    left -= rows.length
  }
}

/** What reading published roots came to. */
export type RootsRead = { lines: number; unreadable: number }

/**
 * Published blocks of a file in the order of their numbers. What two workers both wrote comes once: the first line
 * counts. A line that is none (the program was killed while it wrote) is counted in `read`.
 */
export async function* readRoots(file: string, read: RootsRead): AsyncGenerator<PublishedBlock> {
  const lines = createInterface({
    input: createReadStream(file, 'utf8'),
    crlfDelay: Number.POSITIVE_INFINITY,
  })
  let last = 0
  for await (const line of lines) {
    if (line === '') continue
    read.lines++
    const block = parse(line)
    if (block === null) read.unreadable++
    else if (block.block > last) {
      last = block.block
      yield block
    }
  }
}

const TEXTS = [
  ...[
    'fromTx',
    'fromId',
    'toTx',
    'toId',
    'firstAt',
    'lastAt',
    'root',
    'previous',
    'sealedAt',
    'systemIdentifier',
  ],
  ...['hash', 'keyId', 'publicKey', 'signature'],
]
const isTexts = (value: unknown) => Array.isArray(value) && value.every((one) => typeof one === 'string')

const isInt32 = (value: unknown) => typeof value === 'number' && (value | 0) === value
const isInt64 = (text: string) =>
  /^-?\d{1,19}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text)

/** A line of published roots, or null when it is none. */
export function parse(line: string): PublishedBlock | null {
  let value: Record<string, unknown>
  try {
    value = JSON.parse(line)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  const isBlock =
    typeof value === 'object' &&
    value !== null &&
    Number.isSafeInteger(value.block) &&
    isInt32(value.events) &&
    TEXTS.every((name) => typeof value[name] === 'string') &&
    ['fromTx', 'fromId', 'toTx', 'toId', 'systemIdentifier'].every((name) => isInt64(String(value[name]))) &&
    (value.note === undefined || typeof value.note === 'string') &&
    (value.leaves === undefined ||
      (typeof value.leaves === 'string' && isTexts(value.ids) && isTexts(value.times)))
  return isBlock ? (value as PublishedBlock) : null
}
