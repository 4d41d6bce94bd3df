import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

/** The levels of every requirement of ASVS 5.0.0: a word for each section of a chapter, a digit for each of its items. */
const LEVELS: Record<string, string> = {
  1: '22 1111122223 112222222223 222 123',
  2: '122 112 12223 23',
  3: '3 113 12223 11222233 11122333 3 22333',
  4: '12233 23333 22 1222',
  5: '2 112333 113 222',
  6: '122 111111112222 11223333 112233 22222333 2223 33 2222',
  7: '222 1111 22 11222 223 22',
  8: '1233 1123 133 23',
  9: '111 1222',
  10: '22 223 22223 1111122222233333 22222 22 222',
  11: '2233 22233 11233 1222 23 23 33',
  12: '12233 11 22223',
  13: '2333 222223 2233 1222233',
  14: '22 12223333 122',
  15: '12233 12233 1222222 3333',
  16: '2 22222 2222 222 2223',
  17: '23 22223333 22',
}
const STATUSES = ['met', 'operator', 'not applicable', 'gap'] as const

type Row = { number: string; level: string; about: string; status: string; how: string; file: string }

const root = join(import.meta.dirname, '../..')
const folder = join(root, 'docs/security/asvs')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const rows = readdirSync(folder).flatMap((file) =>
  [...readFileSync(join(folder, file), 'utf8').matchAll(/^\| (\d.*) \|$/gm)].map(([, cells = '']): Row => {
    const [number = '', level = '', about = '', status = '', how = ''] = cells.split(' | ')
    return { number, level, about, status, how, file }
  }),
)

test('every requirement of levels 1 and 2 is there once, with its level, in the file of its chapter', () => {
  const levels = new Map<string, string>()
  for (const [chapter, sections] of Object.entries(LEVELS))
    sections.split(' ').forEach((section, i) => {
      ;[...section].forEach((level, j) => {
        levels.set(`${chapter}.${i + 1}.${j + 1}`, level)
      })
    })
  assert.equal(levels.size, 345)
  const wanted = [...levels].filter(([, level]) => level !== '3').map(([number]) => number)
  assert.equal(wanted.length, 253)
  const found = rows.map(({ number }) => number)
  assert.deepEqual(new Set(found).size, found.length, 'a number is there twice')
  assert.deepEqual(
    wanted.filter((number) => !found.includes(number)),
    [],
  )
  for (const { number, level, file } of rows) {
    assert.equal(level, levels.get(number), number)
    assert.equal(file, `V${number.split('.')[0]!.padStart(2, '0')}.md`)
  }
})

test('every row says what is asked, one of the statuses, and why or where', () => {
  for (const { number, about, status, how } of rows) {
    assert.ok(about.length > 3, number)
    assert.ok((STATUSES as readonly string[]).includes(status), `${number}: ${status}`)
    assert.ok(how.length > 5, `${number} has no reason and no evidence`)
    if (status === 'met') assert.match(how, /`[^`]+`|\]\(/, `${number} is met, and nothing shows it`)
  }
})

test('every test that is named is there under that name', () => {
  let named = 0
  for (const { number, how } of rows) {
    for (const [, file = '', title = ''] of how.matchAll(/`(test\/[^`]+\.test\.ts)` “([^”]+)”/g)) {
      assert.ok(existsSync(join(root, file)), `${number}: there is no ${file}`)
      const found = titlesOf(file).some((one) => one.includes(title))
      assert.ok(found, `${number}: ${file} has no test “${title}”`)
      named++
    }
    const quoted = how.match(/“/g)?.length ?? 0
    const paired = how.match(/\.test\.ts` “/g)?.length ?? 0
    assert.equal(quoted, paired, `${number} quotes something that stands behind no test file`)
  }
  assert.ok(named > 100)
})

test('every file that is named is there', () => {
  for (const { number, how } of rows) {
    for (const [, path = ''] of how.matchAll(/`((?:src|test|docs|db|scripts)\/[^`]+)`/g)) {
      assert.ok(existsSync(join(root, path)), `${number}: there is no ${path}`)
    }
  }
})

test('the sums at the top are those of the rows', () => {
  const count = (some: Row[]) => [
    some.length,
    ...STATUSES.map((status) => some.filter((row) => row.status === status).length),
  ]
  const printed = [...read('docs/security/asvs.md').matchAll(/^\| (?:\[V|\*\*all).*$/gm)].map(([line]) =>
    line.split('|').slice(2, -1).map(Number),
  )
  const chapters = Object.keys(LEVELS).map((chapter) =>
    count(rows.filter(({ number }) => number.split('.')[0] === chapter)),
  )
  assert.deepEqual(printed, [...chapters, count(rows)])
})

/** The names of a file's tests, as they are written there. */
function titlesOf(file: string): string[] {
  const call = /\btest\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g
  return [...read(file).matchAll(call)].map(
    ([, single, double, template]) => single ?? double ?? template ?? '',
  )
}
