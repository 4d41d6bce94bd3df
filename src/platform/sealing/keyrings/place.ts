import { open } from 'node:fs/promises'
import { KeyringError } from '../keyring.ts'

/** Where a keyring is, as FAIRLOCK_KEYRING says after the kind: a name, and options after a question mark. */
export type KeyringPlace = { readonly name: string; readonly options: ReadonlyMap<string, string> }

/** Throws `KeyringError` for an option that is not in `known`, is empty, or is given twice. */
export function parsePlace(text: string, known: readonly string[]): KeyringPlace {
  const mark = text.indexOf('?')
  const name = mark === -1 ? text : text.slice(0, mark)
  const options = new Map<string, string>()
  for (const [key, value] of new URLSearchParams(mark === -1 ? '' : text.slice(mark + 1))) {
    if (!known.includes(key) || value === '' || options.has(key))
      throw new KeyringError(
        `FAIRLOCK_KEYRING has ${key} where only ${known.join(', ')} can stand, each once and with a value.`,
      )
    options.set(key, value)
  }
  return { name, options }
}

export type Secret = {
  /** Reads it anew: whoever renews it changes the file or the variable. Throws `KeyringError`, never with the secret. */
  read(): Promise<string>
}

/** A secret that `…?pin-env=NAME` or `…?pin-file=/path` names, with `what` being `pin`. */
export function secretNamed(place: KeyringPlace, what: string, env: NodeJS.ProcessEnv): Secret {
  const variable = place.options.get(`${what}-env`)
  const path = place.options.get(`${what}-file`)
  if ((variable === undefined) === (path === undefined))
    throw new KeyringError(`FAIRLOCK_KEYRING needs one of ${what}-env=NAME and ${what}-file=/path.`)
  return { read: async () => (path === undefined ? fromEnv(variable!, env) : fromFile(path)) }
}

function fromEnv(name: string, env: NodeJS.ProcessEnv): string {
  const value = env[name]?.trim()
  if (!value) throw new KeyringError(`${name} is not set; FAIRLOCK_KEYRING names it.`)
  return value
}

async function fromFile(path: string): Promise<string> {
  const handle = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new KeyringError(`${path}, which FAIRLOCK_KEYRING names, cannot be read: ${error.code}.`)
  })
  try {
    const { mode } = await handle.stat()
    if ((mode & 0o007) !== 0)
      throw new KeyringError(`Others may use the secret in ${path}. Correct it: chmod 600 ${path}`)
    const value = (await handle.readFile('utf8')).trim()
    if (value === '') throw new KeyringError(`${path}, which FAIRLOCK_KEYRING names, is empty.`)
    return value
  } finally {
    await handle.close()
  }
}

/** An address that secrets may be sent to: https, or plain http to this very machine. Throws `KeyringError`. */
export function safeUrl(text: string, what: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new KeyringError(`${what} must be an address like https://host:port.`)
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    throw new KeyringError(`${what} must not hold a user, a password or a fragment.`)
  if (url.protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname))
    throw new KeyringError(`${what} must begin with https: plain http is for this machine only.`)
  return url
}
