import type pg from 'pg'
import type { Database } from '../database.ts'
import { asEngine } from '../owner.ts'
import type { Keyring } from './keyring.ts'

const OLD_DAYS = 365

export type KeyEncryptionKey = {
  id: string
  keyring: string
  state: string
  createdAt: string
  activatedAt: string | null
  dataKeys: number
  /** Whether the keyring holds it; null when the keyring could not be asked. */
  held: boolean | null
}

export type KeyStatus = {
  keyring: string
  keys: KeyEncryptionKey[]
  /** In the keyring, and never used. */
  unused: string[]
  dataKeys: { active: number; decrypt_only: number; destroyed: number }
  /** Values of each sealed column, and how many of them are sealed with a retired data key. */
  columns: { column: string; values: number; retired: number }[]
  rewrap: { requestedAt: string; left: number } | null
  /** What wants doing soon; nothing is broken. */
  warnings: string[]
  /** What is broken: data that cannot be opened. */
  problems: string[]
}

export type KeyCounts = {
  active: number
  decrypt_only: number
  destroyed: number
  left: number
  /** Of the active key-encryption key; null when there is none. */
  ageSeconds: number | null
}

/** Counts of keys for the metrics. */
export function countKeys(db: Database): Promise<KeyCounts> {
  const nobody = { sessionId: null, tokenHash: null, requestId: 'metrics' }
  return db.call<KeyCounts>(nobody, 'select fairlock.count_keys() as answer', [])
}

/** The state of all keys, from one snapshot; `keyring` is the message of its error where it cannot be used. */
export async function keyStatus(ownerUrl: string, keyring: Keyring | Error): Promise<KeyStatus> {
  const held = keyring instanceof Error ? null : await keyring.ids().catch((error: Error) => error)
  return asEngine(ownerUrl, async (client) => {
    const keys = await keyEncryptionKeys(client, Array.isArray(held) ? held : null)
    const counted = await client.query('select fairlock.count_keys() as counts')
    const { active, decrypt_only, destroyed, left } = counted.rows[0].counts
    const rewrap = await client.query<{ at: Date }>(
      'select requested_at as at from fairlock.rewrap where requested_at is not null and finished_at is null',
    )
    const status: KeyStatus = {
      keyring: keyring instanceof Error ? '(cannot be used)' : keyring.location,
      keys,
      unused: Array.isArray(held) ? held.filter((id) => !keys.some((key) => key.id === id)) : [],
      dataKeys: { active, decrypt_only, destroyed },
      columns: await columnCounts(client),
      rewrap: rewrap.rows[0] ? { requestedAt: rewrap.rows[0].at.toISOString(), left } : null,
      warnings: [],
      problems: keyring instanceof Error ? [keyring.message] : held instanceof Error ? [held.message] : [],
    }
    judge(status)
    return status
  })
}

function judge(status: KeyStatus): void {
  const { keys, dataKeys, rewrap, warnings, problems } = status
  for (const { id, held, dataKeys: count, state } of keys) {
    const isNeeded = state === 'active' || count > 0
    if (held === false && isNeeded)
      problems.push(
        `The keyring does not hold ${id}, which wraps ${count} data keys. Restore the keyring that does.`,
      )
    if (held === false && state === 'pending')
      warnings.push(`${id} is prepared and not in the keyring of this machine yet.`)
    if (held === true && state === 'destroyed')
      warnings.push(`${id} is destroyed and still in the keyring: remove it there.`)
    if (state === 'decrypt_only' && count === 0)
      warnings.push(`${id} is not needed any more: fairlock keys destroy ${id}`)
    if (state === 'decrypt_only' && count > 0)
      warnings.push(
        `${id} is retired and still wraps ${count} data keys: fairlock keys rotate --key ID goes on, ` +
          'with the id of the active one.',
      )
  }
  const active = keys.find(({ state }) => state === 'active')
  if (active?.activatedAt && ageInDays(active.activatedAt) > OLD_DAYS)
    warnings.push(`${active.id} has been in use for more than a year: fairlock keys rotate`)
  if (dataKeys.decrypt_only > 0 && rewrap === null)
    warnings.push(`${dataKeys.decrypt_only} retired data keys still seal values: fairlock keys rewrap`)
}

function ageInDays(time: string): number {
  return (Date.now() - Date.parse(time)) / 86_400_000
}

async function keyEncryptionKeys(client: pg.Client, held: string[] | null): Promise<KeyEncryptionKey[]> {
  const { rows } = await client.query(
    `select id, keyring, state, created_at, activated_at, (select count(*)::int from fairlock.data_keys
       where key_encryption_key = k.id and state <> 'destroyed') as count
     from fairlock.key_encryption_keys k order by created_at, id`,
  )
  return rows.map(({ id, keyring, state, created_at, activated_at, count }) => ({
    id,
    keyring,
    state,
    createdAt: created_at.toISOString(),
    activatedAt: activated_at?.toISOString() ?? null,
    dataKeys: count,
    held: held === null ? null : held.includes(id),
  }))
}

async function columnCounts(client: pg.Client): Promise<KeyStatus['columns']> {
  const columns = await client.query<{ relation: string; name: string; is_bytes: boolean }>(
    'select relation, name, is_bytes from fairlock.sealed_columns()',
  )
  const counts = []
  for (const { relation, name, is_bytes } of columns.rows) {
    const column = client.escapeIdentifier(name)
    const key = is_bytes
      ? `encode(substr(v.${column}, 5, 16), 'hex')::uuid`
      : `fairlock.sealed_with(v.${column})`
    const { rows } = await client.query<{ values: number; retired: number }>(
      `select count(*)::int as values, count(*) filter (where k.state is distinct from 'active')::int as retired
       from ${relation} v left join fairlock.data_keys k on k.id = ${key} where v.${column} is not null`,
    )
    counts.push({ column: `${relation}.${name}`, ...rows[0]! })
  }
  return counts
}
