/** The keyring cannot be used: missing, readable by others, unreachable, or without a key that is asked for. */
export class KeyringError extends Error {
  override readonly name = 'KeyringError'
}

export const KEYRING_KINDS = ['file', 'env', 'pkcs11', 'vault', 'awskms'] as const
export type KeyringKind = (typeof KEYRING_KINDS)[number]

/**
 * Where the key-encryption keys are. They wrap data keys and nothing else; which of them is the one to wrap with is
 * written in the database (fairlock.key_encryption_keys), so that all processes agree.
 */
export interface Keyring {
  readonly kind: KeyringKind
  /** Where it is, without anything secret, for messages and `fairlock keys status`. */
  readonly location: string
  /** The ids of the keys it holds now, oldest first; read anew each time. Throws `KeyringError`. */
  ids(): Promise<string[]>
  /** Wraps a data key of 32 bytes; `context` must be given again to unwrap it. Throws `KeyringError`. */
  wrap(keyId: string, dataKey: Buffer, context: Buffer): Promise<Buffer>
  /** Throws `Unsealable` for bytes that this key did not wrap in this context, `KeyringError` when it cannot be asked. */
  unwrap(keyId: string, wrapped: Buffer, context: Buffer): Promise<Buffer>
  /** Makes a new key and gives its id. Throws `KeyringError` saying what to do where the program cannot make one. */
  create(): Promise<string>
  close(): Promise<void>
}

/** The context of a data key: it cannot be unwrapped as another one, or as another person's. */
export function wrapContext(dataKeyId: string, ownerId: string | null): Buffer {
  return Buffer.from(`fairlock data key ${dataKeyId} of ${ownerId ?? 'the platform'}`)
}
