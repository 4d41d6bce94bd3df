import { KEYRING_KINDS, type Keyring, KeyringError, type KeyringKind } from './keyring.ts'
import { EnvKeyring } from './keyrings/env.ts'
import { FileKeyring } from './keyrings/file.ts'

type Opener = (rest: string, env: NodeJS.ProcessEnv) => Promise<Keyring>

// The three that talk to something outside are loaded, with their libraries, only where they are used.
const OPENERS: Record<KeyringKind, Opener> = {
  file: async (path) => new FileKeyring(path),
  env: async (name, env) => new EnvKeyring(name, env),
  pkcs11: async (place, env) => proven((await import('./keyrings/pkcs11.ts')).Pkcs11Keyring.open(place, env)),
  vault: async (place, env) => proven((await import('./keyrings/vault.ts')).VaultKeyring.open(place, env)),
  awskms: async (place, env) => proven((await import('./keyrings/awskms.ts')).AwsKmsKeyring.open(place, env)),
}

/** The keyring that FAIRLOCK_KEYRING names, for example `file:/etc/fairlock/keyring.json`. Throws `KeyringError`. */
export async function openKeyring(uri: string, env: NodeJS.ProcessEnv): Promise<Keyring> {
  const colon = uri.indexOf(':')
  const kind = KEYRING_KINDS.find((one) => one === uri.slice(0, Math.max(colon, 0)))
  const rest = uri.slice(colon + 1)
  if (kind === undefined || rest === '')
    throw new KeyringError(
      `FAIRLOCK_KEYRING must begin with one of ${KEYRING_KINDS.join(':, ')}: and name a place.`,
    )
  return OPENERS[kind](rest, env)
}

async function proven(opened: Keyring | Promise<Keyring>): Promise<Keyring> {
  const keyring = await opened
  const { ProvenKeyring } = await import('./keyrings/proven.ts')
  return new ProvenKeyring(keyring)
}
