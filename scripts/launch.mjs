import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { node24, root } from './ensure.mjs'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
const REPEATED_WITHIN_MS = 1000
const PARENT_CHECK_MS = 250

/**
 * Runs Node.js 24 with these arguments until it ends, and ends with its exit code.
 *
 * One Ctrl-C reaches this process twice (from the terminal, and passed on by npm) and would
 * reach the program too. So the program runs in a session of its own, where no signal to the
 * group gets, and each signal is passed on once. If this process is killed outright, so is
 * the program (bond.mjs).
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 */
export function launch(args, { env = process.env } = {}) {
  const bond = join(root, 'scripts', 'bond.mjs')
  const child = spawn(node24(), ['--import', bond, ...args], {
    env,
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  const signalled = passOn(child)
  if (process.env.npm_lifecycle_event) endWithNpm(child, signalled)
  child.on('error', (error) => {
    console.error(`fairlock: Node.js 24 could not be started: ${error.message}`)
    process.exit(2)
  })
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}

/** @returns a function that says whether the program has been signalled yet */
function passOn(child) {
  const lastSent = new Map()
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      const now = performance.now()
      if (now - (lastSent.get(signal) ?? Number.NEGATIVE_INFINITY) < REPEATED_WITHIN_MS) return
      lastSent.set(signal, now)
      child.kill(signal)
    })
  }
  return () => lastSent.size > 0
}

/** When npm itself is killed nobody passes anything on, and the program would run on unseen. */
function endWithNpm(child, signalled) {
  const npm = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === npm) return
    clearInterval(watch)
    if (!signalled()) child.kill('SIGTERM')
  }, PARENT_CHECK_MS)
  watch.unref()
}
