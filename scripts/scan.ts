// Looks for secrets in what is committed, and at where the dependencies come from, under which licences, and with which
// known holes. What cannot be asked is said, and never taken for an answer.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import {
  type Lock,
  licenceFaults,
  type Manifest,
  originFaults,
  readJson,
  secretFaults,
  trackedFiles,
} from './supply.ts'

const root = join(import.meta.dirname, '..')
let isClean = true

report('secrets: a planted one is found', findsPlanted() ? [] : ['the scan finds nothing at all'])
report('secrets: none in what is committed', secretFaults(trackedFiles()))
const lock = readJson<Lock>('package-lock.json')
report(
  'packages: pinned, from the registry, no unknown scripts',
  originFaults(lock, readJson<Manifest>('package.json')),
)
report('packages: licences', licenceFaults(lock))
askForAdvisories()
process.exitCode = isClean ? 0 : 1

function report(what: string, faults: string[]): void {
  console.log(`${faults.length === 0 ? 'ok   ' : 'WRONG'}  ${what}`)
  for (const fault of faults) console.log(`       ${fault}`)
  if (faults.length > 0) isClean = false
}

/** A scan that cannot find is worse than none. */
function findsPlanted(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'fairlock-scan-'))
  try {
    const planted = join(folder, 'planted.ts')
    // In pieces, or this file would be found.
    writeFileSync(planted, `const key = 'ghp_${'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO'}${'0pINUx'}'\n`)
    const own = join(folder, 'own.txt')
    writeFileSync(own, `flk_01890000-0000-7000-8000-00000000dead.${'A'.repeat(43)}\n`)
    return [planted, own].every((file) => secretFaults([relative(root, file)]).length === 1)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

type Audit = {
  metadata?: { vulnerabilities?: Record<string, number> }
  message?: string
  error?: { summary?: string }
}

/** Known holes of what is shipped. A registry that offers no advisories is no fault of ours, and no good news either. */
function askForAdvisories(): void {
  const what = 'packages: no known holes (npm audit)'
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--audit-level=high', '--json'], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  const answer = readAudit(stdout)
  const found = answer.metadata?.vulnerabilities
  if (found === undefined) {
    const reason = answer.message ?? answer.error?.summary ?? 'npm gave no answer'
    console.log(`NOT CHECKED  ${what}\n       ${reason}\n       Run it where the registry offers advisories.`)
    return
  }
  const serious = (['critical', 'high'] as const).filter((level) => (found[level] ?? 0) > 0)
  report(
    what,
    serious.map((level) => `${found[level]} ${level}: npm audit --omit=dev says which`),
  )
}

function readAudit(text: string): Audit {
  try {
    return JSON.parse(text) as Audit
  } catch (error) {
    if (error instanceof SyntaxError) return { message: 'npm did not answer with JSON' }
    throw error
  }
}
