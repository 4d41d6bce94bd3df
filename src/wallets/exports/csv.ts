import { stringify } from 'csv-stringify/sync'

/** How a column is written: a number stays one, whatever its sign; a text can never become a formula. */
export type Kind = 'text' | 'number'
export type Columns = Readonly<Record<string, Kind>>
export type Cells = Record<string, string | null>

const NUMBER = /^-?\d+(?:\.\d+)?$/
/**
 * What spreadsheets take for the beginning of a formula, in all widths, also behind blanks and signs that nobody sees.
 * A tab or a line break at the start does the same in some.
 */
const FORMULA = /^(?:[\t\r\n]|[\s\p{Cf}]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/u
/**
 * The same inside a text, behind what separates cells where commas are for decimals: such a spreadsheet cuts there, and
 * quotes around the whole do not keep it from that.
 */
const FORMULA_INSIDE = /[;\t](?=[\s\p{Cf}]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/gu

/** Lines of CSV as RFC 4180 has them: CRLF, quotes where needed, empty for what is not known. */
export function csvLines(columns: Columns, names: readonly string[], rows: readonly Cells[]): string {
  return stringify(
    rows.map((row) => names.map((name) => cellOf(row[name] ?? '', columns[name]))),
    { record_delimiter: '\r\n' },
  )
}

/** The first line: the names of the columns. */
export function csvHeader(names: readonly string[]): string {
  return stringify([[...names]], { record_delimiter: '\r\n' })
}

function cellOf(value: string, kind: Kind | undefined): string {
  // csv-stringify's own escape_formulas would put an apostrophe before -1.5 as well, which is no number any more then.
  if (kind === 'number' && NUMBER.test(value)) return value
  const defused = value.replace(FORMULA_INSIDE, `$&'`)
  return FORMULA.test(value) ? `'${defused}` : defused
}
