import { createHash } from 'node:crypto'
import type { Place } from '../sealing/index.ts'

/** A file is sealed in parts of so many bytes; the last one is shorter. fairlock.guard_whole_file counts them. */
export const PART_BYTES = 1024 * 1024

export type PartName = { readonly file: string; readonly isThumbnail: boolean; readonly number: number }

/**
 * Where a part lives. Its id is made from the file, the kind and the number, as fairlock.part_id makes it, and is
 * authenticated with what is sealed: a part that is put into another place or file cannot be opened there.
 */
export function placeOfPart({ file, isThumbnail, number }: PartName): Place {
  const hash = createHash('sha256').update(`${file} ${isThumbnail ? 'thumbnail' : 'original'} ${number}`)
  const row = hash
    .digest('hex')
    .slice(0, 32)
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  return { table: 'fairlock.file_parts', column: 'content', row }
}

/** Collects bytes as they arrive, in parts of exactly `PART_BYTES` each but for the last one. */
export class Parts {
  readonly all: Buffer[] = []
  bytes = 0
  #filled = PART_BYTES

  /** Takes a copy: the chunks of a connection are pieces of larger buffers. */
  add(chunk: Buffer): void {
    this.bytes += chunk.length
    for (let at = 0; at < chunk.length; ) {
      if (this.#filled === PART_BYTES) {
        this.all.push(Buffer.allocUnsafeSlow(PART_BYTES))
        this.#filled = 0
      }
      const copied = chunk.copy(this.all.at(-1)!, this.#filled, at)
      this.#filled += copied
      at += copied
    }
  }

  /** Cuts the last part to its length; nothing may be added after this. */
  finish(): void {
    const last = this.all.pop()
    if (last !== undefined) this.all.push(last.subarray(0, this.#filled))
  }

  /** The last bytes, at most `length` of them. */
  tail(length: number): Buffer {
    const [last, before] = [this.all.at(-1), this.all.at(-2)]
    if (last === undefined) return Buffer.alloc(0)
    const both = last.length >= length || before === undefined ? last : Buffer.concat([before, last])
    return both.subarray(Math.max(0, both.length - length))
  }
}
