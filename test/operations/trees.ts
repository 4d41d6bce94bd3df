import { generateKeyPairSync, hash, type KeyObject, randomBytes, sign } from 'node:crypto'
import {
  decimalOf,
  emptyLeaf,
  headHash,
  type Leaf,
  leafNode,
  NO_PREVIOUS,
  NODE_BYTES,
  type Node,
  PROOF_FORMAT,
  readNode,
  rootHash,
} from '../../src/operations/liabilities/encoding.ts'
import type { Proof } from '../../src/operations/liabilities/proof.ts'
import { CHUNK, leavesFor, TreeBuilder } from '../../src/operations/liabilities/tree.ts'
import { newId } from '../../src/platform/index.ts'

type Verdict = { ok: boolean; wrong: string | null; root: string | null; head: string | null }
/** The verifier that people run: written a second time, knows nothing of src/. */
export const { check } = (await import(
  new URL('../../scripts/verify-liabilities.mjs', import.meta.url).href
)) as { check: (proof: unknown, expected?: string | null) => Verdict }

const pair = generateKeyPairSync('ed25519')
const rawKey = (key: KeyObject) => key.export({ format: 'der', type: 'spki' }).subarray(-32)

/** People with what they have, in units. */
export function leavesOf(amounts: [available: bigint, held: bigint][]): Leaf[] {
  return amounts.map(([available, held]) => ({ userId: newId(), nonce: randomBytes(32), available, held }))
}

/** Everybody's proof of a tree over these leaves, with a second currency beside it. */
export function proofsOf(leaves: Leaf[], currency = 'BTC'): Proof[] {
  const size = leavesFor(leaves.length)
  const rows = new Map<string, Buffer>()
  const builder = new TreeBuilder(size, (level, chunk, nodes) => rows.set(`${level} ${chunk}`, nodes))
  for (const leaf of leaves) builder.add(leafNode(leaf))
  for (let i = leaves.length; i < size; i++) builder.add(emptyLeaf(randomBytes(32)))
  const node = (level: number, index: number) =>
    readNode(rows.get(`${level} ${Math.floor(index / CHUNK)}`)!, (index % CHUNK) * NODE_BYTES)
  const snapshot = published(currency, size, builder.top())
  return leaves.map((leaf, position) => {
    const path: Node[] = []
    for (let level = 0; size >> level > 1; level++) path.push(node(level, (position >> level) ^ 1))
    return proofOf(snapshot, currency, leaf, position, path)
  })
}

/** A proof in its form on the wire; nothing is checked. */
export function proofOf(
  snapshot: Proof['snapshot'],
  currency: string,
  leaf: Leaf,
  position: number,
  path: Node[],
): Proof {
  return {
    format: PROOF_FORMAT,
    snapshot,
    currency,
    leaf: {
      position,
      userId: leaf.userId,
      nonce: leaf.nonce.toString('hex'),
      available: decimalOf(leaf.available),
      held: decimalOf(leaf.held),
    },
    path: path.map(({ hash: bytes, sum }) => ({ hash: bytes.toString('hex'), sum: decimalOf(sum) })),
  }
}

/** What an operator publishes over the top of a tree, rightly signed whatever it is. */
export function published(currency: string, size: number, top: Node): Proof['snapshot'] {
  const facts = { id: newId(), number: 3, asOf: '2026-11-23T04:42:16.123456Z' }
  const other = { currency: 'ZZZ', leaves: 16, total: 7n, root: randomBytes(32) }
  const root = rootHash(facts.id, currency, size, top)
  const trees = [{ currency, leaves: size, total: top.sum, root }, other]
  const head = headHash({ ...facts, previous: Buffer.from(NO_PREVIOUS, 'hex'), trees })
  return {
    ...facts,
    previous: NO_PREVIOUS,
    ...signed(head),
    trees: trees.map((tree) => ({
      ...tree,
      total: decimalOf(tree.total),
      root: tree.root.toString('hex'),
    })),
  }
}

/** A head with the operator's signature. */
export function signed(head: Buffer): Pick<Proof['snapshot'], 'head' | 'keyId' | 'publicKey' | 'signature'> {
  const publicKey = rawKey(pair.publicKey)
  return {
    head: head.toString('hex'),
    keyId: hash('sha256', publicKey, 'hex').slice(0, 16),
    publicKey: publicKey.toString('hex'),
    signature: sign(null, head, pair.privateKey).toString('hex'),
  }
}
