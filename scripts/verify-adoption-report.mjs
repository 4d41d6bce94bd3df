#!/usr/bin/env node
// Checks the report of a take-over that `fairlock db verify --out FILE` wrote: that not one byte of it changed since it was
// signed. Needs Node.js 20 or newer, nothing else: no package, no network, no part of Fairlock. Read it before you run it.
//
//   node verify-adoption-report.mjs report.json [--key PUBLIC_KEY]
//
// Exit code 0: the signature holds, and the report says that all was well. 1: the signature does not hold, or there is
// none. 2: it could not be checked (usage, file). 3: the signature holds, and the report says that something was wrong.
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync, realpathSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const USAGE = `usage: node verify-adoption-report.mjs report.json [--key PUBLIC_KEY]

report.json  what \`fairlock db verify --out report.json\` wrote
--key        the public key as you got it from somebody else, in hexadecimal: the report has to be signed with it`

const FORMAT = 'fairlock adoption report 1'

class Wrong extends Error {}

function need(isSo, sentence) {
  if (!isSo) throw new Wrong(sentence)
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest()
}

/** JSON with sorted keys, two spaces deep. */
function canonical(value) {
  return JSON.stringify(sorted(value), null, 2)
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return Object.fromEntries(entries.map(([key, one]) => [key, sorted(one)]))
}

function hex(text, bytes, name) {
  need(
    typeof text === 'string' && text.length === 2 * bytes && /^[0-9a-f]*$/.test(text),
    `${name} is not ${bytes} bytes in lower-case hexadecimal`,
  )
  return Buffer.from(text, 'hex')
}

/** Checks the text of a report's file. Gives what holds and what does not. */
export function check(text, expectedKey = null) {
  const proven = []
  let document = null
  try {
    document = JSON.parse(text)
    need(document !== null && typeof document === 'object', 'this is not a report')
    need(document.format === FORMAT, 'this is not a report in a format that I know')
    need(
      `${canonical(document)}\n` === text,
      'the file is not spelled as it was written: something was changed',
    )
    const { report, sha256: stated, signature } = document
    need(report !== null && typeof report === 'object', 'the file holds no report')
    const hash = sha256(`${FORMAT}\n${canonical(report)}`)
    need(stated === hash.toString('hex'), 'the hash is not that of the report: something was changed')
    need(signature !== null && typeof signature === 'object', 'nobody signed this report')
    const raw = hex(signature.publicKey, 32, 'the public key')
    need(signature.keyId === sha256(raw).toString('hex').slice(0, 16), 'the key has another id')
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw])
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
    need(
      verify(null, hash, key, hex(signature.signature, 64, 'the signature')),
      'the signature is not one of this report by this key',
    )
    proven.push(`The report of ${report.at} on the database ${report.database.name} is as it was signed.`)
    proven.push(`It is signed with the key ${signature.publicKey}.`)
    if (expectedKey !== null) {
      need(expectedKey === signature.publicKey, `the key you got elsewhere is another: ${expectedKey}`)
      proven.push('It is the key that you got elsewhere.')
    }
    proven.push(
      report.passed === true
        ? 'It says that everything was as it should be.'
        : `It says that ${report.wrong} things were wrong.`,
    )
    return { ok: true, passed: report.passed === true, proven, wrong: null }
  } catch (error) {
    // What is missing in the file shows as a TypeError, what is no JSON as a SyntaxError.
    if (!(error instanceof Wrong || error instanceof TypeError || error instanceof SyntaxError)) throw error
    return { ok: false, passed: false, proven, wrong: error.message }
  }
}

/** Without signs that would move the cursor: what stands in the file must not write another verdict over this one. */
const visible = (text) => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')

function main(args) {
  const at = args.indexOf('--key')
  const key = at === -1 ? null : (args.splice(at, 2)[1] ?? '').toLowerCase()
  if (args.length !== 1 || args[0].startsWith('-') || (key !== null && !/^[0-9a-f]{64}$/.test(key))) {
    console.error(USAGE)
    return 2
  }
  let text
  try {
    text = readFileSync(args[0], 'utf8')
  } catch (error) {
    console.error(visible(`${args[0]} cannot be read: ${error.message}`))
    return 2
  }
  const { ok, passed, proven, wrong } = check(text, key)
  if (!ok) {
    console.log(visible(`NOT PROVEN: ${wrong}.`))
    return 1
  }
  console.log(`PROVEN\n${proven.map(visible).join('\n')}`)
  if (key === null) {
    console.log(
      '\nWhose key it is you have to know from elsewhere: pass --key with what you got from the operator.',
    )
  }
  return passed ? 0 : 3
}

// Node.js names this file by its real path, the command line maybe by a link to it.
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  process.exitCode = main(process.argv.slice(2))
}
