import { NODE_BYTES, type Node, parentNode, writeNode } from './encoding.ts'

/** Neighbours of a level that are stored in one row. */
export const CHUNK = 32
/** A smaller tree would say too exactly how few people have something. */
const LEAST_LEAVES = 16

/** How many leaves the tree of so many people has: the next power of two, so that every way to the root is as long. */
export function leavesFor(people: number): number {
  let leaves = LEAST_LEAVES
  while (leaves < people) leaves *= 2
  return leaves
}

/**
 * Builds a tree from its leaves, one after the other, in memory that grows with its height alone. Hands out the nodes of
 * each level in rows of `CHUNK`. `size` is a power of two, and the number of leaves that will come.
 */
export class TreeBuilder {
  readonly #size: number
  readonly #emit: (level: number, chunk: number, nodes: Buffer) => void
  /** Of each level: the row that is being filled, how many nodes have come, and the one that waits for its neighbour. */
  readonly #levels: { row: Buffer; count: number; left: Node | null }[] = []
  #top: Node | null = null

  constructor(size: number, emit: (level: number, chunk: number, nodes: Buffer) => void = () => undefined) {
    this.#size = size
    this.#emit = emit
    for (let nodes = size; nodes >= 1; nodes /= 2) {
      this.#levels.push({ row: Buffer.alloc(Math.min(nodes, CHUNK) * NODE_BYTES), count: 0, left: null })
    }
  }

  add(leaf: Node): void {
    let node = leaf
    for (const [level, state] of this.#levels.entries()) {
      const place = state.count % CHUNK
      writeNode(state.row, place * NODE_BYTES, node)
      state.count++
      if ((place + 1) * NODE_BYTES === state.row.length) {
        this.#emit(level, Math.floor((state.count - 1) / CHUNK), Buffer.from(state.row))
      }
      if (state.left === null && level < this.#levels.length - 1) {
        state.left = node
        return
      }
      if (state.left !== null) {
        node = parentNode(state.left, node)
        state.left = null
      }
    }
    this.#top = node
  }

  /** The node above all; every leaf has to have come. */
  top(): Node {
    if (this.#top === null) throw new Error(`the tree of ${this.#size} leaves is not whole yet`)
    return this.#top
  }
}
