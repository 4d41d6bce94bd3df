import { hash, verify } from '@node-rs/argon2'

/**
 * OWASP's first recommendation for argon2id (19 MiB, two passes, one lane): about 25 ms of one core, and 40 sign-ins at
 * once still fit into a small machine's memory. The parameters are part of the hash, so that they can be raised later.
 */
// 2 is argon2id in the library's enumeration, which erasable TypeScript cannot import.
const PARAMETERS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export function hashPassword(password: string): Promise<string> {
  return hash(password.normalize('NFKC'), PARAMETERS)
}

let decoy: Promise<string> | undefined

/** Compares a password with a hash; without a hash (unknown person) it takes as long, and answers false. */
export async function passwordMatches(stored: string | null, password: string): Promise<boolean> {
  decoy ??= hashPassword('no such person')
  const matches = await verify(stored ?? (await decoy), password.normalize('NFKC'))
  return stored !== null && matches
}
