import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ERRORS, VARIABLES } from '../../src/platform/index.ts'
import { TRADE_STATUSES } from '../../src/trades/index.ts'

const document = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
/** The lines of the tables whose first cell is a name in backticks. */
const rows = (name: string) => document(name).match(/^\| `\w+` \|.*$/gm) ?? []

test('docs/errors.md and the error registry say the same', () => {
  const wanted = Object.entries(ERRORS).map(
    ([code, { status, title }]) => `| \`${code}\` | ${status} | ${title} |`,
  )
  assert.deepEqual(rows('errors.md'), wanted)
})

test('docs/configuration.md and the variables that are understood say the same', () => {
  const wanted = Object.entries(VARIABLES).map(([name, variable]) => {
    const fallback = variable.fallback === '' ? '' : `\`${variable.fallback}\``
    return `| \`${name}\` | ${fallback} | ${takes(variable)} | ${variable.about} |`
  })
  assert.deepEqual(rows('configuration.md'), wanted)
})

test('the glossary has every state of a trade', () => {
  const glossary = document('glossary.md')
  for (const status of TRADE_STATUSES) assert.match(glossary, new RegExp(`\`${status}\``))
})

function takes(variable: (typeof VARIABLES)[string]): string {
  if (variable.kind === 'integer') return `${variable.least} to ${variable.most}`
  if (variable.kind === 'flag') return '`true` or `false`'
  if (variable.kind === 'percent') return 'a number from 0 to 10'
  if (variable.kind === 'amounts') return 'a list like BTC=0.5,ETH=10, or none'
  return variable.kind === 'proxies' ? '`true`, `false` or 0 to 9' : (variable.expected ?? 'text')
}
