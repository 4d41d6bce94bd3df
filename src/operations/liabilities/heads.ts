import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Database } from '../../platform/index.ts'
import type { PublishedSnapshot } from './proof.ts'

const PER_QUERY = 200

/** Where heads are published: beside the roots of the log, so that whoever copies the one folder has both. */
export function headsFileBeside(auditRoots: string): string {
  return join(dirname(auditRoots), 'liabilities.jsonl')
}

/** The database's snapshots are not those that were published. */
export class HeadsConflict extends Error {
  override readonly name = 'HeadsConflict'
}

/**
 * Appends to the file what was taken since its last line; gives how many snapshots. It lies beside the published roots of
 * the log and is copied to the same other place. Throws `HeadsConflict` when the database has another head under the
 * number of the last line, or none.
 */
export async function publishHeads(db: Database, file: string): Promise<number> {
  const last = await lastLine(file)
  if (last !== null) {
    const [mine] = await headsAfter(db, last.number - 1, 1)
    if (mine?.number !== last.number || mine.head !== last.head) {
      throw new HeadsConflict(
        `Snapshot ${last.number} in ${file} is not the database's: it was restored to an earlier moment, or snapshots ` +
          'were changed. Keep the file, and move it aside; it is then written anew.',
      )
    }
  }
  let written = 0
  for (let after = last?.number ?? 0; ; ) {
    const heads = await headsAfter(db, after, PER_QUERY)
    if (heads.length > 0) {
      await mkdir(dirname(file), { recursive: true })
      const text = heads.map((head) => `${JSON.stringify(head)}\n`).join('')
      await appendFile(file, (last?.isTorn && written === 0 ? '\n' : '') + text, { mode: 0o600, flush: true })
    }
    written += heads.length
    after = heads.at(-1)?.number ?? after
    if (heads.length < PER_QUERY) return written
  }
}

async function headsAfter(db: Database, after: number, most: number): Promise<PublishedSnapshot[]> {
  const { rows } = await db.pool.query<{ head: PublishedSnapshot }>(
    'select fairlock.liability_heads_after($1, $2) as head',
    [after, most],
  )
  return rows.map(({ head }) => head)
}

/** The last whole line: one a day, so the file is small however old it is. */
async function lastLine(file: string): Promise<{ number: number; head: string; isTorn: boolean } | null> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  for (const line of text.split('\n').toReversed()) {
    const { number, head } = parse(line)
    if (Number.isSafeInteger(number) && typeof head === 'string') {
      return { number: number as number, head, isTorn: !text.endsWith('\n') }
    }
  }
  if (text !== '') {
    throw new HeadsConflict(`${file} holds no published head. Move it aside; it is then written anew.`)
  }
  return null
}

function parse(line: string): { number?: unknown; head?: unknown } {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : {}
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}
