import type pg from 'pg'
import { engineSteps, newId, problemFromDatabase } from '../../platform/index.ts'
import type { Sealer } from '../../platform/sealing/index.ts'
import { type Clear, findSecrets, type Walk } from './find.ts'

export const PLACE = { table: 'fairlock.adopted_secrets', column: 'secret' } as const
/** `onRows` is told of each lot of rows and how long it took, and may make the walk wait. */
export type SealWalk = Walk & {
  onRows?: ((looked: { rows: number; ms: number }) => Promise<void>) | undefined
}
/** `unowned`: of rows whose person has not been carried; the platform's own key seals them. */
export type SealReport = { sealed: number; changed: number; known: number; unowned: number }

/**
 * Seals every secret that stands in clear in the old tables into fairlock.adopted_secrets: what is sealed there already is
 * left, what the old application has changed since is sealed anew. It can be cut off and run again.
 */
export async function sealSecrets(
  ownerUrl: string,
  sealer: Sealer,
  { onRows, ...walk }: SealWalk = {},
): Promise<SealReport> {
  const report: SealReport = { sealed: 0, changed: 0, known: 0, unowned: 0 }
  await engineSteps(ownerUrl, async (client) => {
    let began = performance.now()
    for await (const { rows, clear } of findSecrets(client, walk)) {
      for (const secret of clear) await sealOne(client, sealer, secret, report)
      await onRows?.({ rows, ms: performance.now() - began })
      began = performance.now()
    }
  })
  return report
}

export type Sealed = { id: string; owner: string | null; secret: string }

/** What is sealed of this place, if anything. */
export async function sealedAt(
  client: pg.Client,
  { table, key, path }: Pick<Clear, 'table' | 'key' | 'path'>,
): Promise<Sealed | null> {
  const { rows } = await client.query<Sealed>(
    `select id, user_id as owner, secret from fairlock.adopted_secrets
     where table_name = $1 and row_key = $2 and path = $3`,
    [table, key, path],
  )
  return rows[0] ?? null
}

/** Whether a sealed secret is this text. */
export async function isSame(sealer: Sealer, { id, owner, secret }: Sealed, text: string): Promise<boolean> {
  const opened = await sealer.open(owner, { ...PLACE, row: id }, secret)
  const wanted = Buffer.from(text)
  try {
    return opened.equals(wanted)
  } finally {
    opened.fill(0)
    wanted.fill(0)
  }
}

async function sealOne(client: pg.Client, sealer: Sealer, clear: Clear, report: SealReport): Promise<void> {
  const known = await sealedAt(client, clear)
  // Whoever was carried since has a key of their own.
  if (known !== null && known.owner === clear.owner && (await isSame(sealer, known, clear.value))) {
    report.known++
    return
  }
  const id = known?.id ?? newId()
  const plaintext = Buffer.from(clear.value)
  try {
    await sealer.store(clear.owner, { ...PLACE, row: id }, plaintext, (sealed) =>
      write(client, id, clear, sealed),
    )
  } finally {
    plaintext.fill(0)
  }
  report[known === null ? 'sealed' : 'changed']++
  if (clear.owner === null) report.unowned++
}

async function write(client: pg.Client, id: string, clear: Clear, sealed: string): Promise<void> {
  try {
    await client.query(
      `insert into fairlock.adopted_secrets (id, user_id, table_name, row_key, path, secret)
       values ($1, $2, $3, $4, $5, $6)
       on conflict (table_name, row_key, path) do update
         set user_id = excluded.user_id, secret = excluded.secret, sealed_at = clock_timestamp()`,
      [id, clear.owner, clear.table, clear.key, clear.path, sealed],
    )
  } catch (error) {
    // A data key that was retired at this moment: the sealer takes the next one.
    throw problemFromDatabase(error) ?? error
  }
}
