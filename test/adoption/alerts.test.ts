import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Registry } from 'prom-client'
import { adoptionGauges } from '../../src/adoption/index.ts'
import { pageOf } from '../../src/cli/adoption/page.ts'
import { FIGURES } from './figures.ts'

const rules = fileURLToPath(new URL('../../docs/operating/alerts/adoption.rules.yml', import.meta.url))
const missing =
  spawnSync('promtool', ['--version']).error === undefined
    ? false
    : 'needs promtool, of the package prometheus'

test('Prometheus takes the alert rules', { skip: missing }, () => {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', rules])
  assert.equal(status, 0, `${stdout}${stderr}`)
})

test('the alerts ask for metrics that there are', async () => {
  const registry = new Registry()
  adoptionGauges(registry, async () => FIGURES)
  const known = new Set((await registry.getMetricsAsJSON()).map(({ name }) => name))
  const asked = readFileSync(rules, 'utf8').match(/fairlock_adoption_\w+/g) ?? []
  assert.ok(asked.length >= 8)
  assert.deepEqual(
    asked.filter((name) => !known.has(name)),
    [],
  )
})

test('the live page fits a terminal of 80 columns, whatever the numbers are', () => {
  const lines = pageOf(FIGURES, new Date('2026-05-01T10:00:00Z'))
  for (const line of lines) assert.ok(line.length <= 80, line)
  assert.ok(lines.length <= 24)
  const text = lines.join('\n')
  assert.match(text, /^Take-over: carrying for 3d 7:33:20 +2026-05-01T10:00:00Z$/m)
  assert.match(text, /^crypto_transactions \[#{8}-{8}\] {2}50% +5\.0M\/10\.0M +20k\/s +0:04:10 !1234$/m)
  assert.match(text, /^users +\[#{16}\] 100% .* done$/m)
  assert.match(text, /^quarantine {2}1,234: status_unknown 1,000/m)
  assert.match(text, /, \d more kinds$/m)
  assert.match(text, /^not taken {3}2: crypto_wallets 2$/m)
  assert.match(text, /^verified {4}2 h ago, 3 wrong, unsigned$/m)
})
