import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import {
  type Lock,
  licenceFaults,
  type Manifest,
  originFaults,
  readJson,
  secretFaults,
} from '../../scripts/supply.ts'

const root = join(import.meta.dirname, '../..')
const lock = readJson<Lock>('package-lock.json')
const manifest = readJson<Manifest>('package.json')

test('every package is pinned to its content and comes from the registry, by an exact version, under a known licence', () => {
  assert.deepEqual(originFaults(lock, manifest), [])
  assert.deepEqual(licenceFaults(lock), [])
})

test('what comes from elsewhere, is not pinned, runs scripts or is under another licence is found', () => {
  const integrity = 'sha512-x'
  const bad: Lock['packages'] = {
    'node_modules/a': { integrity, license: 'MIT', resolved: 'git+ssh://git@github.com/a/a.git' },
    'node_modules/b': { integrity, license: 'MIT', resolved: 'http://registry.npmjs.org/b.tgz' },
    'node_modules/c': { license: 'MIT' },
    'node_modules/d': { integrity: 'sha1-x', license: 'MIT' },
    'node_modules/x/node_modules/e': { integrity, license: 'MIT', hasInstallScript: true },
    'node_modules/f': { integrity, license: 'MIT', link: true },
  }
  for (const [path, one] of Object.entries(bad)) {
    assert.equal(originFaults({ packages: { [path]: one } }, manifest).length, 1, path)
  }
  for (const version of ['^1.0.0', 'latest', 'github:a/b', 'https://x.example/a.tgz', 'file:../a']) {
    assert.equal(
      originFaults({ packages: {} }, { ...manifest, dependencies: { a: version } }).length,
      1,
      version,
    )
  }
  const refused = ['GPL-3.0', 'SEE LICENSE IN x', 'MIT AND GPL-3.0', 'LGPL-3.0-or-later', 'WTFPL', undefined]
  for (const license of refused) {
    const one = license === undefined ? { integrity } : { integrity, license }
    assert.equal(licenceFaults({ packages: { 'node_modules/a': one } }).length, 1, license)
  }
  const accepted = [
    ['a', '(GPL-2.0 OR MIT)'],
    ['a', 'MPL-2.0 or GPL-2.0'],
    ['@img/sharp-libvips-linux-x64', 'LGPL-3.0-or-later'],
    ['@img/sharp-win32-x64', 'Apache-2.0 AND LGPL-3.0-or-later'],
  ]
  for (const [name, license = ''] of accepted) {
    assert.deepEqual(licenceFaults({ packages: { [`node_modules/${name}`]: { license, integrity } } }), [])
  }
})

// The whole repository is read by `npm run scan`, which CI runs: it takes 17 seconds.
test('the scan finds a secret that is planted, and none where there is none', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlock-secrets-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const planted = join(folder, 'planted.ts')
  writeFileSync(planted, `const key = 'ghp_${'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO'}${'0pINUx'}'\n`)
  assert.equal(secretFaults([relative(root, planted)]).length, 1)
  assert.deepEqual(secretFaults(['scripts/supply.ts', 'package.json']), [])
})
