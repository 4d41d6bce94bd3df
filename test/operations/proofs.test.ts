import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { hash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { emptyLeaf, leafNode, type Node, parentNode } from '../../src/operations/liabilities/encoding.ts'
import { judge, type Proof } from '../../src/operations/liabilities/proof.ts'
import { check, leavesOf, proofOf, proofsOf, published, signed } from './trees.ts'

// Two verifiers that share nothing, `fairlock liabilities verify` and scripts/verify-liabilities.mjs, say the same of
// whatever they are shown: that is half of each promise here.

const holds = (proof: Proof): boolean => {
  const [mine, script] = [judge(proof).wrong, check(proof)]
  assert.equal(mine.length === 0, script.ok, `the verifiers disagree: ${mine.join('; ')} / ${script.wrong}`)
  return script.ok
}

const units = fc.bigInt({ min: 0n, max: 10n ** 20n - 1n })
const people = (most: number) => fc.array(fc.tuple(units, units), { minLength: 1, maxLength: most })

test('every leaf of a tree of 1 to 200 people leads to its root, and the total is what they have', () => {
  const larger = fc.sample(fc.integer({ min: 34, max: 199 }), 12)
  for (const count of [...Array.from({ length: 33 }, (_, i) => i + 1), ...larger, 200]) {
    const amounts = fc.sample(fc.tuple(units, units), count)
    const proofs = proofsOf(leavesOf(amounts))
    const total = amounts.reduce((sum, [available, held]) => sum + available + held, 0n)
    assert.equal(BigInt(proofs[0]!.snapshot.trees[0]!.total.replace('.', '')), total)
    // All of them where the tree is small or as large as it gets, else the outermost and one between.
    const all = count <= 17 || count === 200
    const looked = all ? proofs : [proofs[0]!, proofs[count >> 1]!, proofs[count - 1]!]
    for (const proof of looked) assert.ok(holds(proof), `${count} people`)
  }
})

/** Every place in a proof that holds something, as a path of names. */
function placesOf(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([name, inner]) => placesOf(inner, [...path, name]))
}

function changed(proof: Proof, place: (string | number)[], how: number): Proof {
  const copy = structuredClone(proof)
  // biome-ignore lint/suspicious/noExplicitAny: whatever is there is to be changed
  let owner: any = copy
  for (const name of place.slice(0, -1)) owner = owner[name]
  const name = place.at(-1)!
  const was = owner[name]
  if (typeof was === 'number') owner[name] = was + (how % 2 === 0 || was === 0 ? 1 : -1)
  else {
    const at = how % was.length
    const other = was[at] === '7' ? '8' : '7'
    owner[name] = was.slice(0, at) + other + was.slice(at + 1)
  }
  return copy
}

test('a change of any digit of any field is found', () => {
  fc.assert(
    fc.property(people(40), fc.nat(), fc.nat(), fc.nat(), (amounts, who, where, how) => {
      const proofs = proofsOf(leavesOf(amounts))
      const proof = proofs[who % proofs.length]!
      const places = placesOf(proof)
      assert.equal(holds(changed(proof, places[where % places.length]!, how)), false)
    }),
    { numRuns: 200 },
  )
})

test('another order, a missing or doubled neighbour, a leaf, path or snapshot of somebody else are found', () => {
  fc.assert(
    fc.property(people(40), fc.nat(), fc.nat(), (amounts, who, where) => {
      const proofs = proofsOf(leavesOf([...amounts, [1n, 0n]]))
      const proof = proofs[who % proofs.length]!
      const another = proofs[(who + 1) % proofs.length]!
      const at = where % (proof.path.length - 1)
      const path = proof.path
      const swapped = [...path.slice(0, at), path[at + 1]!, path[at]!, ...path.slice(at + 2)]
      const elsewhere = proofsOf(leavesOf([[5n, 5n]]))[0]!
      for (const wrong of [
        { ...proof, path: swapped },
        { ...proof, path: path.toSpliced(at, 1) },
        { ...proof, path: path.toSpliced(at, 0, path[at]!) },
        { ...proof, leaf: another.leaf },
        { ...proof, path: another.path },
        { ...proof, snapshot: elsewhere.snapshot },
        { ...proof, currency: 'ZZZ' },
        { ...proof, leaf: { ...proof.leaf, userId: another.leaf.userId } },
        { ...proof, leaf: { ...proof.leaf, available: proof.leaf.held, held: proof.leaf.available } },
      ]) {
        const isSame = JSON.stringify(wrong) === JSON.stringify(proof)
        assert.equal(holds(wrong), isSame)
      }
    }),
    { numRuns: 30 },
  )
})

test('what is no proof is refused, not crashed upon', () => {
  const proof = proofsOf(leavesOf([[1n, 2n]]))[0]!
  for (const wrong of [
    { ...proof, path: undefined },
    { ...proof, leaf: undefined },
    { ...proof, snapshot: { ...proof.snapshot, trees: undefined } },
    { ...proof, leaf: { ...proof.leaf, available: '-0.00000001' } },
    { ...proof, leaf: { ...proof.leaf, available: '1e3' } },
    { ...proof, leaf: { ...proof.leaf, available: 1 } },
    { ...proof, leaf: { ...proof.leaf, position: -1 } },
    { ...proof, leaf: { ...proof.leaf, position: 0.5 } },
    { ...proof, format: 'fairlock liabilities proof 2' },
  ]) {
    assert.equal(holds(wrong as unknown as Proof), false)
  }
})

/** A tree of four that the operator makes as they like: each level's nodes are given, nothing is added up for them. */
function fourLeaves(nodes: Node[], above: [Node, Node], top: Node, size = 4) {
  const snapshot = published('BTC', size, top)
  const path = (position: number) => [nodes[position ^ 1]!, above[position >> 1 === 0 ? 1 : 0]]
  return { snapshot, path }
}

test('an operator who leaves somebody out, or counts them with less, is found by them', () => {
  const [ada, ben, cleo, dan] = leavesOf([
    [500n, 0n],
    [300n, 20n],
    [500n, 0n],
    [1n, 0n],
  ])
  // Cleo, who has as much as Ada, is given Ada's leaf: it says Ada's id, and does not hold with her own.
  const honest = proofsOf([ada!, ben!, dan!])
  assert.ok(holds(honest[0]!))
  assert.notEqual(honest[0]!.leaf.userId, cleo!.userId)
  assert.equal(holds({ ...honest[0]!, leaf: { ...honest[0]!.leaf, userId: cleo!.userId } }), false)
  // Ben is counted with less, and shown what he has.
  const lowered = proofsOf([ada!, { ...ben!, available: 30n }, cleo!, dan!])
  assert.equal(holds({ ...lowered[1]!, leaf: { ...lowered[1]!.leaf, available: '0.00000300' } }), false)
})

test('a leaf below zero, also one that wraps around, is found by whoever is beside it or below', () => {
  const [ada, ben, cleo] = leavesOf([
    [500n, 0n],
    [300n, 0n],
    [200n, 0n],
  ])
  assert.throws(() => leafNode({ ...ada!, available: -5n }), RangeError)
  const hole: Node = { hash: randomBytes(32), sum: 2n ** 128n - 400n }
  const nodes = [leafNode(ada!), hole, leafNode(ben!), leafNode(cleo!)]
  // The sum that the operator wants: 500 - 400, as if 2^128 were nothing.
  const left = { ...parentNode(nodes[0]!, hole), sum: 100n }
  const right = parentNode(nodes[2]!, nodes[3]!)
  const { snapshot, path } = fourLeaves(nodes, [left, right], parentNode(left, right))
  assert.equal(holds(proofOf(snapshot, 'BTC', ada!, 0, path(0))), false)
  const shown = proofOf(snapshot, 'BTC', ada!, 0, path(0))
  assert.equal(holds({ ...shown, path: [{ ...shown.path[0]!, sum: '-0.00000400' }, shown.path[1]!] }), false)
  assert.ok(
    holds(proofOf(snapshot, 'BTC', ben!, 2, path(2))),
    'the others do not see it: everybody has to look',
  )
})

test('the larger of two sums in place of both (Broken Proofs of Solvency) is found by the other', () => {
  const [ada, ben] = leavesOf([
    [500n, 0n],
    [300n, 0n],
  ])
  const [a, b] = [leafNode(ada!), leafNode(ben!)]
  const rest = [emptyLeaf(randomBytes(32)), emptyLeaf(randomBytes(32))] as const
  const right = parentNode(...rest)
  // Ada is shown a neighbour of nothing, Ben one of 200: the sum is 500 for both.
  const left = parentNode(a, { ...b, sum: 0n })
  const { snapshot } = fourLeaves([a, b, ...rest], [left, right], parentNode(left, right))
  assert.ok(holds(proofOf(snapshot, 'BTC', ada!, 0, [{ ...b, sum: 0n }, right])))
  for (const sum of [0n, 200n, 500n]) {
    assert.equal(holds(proofOf(snapshot, 'BTC', ben!, 1, [{ ...a, sum }, right])), false)
  }
})

test('one head is of one moment: a time that is no text is hashed as nothing, and refused', () => {
  const proof = proofsOf(leavesOf([[1n, 0n]]))[0]!
  const { id, number, previous, trees } = proof.snapshot
  // What the script would hash for a list with any one text in it: a single zero byte.
  const head = hash(
    'sha256',
    Buffer.concat([
      Buffer.from([3]),
      Buffer.from(id.replaceAll('-', ''), 'hex'),
      uint64(number),
      Buffer.from([0]),
      Buffer.from(previous, 'hex'),
      uint64(trees.length),
      ...trees.flatMap(({ currency, leaves, total, root }) => [
        Buffer.from(currency.padEnd(16, '\0')),
        uint64(leaves),
        Buffer.from(BigInt(total.replace('.', '')).toString(16).padStart(32, '0'), 'hex'),
        Buffer.from(root, 'hex'),
      ]),
    ]),
    'buffer',
  )
  for (const asOf of ['2026-11-23T04:42:16.000000Z', '2027-01-01T00:00:00.000000Z']) {
    const forged = { ...proof, snapshot: { ...proof.snapshot, ...signed(head), asOf: [asOf] as never } }
    assert.ok(!holds(forged), asOf)
  }
})

const uint64 = (value: number) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

test('the program for people: plain words, and exit codes 0, 1 and 2', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlock-proof-'))
  const file = join(folder, 'proof.json')
  const script = fileURLToPath(new URL('../../scripts/verify-liabilities.mjs', import.meta.url))
  const run = (...args: string[]) => spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' })
  try {
    const proof = proofsOf(leavesOf([[150000000n, 1n]]))[0]!
    writeFileSync(file, JSON.stringify(proof))
    const good = run(file, '--root', proof.snapshot.head)
    assert.equal(good.status, 0, good.stdout + good.stderr)
    assert.match(
      good.stdout,
      /PROVEN\nThe person .* is counted with 1\.50000000 BTC available and 0\.00000001 in escrow/,
    )
    assert.match(good.stdout, /not proven: that others are counted.*HAS the\s+coins/is)
    const foreign = run(file, '--root', '00'.repeat(32))
    assert.equal(foreign.status, 1)
    assert.match(foreign.stdout, /NOT PROVEN: the root you got elsewhere is another/)
    assert.equal(run(file, '--root', 'short').status, 2)
    // Through a link, as below /tmp on some systems, it is the same program.
    const link = join(folder, 'link.mjs')
    symlinkSync(script, link)
    const linked = spawnSync(process.execPath, [link, file, '--root', '00'.repeat(32)], { encoding: 'utf8' })
    assert.deepEqual([linked.status, linked.stdout], [1, foreign.stdout])
    // A file cannot write its own verdict onto the screen.
    const wipe = '\u001B[2J\u001B[HPROVEN\u009B8m'
    writeFileSync(file, JSON.stringify({ ...proof, currency: wipe }))
    const wiped = run(file)
    assert.equal(wiped.status, 1)
    writeFileSync(file, `${wipe}x`)
    for (const text of [wiped.stdout, run(file).stderr]) assert.doesNotMatch(text, /[^\P{Cc}\n]/u)
    assert.equal(run(join(folder, 'missing.json')).status, 2)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
