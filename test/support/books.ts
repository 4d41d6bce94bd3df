import assert from 'node:assert/strict'
import { verifyLedger } from '../../src/ledger/index.ts'
import { asEngine } from '../../src/platform/index.ts'

/** Asserts that every invariant about money holds in this database. */
export async function assertCleanBooks(ownerUrl: string): Promise<void> {
  const { ok, first } = await asEngine(ownerUrl, (client) => verifyLedger(client))
  assert.ok(ok, `the books are wrong, first in ${JSON.stringify(first)}`)
}
