import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where Debian, Fedora and Homebrew put it. */
export const SOFTHSM = [
  '/usr/lib/softhsm/libsofthsm2.so',
  ...globSync('/usr/lib/*/softhsm/libsofthsm2.so'),
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
].find((path) => existsSync(path))

const hasLibrary = await import('pkcs11js').then(
  () => true,
  () => false,
)

/** Why tests with a token cannot run here. */
export const NO_SOFTHSM =
  SOFTHSM === undefined
    ? 'SoftHSM is not installed (Debian: apt-get install softhsm2)'
    : !hasLibrary &&
      'pkcs11js is not compiled (Debian: apt-get install build-essential python3; npm rebuild pkcs11js)'
export const PIN = '24681357'

/** A folder of tokens of its own for this process; SoftHSM reads where it is once, when it is loaded. */
export function softhsmFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'fairlock-softhsm-'))
  writeFileSync(
    join(folder, 'softhsm2.conf'),
    `directories.tokendir = ${folder}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  )
  process.env.SOFTHSM2_CONF = join(folder, 'softhsm2.conf')
  return {
    folder,
    initToken(label: string): void {
      const args = ['--init-token', '--free', '--label', label, '--so-pin', '87654321', '--pin', PIN]
      execFileSync('softhsm2-util', args, { stdio: 'ignore' })
    },
    stop: () => rmSync(folder, { recursive: true, force: true }),
  }
}
