import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './ensure.mjs'

// A process takes about 0.8 s of a processor to load the program and the dictionaries of passwords and to warm up: some
// files share one. Those that last longest begin, so that the end does not wait for one of them.
const LONGEST_FIRST = [
  'test/migrations/round-trip.test.ts',
  'test/browser/docs.test.ts',
  'test/simulation/model.test.ts',
  'test/races/races.test.ts',
  'test/faults/kills.test.ts',
  'test/sealing/program.test.ts',
  'test/webhooks/kills.test.ts',
  'test/migrations/kill.test.ts',
  'test/audit/command.test.ts',
  'test/http/idempotency.test.ts',
]
// What is one for the whole process: SoftHSM's folder of tokens.
const ALONE = ['test/sealing/pkcs11.test.ts']
const TOGETHER = 8

/**
 * What node is given to run, in this order: a file for each process, which loads its test files as suites. A file that
 * cannot be loaded, or whose hooks throw, fails as a suite; names and places of tests are those of the test files.
 */
export function writeGroups(files, into) {
  const chosen = new Set(files.map((file) => relative(root, join(root, file))))
  const alone = [...LONGEST_FIRST, ...ALONE].filter((file) => chosen.delete(file)).map((file) => [file])
  const rest = [...chosen]
  const groups = alone.concat(
    Array.from({ length: Math.ceil(rest.length / TOGETHER) }, (_, i) =>
      rest.slice(i * TOGETHER, (i + 1) * TOGETHER),
    ),
  )
  mkdirSync(into)
  return groups.map((group, index) => {
    // Node.js runs them by name.
    const path = join(into, `${String(index).padStart(3, '0')}.mjs`)
    writeFileSync(path, group.length === 1 ? `import ${urlOf(group[0])}\n` : suitesOf(group))
    return path
  })
}

function suitesOf(files) {
  const suites = files.map((file) => `describe(${JSON.stringify(file)}, () => import(${urlOf(file)}))\n`)
  return `import { describe } from 'node:test'\n${suites.join('')}`
}

function urlOf(file) {
  return JSON.stringify(pathToFileURL(join(root, file)).href)
}
