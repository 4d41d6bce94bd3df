import { Problem } from '../../platform/index.ts'
import type { Period } from '../queries.ts'
import { type Columns, csvHeader, csvLines } from './csv.ts'
import type { Reader } from './cursor.ts'
import { STATEMENT_COLUMNS, statementRows } from './statement.ts'
import { TAX_COLUMNS, taxRows } from './tax.ts'

export const FORMATS = ['statement', 'tax'] as const
export type Format = (typeof FORMATS)[number]

export type ExportOptions = Period & { format: Format; columns?: readonly string[] | undefined }

const COLUMNS: Record<Format, Columns> = { statement: STATEMENT_COLUMNS, tax: TAX_COLUMNS }

/** The columns that are asked for, or all. Throws `Problem` invalid_request. */
export function columnsOf({ format, columns }: ExportOptions): string[] {
  const all = Object.keys(COLUMNS[format])
  if (columns === undefined) return all
  const wrong = columns.find((one, at) => !all.includes(one) || columns.indexOf(one) < at)
  if (wrong === undefined) return [...columns]
  const problem = all.includes(wrong)
    ? `names ${wrong} twice`
    : `has no ${wrong}; there are ${all.join(', ')}`
  throw new Problem('invalid_request', {}, [{ field: 'columns', problem }])
}

/**
 * A person's export as CSV, batch by batch: the memory it needs does not depend on how much there is. The
 * reader sees the person's rows, by the policies or as fairlock_engine.
 */
export async function* exportPieces(
  reader: Reader,
  person: string,
  options: ExportOptions,
): AsyncGenerator<string, void, undefined> {
  const names = columnsOf(options)
  const columns = COLUMNS[options.format]
  // With the first rows and not before them: until then an error can still be answered as one.
  let header = csvHeader(names)
  const rows =
    options.format === 'tax' ? taxRows(reader, person, options) : statementRows(reader, person, options)
  for await (const batch of rows) {
    yield header + csvLines(columns, names, batch)
    header = ''
  }
  if (header !== '') yield header
}
