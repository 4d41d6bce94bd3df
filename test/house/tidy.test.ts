import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sourceFiles } from './sources.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const written = ['src', 'db', 'scripts'].flatMap((folder) =>
  ['.ts', '.mjs', '.sql'].flatMap((ending) => sourceFiles(join(root, folder), ending)),
)
const own = sourceFiles(join(root, 'src'), '.ts').filter((file) => !file.endsWith('.test.ts'))
const lines = (file: string) => readFileSync(file, 'utf8').split('\n')
const name = (file: string) => relative(root, file)

/** Sizes are a compass (STYLE.md); these bounds are where a file surely wants to be two. */
const LONGEST_FILE = 420
const LONGEST_LINE = 130
const FILES_PER_FOLDER = 24

test('files stay small enough to read in one sitting', () => {
  const long = own
    .filter((file) => lines(file).length > LONGEST_FILE)
    .map((file) => `${name(file)} ${lines(file).length}`)
  assert.deepEqual(long, [], `split what is above ${LONGEST_FILE} lines by its second reason to change`)
  const lengths = own.map((file) => lines(file).length).sort((a, b) => a - b)
  assert.ok(lengths[lengths.length >> 1]! < 120, 'the median file of src/ stays below 120 lines')
})

test('lines fit the screen', () => {
  const long = written
    .filter((file) => !file.includes('snapshot'))
    .flatMap((file) => lines(file).map((line, index) => ({ file, line, index })))
    // What a migration keeps is one line of its header, however many columns it has.
    .filter(({ line }) => line.length > LONGEST_LINE && !line.startsWith('-- keep '))
    .map(({ file, index, line }) => `${name(file)}:${index + 1} has ${line.length} characters`)
  assert.deepEqual(long, [])
})

test('no folder is a heap', () => {
  const folders = new Set(own.map((file) => join(file, '..')))
  const heaps = [...folders].filter(
    (folder) =>
      readdirSync(folder).filter((one) => statSync(join(folder, one)).isFile()).length > FILES_PER_FOLDER,
  )
  assert.deepEqual(heaps.map(name), [])
})

test('money is never a binary floating-point number (I22)', () => {
  const moneyWords = 'amount|price|balance|fee|total|value|rate|available|held'
  const suspects = [
    /\bparseFloat\b/,
    /\.toFixed\(/,
    new RegExp(`\\bNumber\\([^)]*(?:${moneyWords})`, 'i'),
    /\bMath\.(round|floor|ceil)\([^)]*(?:amount|price|balance|fee)/i,
    /Type\.Number\(/,
  ]
  const wrong = own
    // A file that computes with decimal.js has a toFixed that is exact.
    .filter((file) => !/from 'decimal\.js'/.test(readFileSync(file, 'utf8')))
    .flatMap((file) => lines(file).map((line, index) => ({ file, line, index })))
    .filter(({ line }) => suspects.some((pattern) => pattern.test(line)))
    .map(({ file, index, line }) => `${name(file)}:${index + 1} ${line.trim()}`)
  assert.deepEqual(wrong, [], 'keep money as a decimal string and let PostgreSQL compute it')
  const sql = sourceFiles(join(root, 'src'), '.sql').concat(sourceFiles(join(root, 'db/migrations'), '.sql'))
  // fairlock_adoption.money reads an amount from text: a function, not the type.
  const floats = sql.filter((file) =>
    /(?<!fairlock_adoption\.)\b(real|float[48]?|double precision|money)\b(?!')/i.test(withoutComments(file)),
  )
  assert.deepEqual(floats.map(name), [], 'use numeric')
})

test('nothing is left unfinished, no type is switched off, no error is swallowed', () => {
  const unfinished =
    /\b(TODO|FIXME|XXX|HACK)\b|not implemented|@ts-ignore|\bas any\b|as unknown as|catch(?: *\([a-z_]*\))? *\{ *\}/
  const wrong = own
    .flatMap((file) => lines(file).map((line, index) => ({ file, line, index })))
    .filter(({ line }) => unfinished.test(line))
    .map(({ file, index, line }) => `${name(file)}:${index + 1} ${line.trim()}`)
  assert.deepEqual(wrong, [])
})

test('no test is parked', () => {
  const parked = sourceFiles(join(root, 'test'), '.ts')
    .concat(sourceFiles(join(root, 'src'), '.test.ts'))
    .filter((file) => !file.endsWith('tidy.test.ts'))
    .flatMap((file) => lines(file).map((line, index) => ({ file, line, index })))
    .filter(({ line }) =>
      /\b(?:test|it|describe)\.(?:skip|todo|only)\(|\{[^}]*\b(?:only|todo): true/.test(line),
    )
    .map(({ file, index }) => `${name(file)}:${index + 1}`)
  assert.deepEqual(parked, [], 'fix the cause, or remove the test with its promise')
})

function withoutComments(file: string): string {
  return readFileSync(file, 'utf8').replace(/--.*$/gm, '')
}
