import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sourceFiles } from './sources.ts'

const src = fileURLToPath(new URL('../../src', import.meta.url))

/**
 * Who may import whom: a folder may import those on the lines above its own, never a peer on its line. ARCHITECTURE.md
 * says why.
 */
const LAYERS = [
  ['platform'],
  ['audit', 'jobs'],
  ['ledger', 'identity'],
  ['wallets', 'escrow', 'payment-methods', 'prices'],
  ['offers'],
  ['trades'],
  ['disputes', 'reputation'],
  ['notifications', 'operations'],
  ['adoption'],
  ['http', 'cli'],
]
/** Doors into a folder beside its index: parts that the light ones must not load. */
const DOORS = [
  'adoption/legacy/index.ts',
  'platform/embedded/index.ts',
  'platform/migrator/index.ts',
  'platform/app-login.ts',
  'platform/schema-snapshot.ts',
]

type Import = { from: string; to: string; line: number }

function importsOf(file: string): Import[] {
  const found: Import[] = []
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    const target = /(?:from|import\()\s*'(\.{1,2}\/[^']+)'/.exec(line)?.[1]
    if (target !== undefined) {
      found.push({
        from: relative(src, file),
        to: relative(src, resolve(dirname(file), target)),
        line: index + 1,
      })
    }
  }
  return found
}

const folderOf = (path: string) => (path.includes('/') ? path.split('/')[0]! : 'main')
const layerOf = (folder: string) => LAYERS.findIndex((layer) => layer.includes(folder))
const imports = sourceFiles(src, '.ts').flatMap(importsOf)

test('every folder of src/ has its place in the table of who may import whom', () => {
  const unknown = new Set(sourceFiles(src, '.ts').map((file) => folderOf(relative(src, file))))
  for (const folder of [...LAYERS.flat(), 'main']) unknown.delete(folder)
  assert.deepEqual([...unknown], [], 'add the folder to LAYERS in this test and to ARCHITECTURE.md')
})

test('imports go from right to left, never to a peer', () => {
  const wrong = imports
    .filter(({ from, to }) => folderOf(from) !== folderOf(to) && folderOf(from) !== 'main')
    .filter(({ from, to }) => !(layerOf(folderOf(to)) < layerOf(folderOf(from))))
    .map(({ from, to, line }) => `src/${from}:${line} imports ${to}`)
  assert.deepEqual(
    wrong,
    [],
    'move what both need to the left, or let news travel up as a row written in the same transaction',
  )
})

test('another folder is entered by its index.ts', () => {
  const wrong = imports
    .filter(({ from, to }) => folderOf(from) !== folderOf(to))
    .filter(({ to }) => !to.endsWith('/index.ts') && !DOORS.includes(to))
    .filter(({ from, to }) => !(from === 'main.ts' && to === 'cli/index.ts'))
    .map(({ from, to, line }) => `src/${from}:${line} imports ${to}`)
  assert.deepEqual(wrong, [], 'export it from the index.ts of its folder')
})

test('only trades asks the escrow, only escrow, wallets and the take-over post to the ledger', () => {
  const wrong = sourceFiles(src, '.sql').flatMap((file) => {
    const folder = folderOf(relative(src, file))
    const text = readFileSync(file, 'utf8')
    const faults: string[] = []
    if (
      !['escrow', 'wallets', 'ledger', 'adoption'].includes(folder) &&
      /\bledger\.post(?:_each)?\s*\(/.test(text)
    )
      faults.push('ledger.post')
    if (!['trades', 'escrow'].includes(folder) && /\bfairlock\.escrow_\w+\s*\(/.test(text))
      faults.push('the escrow')
    return faults.map((fault) => `src/${relative(src, file)} calls ${fault}`)
  })
  assert.deepEqual(wrong, [], 'ask trades to settle; it is the only one that asks the escrow')
})

test('routes and jobs hold no SQL that changes anything', () => {
  const wrong = sourceFiles(src, '.ts')
    .filter((file) => /(routes|jobs|queries)\.ts$/.test(file))
    .filter((file) => /\b(insert into|update \w+ set|delete from)\b/i.test(readFileSync(file, 'utf8')))
    .map((file) => `src/${relative(src, file)}`)
  assert.deepEqual(wrong, [], 'write a command function in the SQL of the folder and call it')
})

test('every connection outside the pools is made by newClient, so that somebody listens when it breaks', () => {
  const wrong = sourceFiles(src, '.ts')
    .filter((file) => /new (pg\.)?Client\(/.test(readFileSync(file, 'utf8')))
    .map((file) => relative(src, file))
  assert.deepEqual(wrong, ['platform/client.ts'], 'use newClient of src/platform')
})

test('there are no import cycles', () => {
  const graph = new Map<string, string[]>()
  for (const { from, to } of imports) graph.set(from, [...(graph.get(from) ?? []), to])
  const state = new Map<string, 'open' | 'done'>()
  const cycles: string[] = []
  const visit = (file: string, path: string[]): void => {
    if (state.get(file) === 'done') return
    if (state.get(file) === 'open') {
      cycles.push([...path.slice(path.indexOf(file)), file].join(' → '))
      return
    }
    state.set(file, 'open')
    for (const next of graph.get(file) ?? []) visit(next, [...path, file])
    state.set(file, 'done')
  }
  for (const file of graph.keys()) visit(file, [])
  assert.deepEqual(cycles, [], 'move what both need into a file of its own')
})
