import { type TSchema, Type } from 'typebox'
import { isUuid } from './ids.ts'
import { Problem } from './problem.ts'

export const PageQuery = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100, default: 20, description: 'Rows per page, 20 if not said' }),
  ),
  cursor: Type.Optional(Type.String({ maxLength: 300, description: 'nextCursor of the page before' })),
}

export const Page = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), nextCursor: Type.Union([Type.String(), Type.Null()]) })

/** Where a page of a list ended: the sort key of its last row. */
export function encodeCursor(list: string, parts: string[]): string {
  return Buffer.from(JSON.stringify([list, ...parts])).toString('base64url')
}

/** Reads a cursor of `encodeCursor` for the same list; `check` says whether the parts have the shape of this list's sort key. */
export function decodeCursor<T extends string[]>(
  list: string,
  cursor: string | undefined,
  check: (parts: string[]) => parts is T,
): T | null {
  if (cursor === undefined) return null
  try {
    const read: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (Array.isArray(read) && read.every((part) => typeof part === 'string') && read[0] === list) {
      const parts = read.slice(1)
      if (check(parts)) return parts
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new Problem('invalid_request', {}, [{ field: 'cursor', problem: 'is not a nextCursor of this list' }])
}

/** The shape of the cursors of lists in order of time: RFC 3339 time and id. */
export function isTimeAndId(parts: string[]): parts is [string, string] {
  return (
    parts.length === 2 &&
    /^[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(parts[0]!) &&
    isOnCalendar(parts[0]!) &&
    isUuid(parts[1]!)
  )
}

/** Whether the day is there: Date.parse takes February 31st for March 3rd, PostgreSQL refuses it. */
export function isOnCalendar(time: string): boolean {
  const milliseconds = Date.parse(time)
  return (
    !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString().slice(0, 19) === time.slice(0, 19)
  )
}

/**
 * The page of a list from its rows, of which one more than `limit` was asked for: that one says that there is a next
 * page. `at`, of one part or several, and `id` are the sort key, which the cursor is made of.
 */
export function pageOf<Body>(
  list: string,
  limit: number,
  rows: { at: string | string[]; id: string; body: Body }[],
): { items: Body[]; nextCursor: string | null } {
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return {
    items: rows.slice(0, limit).map(({ body }) => body),
    nextCursor: last === undefined ? null : encodeCursor(list, [last.at, last.id].flat()),
  }
}
