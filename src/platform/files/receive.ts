import type { Multipart } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { type FieldError, Problem, problemFromRefusal } from '../problem.ts'
import { Parts } from './parts.ts'
import type { Slowest } from './uploads.ts'

export const PURPOSES = ['evidence', 'message', 'kyc'] as const
export type Purpose = (typeof PURPOSES)[number]
export type Received = { readonly purpose: Purpose; readonly name: string | undefined; readonly parts: Parts }

const LOOK_MS = 500
/** Of a form beside its file: boundaries and headers of the parts, and the purpose. */
const MOST_BESIDE_FILE = 16 * 1024

/**
 * Reads the form of an upload: `purpose` and one `file`. Throws `Problem` file_too_large, invalid_request,
 * request_timeout; an error when the sender goes away.
 */
export async function receive(
  request: FastifyRequest,
  mostBytes: number,
  slowest: Slowest,
): Promise<Received> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes + MOST_BESIDE_FILE)
    throw problemFromRefusal('file_too_large', { mostBytes })
  const began = performance.now()
  const parts = new Parts()
  let look: NodeJS.Timeout | undefined
  const tooSlow = new Promise<never>((_, reject) => {
    look = setInterval(() => {
      const seconds = (performance.now() - began) / 1000 - slowest.afterSeconds
      if (parts.bytes < seconds * slowest.bytesPerSecond) reject(new Problem('request_timeout'))
    }, LOOK_MS)
  })
  try {
    return await Promise.race([readForm(request, parts, mostBytes), tooSlow])
  } catch (error) {
    if (!isBadForm(error)) throw error
    const problem = 'is not a form with a purpose and one file, or was cut off'
    throw new Problem('invalid_request', {}, [{ field: 'body', problem }])
  } finally {
    clearInterval(look)
  }
}

async function readForm(request: FastifyRequest, parts: Parts, mostBytes: number): Promise<Received> {
  const limits = {
    fileSize: mostBytes,
    files: 2,
    fields: 5,
    parts: 7,
    fieldNameSize: 100,
    fieldSize: 100,
    headerPairs: 20,
  }
  const seen = new Set<string>()
  const errors: FieldError[] = []
  let said: string | undefined
  let name: string | undefined
  for await (const part of request.parts({ limits })) {
    const problem = faultOf(part, seen)
    if (problem !== null) errors.push({ field: part.fieldname.slice(0, 100), problem })
    seen.add(part.fieldname)
    if (part.type === 'file') {
      for await (const chunk of part.file) if (problem === null) parts.add(chunk)
      if (part.file.truncated) throw problemFromRefusal('file_too_large', { mostBytes })
      if (problem === null) name = part.filename
    } else if (problem === null) said = String(part.value)
  }
  parts.finish()
  for (const field of ['purpose', 'file']) if (!seen.has(field)) errors.push({ field, problem: 'is missing' })
  const purpose = PURPOSES.find((one) => one === said)
  if (said !== undefined && purpose === undefined)
    errors.push({ field: 'purpose', problem: `is none of ${PURPOSES.join(', ')}` })
  if (errors.length === 0 && parts.bytes === 0) errors.push({ field: 'file', problem: 'is empty' })
  if (errors.length > 0 || purpose === undefined) throw new Problem('invalid_request', {}, errors)
  return { purpose, name, parts }
}

/** What is wrong with a part of the form, if anything. */
function faultOf(part: Multipart, seen: Set<string>): string | null {
  const { fieldname, type } = part
  if (fieldname !== 'purpose' && fieldname !== 'file') return 'is not a field of this request'
  if (seen.has(fieldname)) return 'is there twice'
  if (fieldname === 'file') return type === 'file' ? null : 'is not a file: it has no file name'
  return type === 'file' ? 'is a file' : part.valueTruncated ? 'is too long' : null
}

/** What the reader of forms throws: errors with its own codes, and plain ones for what it cannot read. */
function isBadForm(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof Problem) return false
  return error.constructor === Error || ('code' in error && /^FST_/.test(String(error.code)))
}
