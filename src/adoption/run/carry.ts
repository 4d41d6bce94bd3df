import type pg from 'pg'
import { sqlState } from '../../platform/migrator/index.ts'
import type { TableName } from '../old-tables.ts'
import { isCarrying, type Phase } from '../state.ts'

export type Outcome = { carried: number; unchanged: number; quarantined: number; removed: number }

/** Carries the rows with these keys as they are now; what has gone from the old table goes from the new one. */
export async function carry(client: pg.Client, table: TableName, keys: string[]): Promise<Outcome> {
  const { rows } = await client.query<Outcome>(
    `select carried, unchanged, quarantined, removed from fairlock_adoption.carry_${table}($1)`,
    [keys],
  )
  if (table !== 'users') await fill(client, table, keys)
  return rows[0]!
}

/**
 * Shows the new values in the columns that were added to the old table. What the old database has against it, a trigger
 * or a law of its own, must not keep the row from being carried.
 */
async function fill(client: pg.Client, table: TableName, keys: string[]): Promise<void> {
  await client.query('savepoint fill')
  try {
    await client.query(`select fairlock_adoption.fill_${table}($1)`, [keys])
    await client.query('release savepoint fill')
  } catch (error) {
    if (!/^(22|23|42501|55000|P0001)/.test(sqlState(error) ?? '')) throw error
    await client.query('rollback to savepoint fill')
  }
}

/**
 * Asked first in every transaction that carries: whoever ends the take-over, or parks it, waits for these transactions
 * and keeps later ones out.
 */
export async function mayCarry(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ phase: Phase }>('select phase from fairlock_adoption.state for share')
  return isCarrying(rows[0]?.phase)
}

export type Batch = {
  table: TableName
  rows: number
  ms: number
  p99Ms: number | null
  pauseMs: number
  lockWaits: number
  retries: number
}

/** Leaves the row by which others watch; the last thousand are kept. */
export async function noteBatch(client: pg.Client, batch: Batch): Promise<void> {
  await client.query(
    `with noted as (
       insert into fairlock_adoption.batches (table_name, rows, ms, probe_p99_ms, pause_ms, lock_waits, retries)
       values ($1, $2, $3, $4, $5, $6, $7) returning id
     )
     delete from fairlock_adoption.batches where id < (select id from noted) - 1000`,
    [batch.table, batch.rows, batch.ms, batch.p99Ms, batch.pauseMs, batch.lockWaits, batch.retries],
  )
}
