import { createInterface } from 'node:readline/promises'

export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Columns as wide as their longest cell; the last one as it is. */
export function printTable(rows: string[][]): void {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  for (const row of rows) {
    print(
      row
        .map((cell, column) => (column < row.length - 1 ? cell.padEnd(widths[column]!) : cell))
        .join('  ')
        .trimEnd(),
    )
  }
}

/** Asks before something that cannot be undone. Without a terminal the answer is no: pass --yes. */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await reader.question(`${question} [y/N] `)
  reader.close()
  return /^y(es)?$/i.test(answer.trim())
}

/** One line from standard input; on a terminal it is asked for and not shown. */
export async function readSecret(prompt: string): Promise<string> {
  if (!process.stdin.isTTY) {
    let text = ''
    for await (const chunk of process.stdin) text += chunk
    return text.replace(/\r?\n$/, '')
  }
  const silent = createInterface({ input: process.stdin, output: process.stderr, terminal: true })
  process.stderr.write(prompt)
  Object.assign(silent, { _writeToOutput: () => undefined })
  const answer = await silent.question('')
  silent.close()
  process.stderr.write('\n')
  return answer
}
