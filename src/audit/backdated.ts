import type { BlockHeader } from './encoding.ts'

/** How long a transaction may go on after it has written a row, and how far clocks of two machines may be apart. */
const ALLOWED_MS = 3_600_000

/**
 * Finds rows that were written later than they say. A block that took all there was proves that whatever is sealed after
 * it was not there yet; a row that says it is older was put there with a time of somebody's choice. Blocks that stopped
 * at their most rows prove nothing: a worker that was away for days makes many of them at once.
 */
export class Backdated {
  #provenMs = Number.NEGATIVE_INFINITY

  /** The time that no row sealed now may be before: of a block, or of what is in none yet. */
  earliest(block?: BlockHeader): string {
    const sealedMs = block === undefined ? Number.POSITIVE_INFINITY : Date.parse(block.sealedAt)
    // When the clock has been set back the block itself says so, and its rows are right to be as old as it is.
    const limit = Math.min(this.#provenMs, sealedMs) - ALLOWED_MS
    return Number.isFinite(limit) ? new Date(limit).toISOString() : ''
  }

  /** Goes on behind a block. */
  passed(block: BlockHeader): void {
    const sealedMs = Date.parse(block.sealedAt)
    if (block.toId === '0' && Number.isFinite(sealedMs)) this.#provenMs = sealedMs
  }
}
