import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { EmbeddedError } from './errors.ts'

/** How PostgreSQL's programs are run: as whom, and with which words before the command. */
export type Runner = { account: Account | null; prefix: string[]; switchUser: boolean; binaries: string }
type Account = { uid: number; gid: number }

// Linux stops the server when the program that started it dies, even when that was killed.
const DIE_WITH_PARENT = ['setpriv', '--pdeathsig', 'INT']

/**
 * Finds a way to run the server. PostgreSQL refuses to be root, so root runs it as another user;
 * that user may be unable to get through to the files (a home or temporary folder closed to
 * others), and is then given the one capability to pass closed folders, and no other.
 */
export function chooseRunner(binaries: string, pgdata: string, dataDir: string): Runner {
  const place = existsSync(pgdata) ? pgdata : dataDir
  if (process.getuid?.() !== 0) {
    const found = [DIE_WITH_PARENT, []].find((prefix) => reaches(binaries, place, { prefix: ended(prefix) }))
    return { account: null, prefix: ended(found ?? []), switchUser: false, binaries }
  }
  const account = unprivilegedAccount(pgdata)
  const become = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups']
  const ways = [
    { prefix: ended([...DIE_WITH_PARENT, ...become]), switchUser: false },
    { prefix: [], switchUser: true },
    ...['dac_read_search', 'dac_override'].map((capability) => ({
      prefix: ended([...DIE_WITH_PARENT, ...become, ...keeping(capability)]),
      switchUser: false,
    })),
  ]
  const way = ways.find((each) => reaches(binaries, place, { ...each, account }))
  if (way) return { account, binaries, ...way }
  throw new EmbeddedError(
    'unreachable_for_user',
    `Fairlock runs as root, and PostgreSQL, which must not, runs as uid ${account.uid}; that user cannot get ` +
      `through to ${binaries} or ${place}. Start Fairlock as an ordinary user, or move it to a folder that others ` +
      'may enter (chmod o+x on each folder above), or install setpriv (package util-linux).',
  )
}

/** Starts one of PostgreSQL's programs in the background, in a session of its own. */
export function spawnPostgres(runner: Runner, args: string[]): ChildProcess {
  const [command, ...rest] = [...runner.prefix, join(runner.binaries, 'postgres'), ...args] as [
    string,
    ...string[],
  ]
  return spawn(command, rest, { ...identity(runner), detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Runs one of PostgreSQL's programs to its end. */
export function runPostgres(runner: Runner, program: string, args: string[], input = '') {
  const [command, ...rest] = [...runner.prefix, join(runner.binaries, program), ...args] as [
    string,
    ...string[],
  ]
  return spawnSync(command, rest, { ...identity(runner), input, encoding: 'utf8' })
}

function identity({ account, switchUser }: Pick<Runner, 'account' | 'switchUser'>) {
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
  return { cwd: '/', env, ...(switchUser && account ? { uid: account.uid, gid: account.gid } : {}) }
}

/** Tries it instead of working it out: permissions have more sources than mode bits. */
function reaches(
  binaries: string,
  place: string,
  way: { prefix: string[]; switchUser?: boolean; account?: Account },
): boolean {
  const look = ['sh', '-c', '"$0" --version && test -x "$1"', join(binaries, 'postgres'), place]
  const [command, ...rest] = [...way.prefix, ...look] as [string, ...string[]]
  const { status, stderr } = spawnSync(command, rest, {
    ...identity({ account: way.account ?? null, switchUser: way.switchUser ?? false }),
    encoding: 'utf8',
  })
  // It reports a binary that it cannot look at, prints its version all the same, and fails later.
  return status === 0 && !stderr.includes('invalid binary')
}

function ended(prefix: string[]): string[] {
  return prefix.length > 0 ? [...prefix, '--'] : []
}

/** access(2), which PostgreSQL asks about itself, honours kept capabilities only under this securebit. */
function keeping(capability: string): string[] {
  return ['--securebits=+no_setuid_fixup', `--inh-caps=+${capability}`, `--ambient-caps=+${capability}`]
}

function unprivilegedAccount(pgdata: string): Account {
  if (existsSync(pgdata)) {
    const { uid, gid } = statSync(pgdata)
    if (uid !== 0) return { uid, gid }
  }
  const account = accountNamed('postgres')
  if (account) return account
  if (process.platform === 'linux') {
    spawnSync('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/bin/false',
      'postgres',
    ])
  }
  const created = accountNamed('postgres')
  if (created) return created
  throw new EmbeddedError(
    'no_unprivileged_user',
    'Fairlock runs as root; PostgreSQL must not, and the user "postgres" neither exists nor could be created. ' +
      'Start Fairlock as an ordinary user, or create that user (useradd --system --user-group postgres).',
  )
}

function accountNamed(name: string): Account | null {
  const ids = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }))
  if (ids.some(({ status }) => status !== 0)) return null
  const [uid, gid] = ids.map(({ stdout }) => Number(stdout.trim()))
  return uid !== undefined && gid !== undefined && uid > 0 ? { uid, gid } : null
}
