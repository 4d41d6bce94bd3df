import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

test('every story of the table has its test, under the name that the table gives', () => {
  const folder = new URL('../scenarios/', import.meta.url)
  const table = readFileSync(new URL('README.md', folder), 'utf8')
  const rows = [...table.matchAll(/^\| (.+?) \| \[.+?\]\((.+?)\) \| (.*?) ?\|$/gm)]
  assert.ok(rows.length >= 30)
  for (const [, story, file, name] of rows)
    assert.ok(
      readFileSync(new URL(file!, folder), 'utf8').includes(name!),
      `${story}: ${file} has no “${name}”`,
    )
})
