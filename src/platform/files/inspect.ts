import { fileTypeFromBuffer } from 'file-type'
import { problemFromRefusal } from '../problem.ts'
import type { Parts } from './parts.ts'
import { type Picture, readPicture } from './pictures.ts'

/** What a file is, by its content alone: its name and what the sender calls it count for nothing. */
export type Inspected = { readonly mediaType: string; readonly picture: Picture | null }

const PICTURES = new Set(['image/png', 'image/jpeg', 'image/webp', 'image/heic'])
/** The end record of a zip archive may be followed by a comment of so many bytes. */
const ZIP_END_BYTES = 22
const ZIP_TAIL_BYTES = ZIP_END_BYTES + 65_535
/** Readers look for the end of a PDF here. */
const PDF_TAIL_BYTES = 1024

/** Throws `Problem` file_type_not_allowed, file_unreadable. */
export async function inspect(parts: Parts): Promise<Inspected> {
  const mediaType = await typeOf(parts)
  if (isZipAtItsEnd(parts.tail(ZIP_TAIL_BYTES), parts.bytes)) throw problemFromRefusal('file_unreadable', {})
  if (mediaType === 'application/pdf' && !parts.tail(PDF_TAIL_BYTES).includes('%%EOF'))
    throw problemFromRefusal('file_unreadable', {})
  return { mediaType, picture: PICTURES.has(mediaType) ? await readPicture(parts, mediaType) : null }
}

async function typeOf(parts: Parts): Promise<string> {
  const head = parts.all[0]!
  const found = await fileTypeFromBuffer(head)
  if (found === undefined && isText(parts)) return 'text/plain'
  if (found !== undefined && (PICTURES.has(found.mime) || found.mime === 'application/pdf')) return found.mime
  throw problemFromRefusal('file_type_not_allowed', {})
}

/** Valid UTF-8 without NUL, and nothing that a browser would take for a page or a drawing. */
function isText(parts: Parts): boolean {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    let start = ''
    for (const part of parts.all) {
      const text = decoder.decode(part, { stream: true })
      if (text.includes('\0')) return false
      if (start === '') start = text.trimStart().slice(0, 2)
    }
    decoder.decode()
    return !/^<[a-z!?/]/i.test(start)
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

/**
 * Whether programs would also open this as a zip archive: they look for its directory from the end, whatever stands
 * before. `tail` is the end of a file of so many bytes.
 */
function isZipAtItsEnd(tail: Buffer, bytes: number): boolean {
  for (let at = tail.length - ZIP_END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== 0x06054b50) continue
    const directoryBytes = tail.readUInt32LE(at + 12)
    // An empty archive, or a directory that has room before its end.
    if (directoryBytes <= bytes - tail.length + at) return true
  }
  return false
}
