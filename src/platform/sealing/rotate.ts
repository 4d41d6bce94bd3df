import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { engineSteps } from '../owner.ts'
import { type Keyring, KeyringError, wrapContext } from './keyring.ts'
import { KEY_BYTES, Unsealable } from './sealed.ts'

const BATCH = 100
const WAIT_MS = 10_000

export type RotateOptions = {
  /** A key that the keyring holds already. */
  readonly key?: string | undefined
  /** Only adds the key, so that every machine's keyring can get it before it is used. */
  readonly prepare: boolean
  readonly onProgress: (rewrapped: number) => void
}

export type Rotation = {
  key: string
  state: 'pending' | 'active'
  rewrapped: number
  /** Data keys that the keyring did not unwrap; they stay as they are. */
  damaged: string[]
  /** Retired key-encryption keys that wrap nothing any more. */
  unneeded: string[]
}

/** Somebody else is rotating, or a rotation that was asked for cannot be. */
export class RotationError extends Error {
  override readonly name = 'RotationError'
}

/**
 * Puts another key-encryption key in force and wraps every data key with it. Cut off at any point, the next call goes
 * on: a key that was added and not used yet is taken before another one is made. Serving goes on beside it. Throws
 * `KeyringError`, `RotationError`.
 */
export async function rotate(ownerUrl: string, keyring: Keyring, options: RotateOptions): Promise<Rotation> {
  return engineSteps(ownerUrl, async (client) => {
    await waitForOthers(client)
    const key = await nextKey(client, keyring, options)
    await tryOut(keyring, key)
    await client.query(
      `insert into fairlock.key_encryption_keys (id, keyring, state) values ($1, $2, 'pending') on conflict do nothing`,
      [key, keyring.kind],
    )
    if (options.prepare) return { key, state: 'pending', rewrapped: 0, damaged: [], unneeded: [] }
    await client.query('select fairlock.activate_key_encryption_key($1)', [key])
    const { rewrapped, damaged } = await wrapAll(client, keyring, key, options.onProgress)
    const unneeded = await unneededKeys(client)
    await client.query(
      `select fairlock.record_event('keys.rotated', 'key_encryption_keys', null, 'command line', $1)`,
      [{ key, rewrapped, damaged: damaged.length }],
    )
    return { key, state: 'active', rewrapped, damaged, unneeded }
  })
}

/** One rotation at a time is for people's sake: two at once would do no harm, and make two keys. */
async function waitForOthers(client: pg.Client): Promise<void> {
  await client.query(`set lock_timeout = ${WAIT_MS}`)
  try {
    await client.query(`select pg_advisory_lock(hashtext('fairlock keys rotate'))`)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === '55P03')) throw error
    throw new RotationError('Another rotation is running. Repeat the command when it is over.')
  }
  await client.query('set lock_timeout = 0')
}

type Known = { id: string; state: string }

async function nextKey(client: pg.Client, keyring: Keyring, options: RotateOptions): Promise<string> {
  const { rows: known } = await client.query<Known>(
    'select id, state from fairlock.key_encryption_keys order by created_at',
  )
  const held = await keyring.ids()
  const stateOf = (id: string) => known.find((one) => one.id === id)?.state
  if (options.key !== undefined) {
    if (!held.includes(options.key))
      throw new KeyringError(`The keyring ${keyring.location} does not hold the key ${options.key}.`)
    const state = stateOf(options.key)
    if (state === 'decrypt_only' || state === 'destroyed')
      throw new RotationError(`The key ${options.key} was retired already. Rotate to a new one.`)
    return options.key
  }
  const pending = known.find(({ id, state }) => state === 'pending' && held.includes(id))
  if (pending) return pending.id
  const absent = known.find(({ state }) => state === 'pending')
  if (absent && !options.prepare)
    throw new KeyringError(
      `The key ${absent.id} was prepared, and the keyring ${keyring.location} of this machine does not hold it.`,
    )
  return held.findLast((id) => stateOf(id) === undefined) ?? keyring.create()
}

/** A key that cannot be used, for want of a permission perhaps, is found out before anything depends on it. */
async function tryOut(keyring: Keyring, key: string): Promise<void> {
  const trial = randomBytes(KEY_BYTES)
  const context = wrapContext('trial', null)
  const back = await keyring.unwrap(key, await keyring.wrap(key, trial, context), context)
  const isSame = back.equals(trial)
  trial.fill(0)
  back.fill(0)
  if (!isSame) throw new KeyringError(`The keyring ${keyring.location} unwraps something else than it wraps.`)
}

type DataKey = { id: string; owner: string | null; from: string; wrapped: Buffer }

async function wrapAll(
  client: pg.Client,
  keyring: Keyring,
  to: string,
  onProgress: (rewrapped: number) => void,
): Promise<{ rewrapped: number; damaged: string[] }> {
  const damaged: string[] = []
  let rewrapped = 0
  let after: string | null = null
  while (true) {
    const { rows }: { rows: DataKey[] } = await client.query<DataKey>(
      `select id, owner_id as owner, key_encryption_key as "from", wrapped from fairlock.data_keys
       where key_encryption_key <> $1 and state <> 'destroyed' and ($2::uuid is null or id > $2)
       order by id limit ${BATCH}`,
      [to, after],
    )
    const last = rows.at(-1)
    if (last === undefined) return { rewrapped, damaged }
    after = last.id
    const anew = await wrapAnew(keyring, to, rows, damaged)
    const { rows: done } = await client.query<{ count: number | null }>(
      'select fairlock.wrap_anew($1, $2) as count',
      [JSON.stringify(anew), to],
    )
    if (done[0]!.count === null)
      throw new RotationError(`The key ${to} is not the active one any more: somebody has rotated again.`)
    rewrapped += done[0]!.count
    onProgress(rewrapped)
  }
}

async function wrapAnew(keyring: Keyring, to: string, rows: DataKey[], damaged: string[]) {
  const anew = []
  for (const { id, owner, from, wrapped } of rows) {
    const context = wrapContext(id, owner)
    let key: Buffer
    try {
      key = await keyring.unwrap(from, wrapped, context)
    } catch (error) {
      if (!(error instanceof Unsealable)) throw error
      damaged.push(id)
      continue
    }
    try {
      const next = await keyring.wrap(to, key, context)
      anew.push({ id, from, old: wrapped.toString('base64'), wrapped: next.toString('base64') })
    } finally {
      key.fill(0)
    }
  }
  return anew
}

async function unneededKeys(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select id from fairlock.key_encryption_keys k where state = 'decrypt_only'
       and not exists (select from fairlock.data_keys where key_encryption_key = k.id and state <> 'destroyed')
     order by created_at`,
  )
  return rows.map(({ id }) => id)
}
