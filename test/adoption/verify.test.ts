import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifyAdoption } from '../../src/adoption/index.ts'
import { handMade } from './hand-made.ts'

test('a clean take-over passes', async () => {
  const made = await handMade()
  const report = await verifyAdoption(made.ownerUrl, { version: 'test' })
  assert.deepEqual(report.findings, [])
})
