import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { killAtStatements } from './kills.ts'
import { Vault } from './vault.ts'

// Some statements here; `npm run proof -- keys` takes every one.
let vault: Vault
before(async () => {
  vault = await Vault.open()
  await vault.people(2)
})
after(() => vault?.close())

test('a rotation killed in the middle loses nothing and goes on', async () => {
  assert.ok((await killAtStatements(vault, 'rotate', 6, 7)) >= 3)
})

test('a rewrap killed in the middle loses nothing and goes on', async () => {
  assert.ok((await killAtStatements(vault, 'rewrap', 60, 60)) >= 3)
})
