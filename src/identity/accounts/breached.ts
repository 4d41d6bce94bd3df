import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'

/** Long enough for two lines of the list, so that a whole one lies in every piece that is read. */
const PIECE_BYTES = 256
const HASH_LENGTH = 40

/**
 * Whether a password is in a list of leaked ones: the SHA-1 file of Have I Been Pwned, ordered by hash, a line
 * `HASH:count` each. The file is tens of gigabytes and stays on disk; a look takes some forty reads of 256 bytes.
 * Throws when the file cannot be read or is not such a list.
 */
export async function isBreached(file: string, password: string): Promise<boolean> {
  const wanted = createHash('sha1').update(password).digest('hex').toUpperCase()
  const handle = await open(file, 'r')
  try {
    return await isIn(handle, wanted)
  } finally {
    await handle.close()
  }
}

async function isIn(handle: FileHandle, wanted: string): Promise<boolean> {
  // The line, if it is there, begins at or after `low` and before `high`.
  let low = 0
  let high = (await handle.stat()).size
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const line = await lineFrom(handle, middle, low)
    if (line === null || line.start >= high) {
      high = middle
      continue
    }
    if (line.entry === wanted) return true
    if (line.entry < wanted) low = line.end
    else high = middle
  }
  return false
}

/** The first line that begins at or after `position`; `first` is known to be a line's beginning. */
async function lineFrom(handle: FileHandle, position: number, first: number) {
  const from = position === first ? position : position - 1
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(PIECE_BYTES), 0, PIECE_BYTES, from)
  const text = buffer.toString('latin1', 0, bytesRead)
  const skipped = position === first ? 0 : text.indexOf('\n') + 1
  if (position !== first && skipped === 0 && bytesRead === PIECE_BYTES) throw new NotTheList()
  if (skipped >= text.length || (position !== first && skipped === 0)) return null
  const entry = text.slice(skipped, skipped + HASH_LENGTH).toUpperCase()
  if (!/^[0-9A-F]{40}$/.test(entry)) throw new NotTheList()
  const newline = text.indexOf('\n', skipped)
  return { start: from + skipped, end: newline === -1 ? from + text.length : from + newline + 1, entry }
}

class NotTheList extends Error {
  override readonly name = 'NotTheList'
  constructor() {
    super('FAIRLOCK_BREACHED_PASSWORDS is no list of SHA-1 hashes, one `HASH:count` a line, ordered by hash.')
  }
}
