import { hash } from 'node:crypto'
import { isSignedBy } from '../../audit/index.ts'
import {
  decimalOf,
  headHash,
  heightOf,
  leafNode,
  type Node,
  PROOF_FORMAT,
  parentNode,
  rootHash,
  unitsOf,
} from './encoding.ts'

/** What is public of a snapshot, on the wire. */
export type PublishedSnapshot = {
  id: string
  number: number
  asOf: string
  previous: string
  head: string
  keyId: string
  publicKey: string
  signature: string
  trees: { currency: string; leaves: number; total: string; root: string }[]
}

/** A person's way from their leaf to the root, as the API answers it and the verifiers read it. */
export type Proof = {
  format: string
  snapshot: PublishedSnapshot
  currency: string
  leaf: { position: number; userId: string; nonce: string; available: string; held: string }
  /** The neighbours on the way up, the leaf's own first. */
  path: { hash: string; sum: string }[]
}

/** What a proof shows: `wrong` is empty when it holds. */
export type Judgement = { wrong: string[]; root: string | null; total: string | null }

/** Judges a proof by itself, with nothing but what it says. */
export function judge(proof: Proof): Judgement {
  const found: Judgement = { wrong: [], root: null, total: null }
  try {
    judgeTree(proof, found)
    found.wrong.push(...judgeSnapshot(proof.snapshot))
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error
    found.wrong.push(`it is not of the form of a proof: ${error.message}`)
  }
  return found
}

function judgeTree({ format, snapshot, currency, leaf, path }: Proof, found: Judgement): void {
  if (format !== PROOF_FORMAT) throw new RangeError(`its format is not "${PROOF_FORMAT}"`)
  const trees = snapshot.trees.filter((tree) => tree.currency === currency)
  const tree = trees[0]
  if (tree === undefined || trees.length > 1) throw new RangeError(`it has not one tree of ${currency}`)
  if (path.length !== heightOf(tree.leaves)) found.wrong.push('the path is not as long as the tree is high')
  if (!Number.isSafeInteger(leaf.position) || leaf.position < 0 || leaf.position >= tree.leaves) {
    found.wrong.push('the leaf is at a place that the tree does not have')
  }
  let node: Node = leafNode({
    userId: leaf.userId,
    nonce: bytesOf(leaf.nonce, 32),
    available: unitsOf(leaf.available),
    held: unitsOf(leaf.held),
  })
  for (const [level, step] of path.entries()) {
    const beside: Node = { hash: bytesOf(step.hash, 32), sum: unitsOf(step.sum) }
    const isRight = Math.floor(leaf.position / 2 ** level) % 2 === 1
    node = isRight ? parentNode(beside, node) : parentNode(node, beside)
  }
  found.total = decimalOf(node.sum)
  found.root = rootHash(snapshot.id, currency, tree.leaves, node).toString('hex')
  if (node.sum !== unitsOf(tree.total)) {
    found.wrong.push(`the sums add up to ${found.total}, but ${tree.total} is published`)
  }
  if (found.root !== tree.root) found.wrong.push('the path does not lead to the published root')
}

/** What is wrong about a snapshot by itself: whether its head and its signature fit what it says. */
export function judgeSnapshot(snapshot: PublishedSnapshot): string[] {
  const wrong: string[] = []
  const codes = snapshot.trees.map(({ currency }) => currency)
  if (codes.some((code, index) => index > 0 && code <= codes[index - 1]!)) {
    wrong.push('its currencies are not in order, each once')
  }
  const head = headHash({
    id: snapshot.id,
    number: snapshot.number,
    asOf: snapshot.asOf,
    previous: bytesOf(snapshot.previous, 32),
    trees: snapshot.trees.map(({ currency, leaves, total, root }) => ({
      currency,
      leaves,
      total: unitsOf(total),
      root: bytesOf(root, 32),
    })),
  }).toString('hex')
  if (head !== snapshot.head) wrong.push('the head is not the hash of what is published')
  if (keyIdOf(bytesOf(snapshot.publicKey, 32)) !== snapshot.keyId) wrong.push('the key has another id')
  bytesOf(snapshot.signature, 64)
  if (!isSignedBy(snapshot.publicKey, snapshot.head, snapshot.signature)) {
    wrong.push('the signature is not one of this head by this key')
  }
  return wrong
}

const keyIdOf = (publicKey: Buffer) => hash('sha256', publicKey, 'hex').slice(0, 16)

function bytesOf(hex: string, length: number): Buffer {
  if (typeof hex !== 'string' || !/^[0-9a-f]*$/.test(hex) || hex.length !== 2 * length) {
    throw new RangeError(`not ${length} bytes in lower-case hexadecimal digits: ${String(hex).slice(0, 140)}`)
  }
  return Buffer.from(hex, 'hex')
}
