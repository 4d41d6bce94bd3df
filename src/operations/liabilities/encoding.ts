import { hash } from 'node:crypto'

// The form of everything that is hashed. docs/operating/liabilities.md describes it, scripts/verify-liabilities.mjs has it
// a second time: whoever changes one changes all three, and the name of the format.

export const PROOF_FORMAT = 'fairlock liabilities proof 1'

/** What is hashed begins with one of these, so that nothing can pass for something of another kind. */
const LEAF = 0x00
const NODE = 0x01
const ROOT = 0x02
const HEAD = 0x03

export const HASH_BYTES = 32
export const SUM_BYTES = 16
/** A node as it is stored: its hash, then its sum. */
export const NODE_BYTES = HASH_BYTES + SUM_BYTES
/** What the first snapshot has in place of the head of the one before. */
export const NO_PREVIOUS = '00'.repeat(HASH_BYTES)
const CURRENCY_BYTES = 16
const TIME_BYTES = 27

/** A node of the tree: its hash, and what lies below it in whole units of the 8th decimal. */
export type Node = { readonly hash: Buffer; readonly sum: bigint }
export type Leaf = {
  readonly userId: string
  /** 32 random bytes. */
  readonly nonce: Buffer
  readonly available: bigint
  readonly held: bigint
}
/** What is published of a tree. */
export type TreeHead = {
  readonly currency: string
  readonly leaves: number
  readonly total: bigint
  readonly root: Buffer
}
export type SnapshotFacts = {
  readonly id: string
  readonly number: number
  /** To the microsecond: 2026-11-23T04:42:16.000000Z. */
  readonly asOf: string
  readonly previous: Buffer
  readonly trees: readonly TreeHead[]
}

/** The leaf of somebody who has something. The nonce keeps others from guessing who and how much. */
export function leafNode({ userId, nonce, available, held }: Leaf): Node {
  requireLength(nonce, HASH_BYTES)
  const bytes = Buffer.alloc(1 + 32 + 16 + 2 * SUM_BYTES)
  bytes[0] = LEAF
  nonce.copy(bytes, 1)
  uuidBytes(userId).copy(bytes, 33)
  writeSum(bytes, 49, available)
  writeSum(bytes, 65, held)
  return { hash: sha256(bytes), sum: available + held }
}

/** A leaf of nothing: random bytes that nobody knows anything of. It adds nothing to any sum. */
export function emptyLeaf(random: Buffer): Node {
  return { hash: random, sum: 0n }
}

/** The node above two. It commits to the sum of each: to their total alone a liar could show each child another split. */
export function parentNode(left: Node, right: Node): Node {
  const bytes = Buffer.alloc(1 + 2 * NODE_BYTES)
  bytes[0] = NODE
  writeNode(bytes, 1, left)
  writeNode(bytes, 1 + NODE_BYTES, right)
  return { hash: sha256(bytes), sum: left.sum + right.sum }
}

/** The root that is published: the top of the tree with what it is the top of. */
export function rootHash(snapshotId: string, currency: string, leaves: number, top: Node): Buffer {
  return sha256(
    Buffer.concat([
      Buffer.from([ROOT]),
      uuidBytes(snapshotId),
      currencyBytes(currency),
      uint64(leaves),
      sumBytes(top.sum),
      top.hash,
    ]),
  )
}

/** The head of a snapshot: everything that is published of it, and the head before. */
export function headHash({ id, number, asOf, previous, trees }: SnapshotFacts): Buffer {
  const time = Buffer.from(asOf, 'ascii')
  if (time.length !== TIME_BYTES) throw new RangeError(`${asOf} is not a time to the microsecond`)
  return sha256(
    Buffer.concat([
      Buffer.from([HEAD]),
      uuidBytes(id),
      uint64(number),
      time,
      previous,
      uint64(trees.length),
      ...trees.flatMap((tree) => [
        currencyBytes(tree.currency),
        uint64(tree.leaves),
        sumBytes(tree.total),
        tree.root,
      ]),
    ]),
  )
}

/** A decimal string with exactly 8 decimals, not below zero, in whole units of the last. */
export function unitsOf(text: string): bigint {
  if (!/^(?:0|[1-9]\d*)\.\d{8}$/.test(text)) throw new RangeError(`${text} is not an amount with 8 decimals`)
  return BigInt(text.replace('.', ''))
}

/** The decimal string of whole units. */
export function decimalOf(units: bigint): string {
  const digits = units.toString().padStart(9, '0')
  return `${digits.slice(0, -8)}.${digits.slice(-8)}`
}

/** Writes a node in the form in which it is stored and hashed. */
export function writeNode(bytes: Buffer, offset: number, { hash, sum }: Node): void {
  hash.copy(bytes, offset)
  writeSum(bytes, offset + HASH_BYTES, sum)
}

/** Reads what `writeNode` wrote. */
export function readNode(bytes: Buffer, offset = 0): Node {
  return {
    hash: Buffer.from(bytes.subarray(offset, offset + HASH_BYTES)),
    sum: (bytes.readBigUInt64BE(offset + HASH_BYTES) << 64n) | bytes.readBigUInt64BE(offset + HASH_BYTES + 8),
  }
}

/** How many levels lie above the leaves of a tree; `leaves` is a power of two. */
export function heightOf(leaves: number): number {
  const height = Math.log2(leaves)
  if (!Number.isInteger(height) || height > 31) throw new RangeError(`a tree cannot have ${leaves} leaves`)
  return height
}

function requireLength(bytes: Buffer, length: number): void {
  if (bytes.length !== length) throw new RangeError(`${bytes.length} bytes where ${length} belong`)
}

/** 16 bytes, the highest first. Nothing is below zero here, and nothing can overflow into another's sum. */
function writeSum(bytes: Buffer, offset: number, sum: bigint): void {
  if (sum < 0n || sum >> 128n !== 0n) throw new RangeError(`${sum} cannot be a sum`)
  bytes.writeBigUInt64BE(sum >> 64n, offset)
  bytes.writeBigUInt64BE(sum & 0xffff_ffff_ffff_ffffn, offset + 8)
}

function sumBytes(sum: bigint): Buffer {
  const bytes = Buffer.alloc(SUM_BYTES)
  writeSum(bytes, 0, sum)
  return bytes
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

function uuidBytes(id: string): Buffer {
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex')
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) throw new RangeError(`${id} is not an id`)
  return bytes
}

function currencyBytes(code: string): Buffer {
  if (!/^[A-Z0-9]{2,10}$/.test(code)) throw new RangeError(`${code} is not a currency`)
  const bytes = Buffer.alloc(CURRENCY_BYTES)
  bytes.write(code, 'ascii')
  return bytes
}

const sha256 = (bytes: Buffer): Buffer => hash('sha256', bytes, 'buffer')
