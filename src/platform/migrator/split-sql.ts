export type Statement = {
  /** The statement without its comments in front and without the semicolon. */
  text: string
  /** Line of the file on which it begins, from 1. */
  line: number
}

/** What a run of characters that hides semicolons can look like, in the order in which to try. */
const opaque = [
  /--[^\n]*/y,
  /\/\*(?:[^*]|\*(?!\/))*\*\//y,
  /\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$/y,
  /[eE]'(?:[^'\\]|\\[\s\S]|'')*'/y,
  /'(?:[^']|'')*'/y,
  /"(?:[^"]|"")*"/y,
  /[A-Za-z_][\w$]*/y,
]

/**
 * Cuts a file of SQL into its statements at the semicolons outside of strings, comments and dollar quotes.
 */
export function splitSql(sql: string): Statement[] {
  const statements: Statement[] = []
  let start = 0
  for (let at = 0; at < sql.length; ) {
    const end = endOfOpaque(sql, at)
    if (end !== undefined) {
      at = end
    } else {
      if (sql[at] === ';') {
        push(statements, sql, start, at)
        start = at + 1
      }
      at++
    }
  }
  push(statements, sql, start, sql.length)
  return statements
}

function endOfOpaque(sql: string, at: number): number | undefined {
  for (const pattern of opaque) {
    pattern.lastIndex = at
    if (pattern.test(sql)) return pattern.lastIndex
  }
  return undefined
}

function push(statements: Statement[], sql: string, start: number, end: number): void {
  const piece = sql.slice(start, end)
  const lead = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)*/.exec(piece)![0].length
  const text = piece.slice(lead).trimEnd()
  if (text !== '') statements.push({ text, line: sql.slice(0, start + lead).split('\n').length })
}
