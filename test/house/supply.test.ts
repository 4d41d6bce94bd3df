import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

type Locked = {
  integrity?: string
  resolved?: string
  dev?: boolean
  optional?: boolean
  hasInstallScript?: boolean
}

const root = join(import.meta.dirname, '../..')
const read = (name: string) => JSON.parse(readFileSync(join(root, name), 'utf8'))
const packages: Record<string, Locked> = read('package-lock.json').packages
const manifest = read('package.json')

test('every package is pinned to its content, and comes from the registry', () => {
  for (const [path, { integrity, resolved, dev, optional }] of Object.entries(packages)) {
    // Linters of other platforms than those of the lock's makers; npm leaves their hashes out.
    if (path === '' || (dev && optional && integrity === undefined)) continue
    assert.match(integrity ?? '', /^sha512-/, path)
    if (resolved !== undefined) assert.match(resolved, /^https:\/\/registry\.npmjs\.org\//, path)
  }
})

test('versions are exact, and no package runs a script at its installation that is not named', () => {
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }
  for (const [name, version] of Object.entries<string>(all)) assert.match(version, /^\d+\.\d+\.\d+/, name)
  const running = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript)
  for (const [path] of running) assert.ok(manifest.allowScripts[path.replace('node_modules/', '')], path)
})

test('no secret is in the repository, and the scan finds one that is planted', (t) => {
  const { bin } = read('node_modules/secretlint/package.json')
  const entry = typeof bin === 'string' ? bin : bin.secretlint
  const program = join(dirname(createRequire(import.meta.url).resolve('secretlint/package.json')), entry)
  const scan = (files: string[]) => {
    const options = ['--secretlintrc', join(root, '.secretlintrc.json'), '--maskSecrets']
    return spawnSync(process.execPath, [program, ...options, ...files], { cwd: root, encoding: 'utf8' })
  }
  const folder = mkdtempSync(join(tmpdir(), 'fairlock-secrets-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const planted = join(folder, 'planted.ts')
  writeFileSync(planted, `const key = 'ghp_${'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO'}${'0pINUx'}'\n`)
  assert.equal(scan([planted]).status, 1)

  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  const generated = /^(?:package-lock|openapi)\.json$/
  const { status, stdout } = scan(listed.split('\0').filter((file) => file !== '' && !generated.test(file)))
  assert.equal(status, 0, stdout)
})
