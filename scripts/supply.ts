import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export type Locked = {
  integrity?: string
  resolved?: string
  license?: string
  link?: boolean
  dev?: boolean
  optional?: boolean
  hasInstallScript?: boolean
}
export type Lock = { packages: Record<string, Locked> }
export type Manifest = {
  allowScripts: Record<string, boolean>
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
  optionalDependencies: Record<string, string>
}

const root = join(import.meta.dirname, '..')

/**
 * Licences of what is shipped: none asks more of an operator than to keep the notice. The MPL is copyleft by file: who
 * changes one of the package's own files publishes that file, and we use them as the registry has them.
 */
const SHIPPED = [
  'MIT',
  'MIT-0',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'CC0-1.0',
  'Python-2.0',
  'Unlicense',
  'MPL-2.0',
]
/**
 * The LGPL is fine for a dynamic library that is used unmodified and that an operator may replace by another build of
 * it, and for nothing else: libvips, which comes prebuilt with sharp. So it is accepted package by package.
 */
const LIBRARIES: Record<string, RegExp> = { 'LGPL-3.0-or-later': /^@img\/sharp-/ }
/** And of the tools that are only run here. */
const TOOLS = [...SHIPPED, 'BlueOak-1.0.0', 'Artistic-2.0', 'CC-BY-3.0', 'WTFPL']
/** Written by a generator, and full of hashes. */
const GENERATED = /^(?:package-lock|openapi)\.json$/
/** An API key of Fairlock's own. */
const API_KEY = /flk_[0-9a-f]{8}-[0-9a-f-]{27}\.[A-Za-z0-9_-]{43}/

export const readJson = <T>(name: string): T => JSON.parse(readFileSync(join(root, name), 'utf8')) as T

/** What is wrong with where packages come from: each is pinned to its content and to an exact version, from the registry. */
export function originFaults(lock: Lock, manifest: Manifest): string[] {
  const packages = Object.entries(lock.packages).flatMap(([path, one]) => {
    if (path === '') return []
    const faults: string[] = []
    if (one.link) faults.push('is a link into the file system')
    if (one.resolved !== undefined && !one.resolved.startsWith('https://registry.npmjs.org/')) {
      faults.push(`comes from ${one.resolved}`)
    }
    // Linters of other platforms than those of the lock's makers; npm leaves their hashes out.
    const isElsewhere = one.dev && one.optional && one.integrity === undefined
    if (!isElsewhere && !one.integrity?.startsWith('sha512-')) faults.push('is not pinned to its content')
    if (one.hasInstallScript && !manifest.allowScripts[nameOf(path)]) {
      faults.push('runs a script when it is installed, and is not in allowScripts')
    }
    return faults.map((fault) => `${nameOf(path)} ${fault}`)
  })
  const { dependencies, devDependencies, optionalDependencies } = manifest
  const versions = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
    .map(([name, version]) => `${name} is asked for as "${version}", not by an exact version`)
  return [...packages, ...versions]
}

/** Packages whose licence is not one of those that were looked at: of several choices one has to be, of a sum all. */
export function licenceFaults(lock: Lock): string[] {
  return Object.entries(lock.packages).flatMap(([path, { license, dev, optional, integrity }]) => {
    if (path === '' || (dev && optional && integrity === undefined)) return []
    const allowed = dev ? TOOLS : SHIPPED
    const isAccepted = (one: string) => allowed.includes(one) || (LIBRARIES[one]?.test(nameOf(path)) ?? false)
    const choices = (license ?? 'unknown').replaceAll(/[()]/g, '').split(/ or /i)
    return choices.some((choice) => choice.split(' AND ').every(isAccepted))
      ? []
      : [`${nameOf(path)} is under ${license ?? 'no licence'}`]
  })
}

/** Secrets in files: what secretlint knows, and keys of our own. */
export function secretFaults(files: string[]): string[] {
  const require = createRequire(import.meta.url)
  const { bin } = require('secretlint/package.json') as { bin: string | { secretlint: string } }
  const entry = typeof bin === 'string' ? bin : bin.secretlint
  const program = join(dirname(require.resolve('secretlint/package.json')), entry)
  const options = ['--secretlintrc', join(root, '.secretlintrc.json'), '--maskSecrets']
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...options, ...files], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status !== 0 && status !== 1) throw new Error(`secretlint did not run: ${stderr || stdout}`)
  const own = files.filter((file) => API_KEY.test(readFileSync(join(root, file), 'utf8')))
  return [
    ...(status === 1 ? [stdout.trim()] : []),
    ...own.map((file) => `${file} holds an API key of Fairlock`),
  ]
}

/** What is or would be committed. */
export function trackedFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  return listed.split('\0').filter((file) => file !== '' && !GENERATED.test(file))
}

const nameOf = (path: string) => path.replace(/^.*node_modules\//, '')
