import { createHash } from 'node:crypto'
import sharp from 'sharp'
import type { Answer, Person } from '../support/market.ts'

export type Upload = { purpose?: string; name?: string; type?: string; key?: string }

/** Uploads bytes as a browser would, over real HTTP. */
export async function upload(
  url: string,
  person: Person,
  content: Buffer | string,
  { purpose = 'evidence', name = 'file', type = 'application/octet-stream', key }: Upload = {},
): Promise<Answer> {
  const form = new FormData()
  form.append('purpose', purpose)
  form.append(
    'file',
    new Blob([typeof content === 'string' ? content : new Uint8Array(content)], { type }),
    name,
  )
  const headers = { ...person.headers(), ...(key === undefined ? {} : { 'idempotency-key': key }) }
  const response = await fetch(`${url}/v1/files`, { method: 'POST', headers, body: form })
  return { status: response.status, body: await response.json(), headers: response.headers }
}

/** What a person gets of a file. */
export async function download(url: string, person: Person, path: string) {
  const response = await fetch(url + path, { headers: person.headers() })
  return {
    status: response.status,
    headers: response.headers,
    bytes: Buffer.from(await response.arrayBuffer()),
  }
}

/** A text of exactly so many bytes, not all the same. */
export function textOf(bytes: number): Buffer {
  const line = Array.from(
    { length: 64 },
    (_, i) => `${i} lines of what was said, and not one of them twice\n`,
  )
  return Buffer.alloc(bytes, line.join(''))
}

/** A picture of one colour. */
export function picture(width: number, height: number, colour = '#3a6ea5') {
  return sharp({ create: { width, height, channels: 3, background: colour } })
}

export const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')
