import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

type Lock = { packages: Record<string, { optionalDependencies?: Record<string, string> }> }

test('the lock names the optional packages of every platform, as npm ci insists', () => {
  const file = new URL('../../package-lock.json', import.meta.url)
  const { packages } = JSON.parse(readFileSync(file, 'utf8')) as Lock
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`],
    ),
  )
  assert.deepEqual(
    missing,
    [],
    'remove node_modules and the lock, and run npm install against the full registry',
  )
})
