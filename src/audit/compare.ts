import { type EventRow, HASH_BYTES, leafOf, merkleRoot } from './encoding.ts'
import type { StoredBlock } from './read.ts'

/** What a block says its rows are, in order. */
export type ExpectedRow = { id: string; at: string; leaf: string }

/** A row that is not what was sealed. A missing one may be elsewhere in the log, or retired. */
export type WrongRow = { id: string; at: string; kind: 'changed' | 'missing' | 'inserted'; what: string }

type Placed = WrongRow & { place: number }

/** The rows that a block had when it was sealed, or null when it cannot say: they must give its root. */
export function expectedRows({ ids, times, leaves, root }: StoredBlock): ExpectedRow[] | null {
  if (ids === undefined || times === undefined || leaves === undefined) return null
  const expected = ids.map((id, i) => ({
    id,
    at: times[i] ?? '',
    leaf: leaves.slice(i * HASH_BYTES * 2, (i + 1) * HASH_BYTES * 2),
  }))
  return merkleRoot(expected.map(({ leaf }) => Buffer.from(leaf, 'hex'))) === root ? expected : null
}

/**
 * The rows of a block that are not what was sealed, in the order of the block. `actual` are the rows that lie in its
 * range now, in order.
 */
export function compareRows(expected: readonly ExpectedRow[], actual: readonly EventRow[]): WrongRow[] {
  const leaves = new Map(actual.map((row) => [row, leafOf(row).toString('hex')]))
  const byId = Map.groupBy(actual, ({ id }) => id)
  const used = new Set<EventRow>()
  const sound = new Map<EventRow, number>()
  const wrong: Placed[] = []
  for (const [place, { id, at, leaf }] of expected.entries()) {
    const candidates = byId.get(id) ?? []
    const row = candidates.find((one) => leaves.get(one) === leaf) ?? candidates[0]
    if (row === undefined) {
      wrong.push({ id, at, kind: 'missing', what: 'is gone', place })
    } else {
      used.add(row)
      if (leaves.get(row) === leaf) sound.set(row, place)
      else wrong.push({ id, at, kind: 'changed', what: 'was changed', place })
    }
  }
  wrong.push(
    ...unexpected(actual, used, sound, (row) =>
      wrong.find((one) => one.kind === 'missing' && isRenamed(one.id, expected, row)),
    ),
  )
  return wrong.toSorted((a, b) => a.place - b.place).map(({ place: _, ...one }) => one)
}

/** Rows that nobody expects. Each stands right before the next sound one, behind what is wrong with expected ones. */
function unexpected(
  actual: readonly EventRow[],
  used: ReadonlySet<EventRow>,
  sound: ReadonlyMap<EventRow, number>,
  missingAs: (row: EventRow) => WrongRow | undefined,
): Placed[] {
  const found: Placed[] = []
  let place = Number.POSITIVE_INFINITY
  for (const row of actual.toReversed()) {
    place = sound.get(row) ?? place
    if (used.has(row)) continue
    const renamed = missingAs(row)
    if (renamed !== undefined) Object.assign(renamed, { kind: 'changed', what: `has the id ${row.id} now` })
    else {
      const what = 'was inserted after the block was sealed'
      found.unshift({ id: row.id, at: row.at, kind: 'inserted', what, place: place - 0.5 })
    }
  }
  return found
}

function isRenamed(id: string, expected: readonly ExpectedRow[], row: EventRow): boolean {
  const leaf = leafOf({ ...row, id }).toString('hex')
  return expected.some((one) => one.id === id && one.leaf === leaf)
}
