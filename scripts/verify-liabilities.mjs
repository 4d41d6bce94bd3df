#!/usr/bin/env node
// Checks a proof of liabilities of Fairlock: that what one person has is counted in the total that the operator published.
// Needs Node.js 20 or newer, nothing else: no package, no network, no part of Fairlock. Read it before you run it.
//
//   node verify-liabilities.mjs proof.json [--root HASH]
//
// Exit code 0: the proof holds. 1: it does not. 2: it could not be checked (usage, file).
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync, realpathSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const USAGE = `usage: node verify-liabilities.mjs proof.json [--root HASH]

proof.json  the answer of GET /v1/me/liabilities/latest?currency=BTC, saved as it came
--root      the root or the head of the snapshot as you got it from somebody else: it has to be the same`

const MOST = 2n ** 128n

class Wrong extends Error {}

function need(isSo, sentence) {
  if (!isSo) throw new Wrong(sentence)
}

function sha256(...parts) {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** Numbers are big-endian, and never below zero. */
function number(value, bytes) {
  need(value >= 0n && value < 1n << BigInt(8 * bytes), `${value} does not fit into ${bytes} bytes`)
  return Buffer.from(value.toString(16).padStart(2 * bytes, '0'), 'hex')
}

function hex(text, bytes, name) {
  need(typeof text === 'string' && /^[0-9a-f]*$/.test(text), `${name} is not lower-case hexadecimal`)
  need(text.length === 2 * bytes, `${name} has not ${bytes} bytes`)
  return Buffer.from(text, 'hex')
}

function uuid(text, name) {
  need(
    typeof text === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text),
    `${name} is not an id`,
  )
  return Buffer.from(text.split('-').join(''), 'hex')
}

/** "1.50000000" in units of 0.00000001. A minus sign, fewer decimals or anything else is refused. */
function units(text, name) {
  need(
    typeof text === 'string' && /^(0|[1-9][0-9]*)\.[0-9]{8}$/.test(text),
    `${name} is not an amount with 8 decimals`,
  )
  const value = BigInt(text.replace('.', ''))
  need(value < MOST, `${name} is too large`)
  return value
}

function count(value, name) {
  need(Number.isSafeInteger(value) && value >= 0, `${name} is not a whole number`)
  return value
}

function currencyCode(text) {
  need(typeof text === 'string' && /^[A-Z0-9]{2,10}$/.test(text), 'a currency is not one')
  return Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(16 - text.length)])
}

/** From the leaf to the top. Gives the top's hash and sum. */
function climb({ leaf, path }, leaves) {
  const place = count(leaf.position, 'the position of the leaf')
  need(place < leaves, 'the leaf is at a place that the tree does not have')
  need(Array.isArray(path) && 2 ** path.length === leaves, 'the path is not as long as the tree is high')
  const available = units(leaf.available, 'available')
  const held = units(leaf.held, 'held')
  let hash = sha256(
    Buffer.of(0),
    hex(leaf.nonce, 32, 'the nonce'),
    uuid(leaf.userId, 'userId'),
    number(available, 16),
    number(held, 16),
  )
  let sum = available + held
  let index = place
  for (const [level, step] of path.entries()) {
    need(sum < MOST, `the sum on level ${level} is too large`)
    const mine = Buffer.concat([hash, number(sum, 16)])
    const besideSum = units(step.sum, `the sum beside level ${level}`)
    const beside = Buffer.concat([
      hex(step.hash, 32, `the hash beside level ${level}`),
      number(besideSum, 16),
    ])
    hash = index % 2 === 0 ? sha256(Buffer.of(1), mine, beside) : sha256(Buffer.of(1), beside, mine)
    sum += besideSum
    index = (index - (index % 2)) / 2
  }
  return { hash, sum }
}

/** The hash of everything that is published of the snapshot. */
function headOf(snapshot) {
  need(
    typeof snapshot.asOf === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(snapshot.asOf),
    'asOf is not a time to the microsecond',
  )
  need(Array.isArray(snapshot.trees), 'the snapshot has no trees')
  let before = ''
  const trees = snapshot.trees.map((tree) => {
    need(tree.currency > before, 'the currencies are not in order, each once')
    before = tree.currency
    return Buffer.concat([
      currencyCode(tree.currency),
      number(BigInt(count(tree.leaves, 'leaves')), 8),
      number(units(tree.total, 'a total'), 16),
      hex(tree.root, 32, 'a root'),
    ])
  })
  return sha256(
    Buffer.of(3),
    uuid(snapshot.id, 'the id of the snapshot'),
    number(BigInt(count(snapshot.number, 'the number of the snapshot')), 8),
    Buffer.from(snapshot.asOf, 'latin1'),
    hex(snapshot.previous, 32, 'the head before'),
    number(BigInt(trees.length), 8),
    ...trees,
  )
}

function isSigned({ keyId, publicKey, head, signature }) {
  const id = sha256(hex(publicKey, 32, 'the public key'))
    .toString('hex')
    .slice(0, 16)
  need(keyId === id, 'the key has another id')
  const spki = Buffer.concat([
    Buffer.from('302a300506032b6570032100', 'hex'),
    hex(publicKey, 32, 'the public key'),
  ])
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  return verify(null, hex(head, 32, 'the head'), key, hex(signature, 64, 'the signature'))
}

/** Checks a proof. Gives the sentences of what holds and of what does not. */
export function check(proof, expected = null) {
  const proven = []
  try {
    need(proof !== null && typeof proof === 'object', 'this is not a proof')
    need(proof.format === 'fairlock liabilities proof 1', 'this is not a proof in a format that I know')
    const { snapshot, currency, leaf } = proof
    need(
      snapshot && leaf && typeof snapshot === 'object' && typeof leaf === 'object',
      'the proof is not whole',
    )
    need(Array.isArray(snapshot.trees), 'the snapshot has no trees')
    const own = snapshot.trees.filter((tree) => tree.currency === currency)
    need(own.length === 1, `the snapshot has not one tree of ${currency}`)
    const [tree] = own
    const top = climb(proof, count(tree.leaves, 'leaves'))
    need(
      top.sum === units(tree.total, 'the total'),
      'the sums on the path do not add up to the published total',
    )
    const root = sha256(
      Buffer.of(2),
      uuid(snapshot.id, 'the id of the snapshot'),
      currencyCode(currency),
      number(BigInt(tree.leaves), 8),
      number(top.sum, 16),
      top.hash,
    ).toString('hex')
    need(root === tree.root, 'the path does not lead to the published root: your leaf is not in that tree')
    proven.push(
      `The person ${leaf.userId} is counted with ${leaf.available} ${currency} available and ${leaf.held} in escrow,`,
      `in a total of ${tree.total} ${currency} that the operator owes people as of ${snapshot.asOf}.`,
    )
    need(headOf(snapshot).toString('hex') === snapshot.head, 'the head is not the hash of what is published')
    need(isSigned(snapshot), 'the signature is not one of this head by this key')
    proven.push(`Snapshot ${snapshot.number} is signed with the key ${snapshot.publicKey}.`)
    if (expected !== null) {
      need(
        expected === tree.root || expected === snapshot.head,
        `the root you got elsewhere is another: ${expected}`,
      )
      proven.push(`It is the ${expected === tree.root ? 'root' : 'head'} that you got elsewhere.`)
    }
    return { ok: true, proven, wrong: null, root: tree.root, head: snapshot.head }
  } catch (error) {
    // What is missing in the file shows as a TypeError.
    if (!(error instanceof Wrong || error instanceof TypeError)) throw error
    return { ok: false, proven, wrong: error.message, root: null, head: null }
  }
}

const LIMITS = `
What you have to see for yourself:
 - The id is yours: it is in the address of your public page, which shows your name. Somebody with the same amounts must
   not have been given the same leaf.
 - The amounts are what you had at that time.
 - Others were shown the same: compare the head with somebody else's, or with the file of heads that an auditor keeps.
What is not proven: that others are counted too, which each has to check for themselves, and that the operator HAS the
coins: this is what is owed, not what there is.`

/** Without signs that would move the cursor: what stands in the file must not write another verdict over this one. */
const visible = (text) => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')

function main(args) {
  const at = args.indexOf('--root')
  const expected = at === -1 ? null : (args.splice(at, 2)[1] ?? '').toLowerCase()
  if (
    args.length !== 1 ||
    args[0].startsWith('-') ||
    (expected !== null && !/^[0-9a-f]{64}$/.test(expected))
  ) {
    console.error(USAGE)
    return 2
  }
  let proof
  try {
    proof = JSON.parse(readFileSync(args[0], 'utf8'))
  } catch (error) {
    console.error(visible(`${args[0]} cannot be read as JSON: ${error.message}`))
    return 2
  }
  const { ok, proven, wrong, root, head } = check(proof, expected)
  if (!ok) {
    console.log(visible(`NOT PROVEN: ${wrong}.`))
    console.log('Keep the file, and show it to others: a signed snapshot that does not fit is evidence.')
    return 1
  }
  console.log(`PROVEN\n${proven.join('\n')}\n\nroot ${root}\nhead ${head}\n${LIMITS}`)
  return 0
}

// Node.js names this file by its real path, the command line maybe by a link to it.
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  process.exitCode = main(process.argv.slice(2))
}
