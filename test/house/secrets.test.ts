import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sourceFiles } from './sources.ts'

const src = fileURLToPath(new URL('../../src', import.meta.url))
const COMPARISON = /([^\s(,;&|?:]+(?:\(.*?\))?)\s*[!=]==?\s*([^\s),;&|?:]+)/g
const SECRET = /(?:token|secret|password|hash|digest|signature|fingerprint|passphrase)\w*(?:\(.*)?[\])!]*$/i
// What is compared with a word written in the source, or with nothing, is no secret.
const HARMLESS = /^(?:null|undefined|true|false|typeof|-?\d+|['"`].*)$/
/** Hashes of what everybody may read: migrations, code, files, the published log. */
const PUBLIC_HASHES = /^(?:platform\/migrator|audit)\//

const faults = (line: string) =>
  [...line.replaceAll(/typeof \S+/g, "'typeof'").matchAll(COMPARISON)].some(
    ([, left = '', right = '']) =>
      !HARMLESS.test(left) && !HARMLESS.test(right) && (SECRET.test(left) || SECRET.test(right)),
  )

test('secrets are compared in constant time', () => {
  const wrong = sourceFiles(src, '.ts')
    .filter((file) => !file.endsWith('.test.ts') && !PUBLIC_HASHES.test(relative(src, file)))
    .flatMap((file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .map((line, i) => ({ line, where: `src/${relative(src, file)}:${i + 1}` })),
    )
    .filter(({ line }) => faults(line))
    .map(({ line, where }) => `${where} ${line.trim()}`)
  assert.deepEqual(wrong, [], 'use isSameSecret of src/platform, or compare hashes in the database')
})

test('the test above sees what it is for', () => {
  for (const line of [
    'request.headers.authorization === token',
    'if (token === given) return',
    'hash !== stored.tokenHash',
    'return a.secret == b',
    'x === this.#secret',
    'options.token !== header',
  ]) {
    assert.ok(faults(line), line)
  }
  for (const line of [
    'if (token === null) return',
    `typeof ownerPassword === 'string'`,
    `else if (token === '{') open.push()`,
    'caller.tokenHash === undefined',
    'timingSafeEqual(tokenHash, other)',
  ]) {
    assert.ok(!faults(line), line)
  }
})
