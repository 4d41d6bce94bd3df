import type pg from 'pg'
import { newClient } from './client.ts'
import { sessionOptions, withoutOptions } from './market-schema.ts'

/**
 * Runs `work` in one transaction as fairlock_engine, the role that sees every row; for the operator's commands and
 * verifiers, which have the owner's connection string. The owner itself sees nothing: policies are forced on it too.
 * Everything is read from one snapshot.
 */
export async function asEngine<T>(ownerUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await operator(ownerUrl)
  try {
    await client.query('begin isolation level repeatable read')
    await client.query('set local role fairlock_engine')
    await client.query(`select set_config('fairlock.operation', 'command line', true)`)
    const result = await work(client)
    await client.query('commit')
    return result
  } finally {
    await client.end()
  }
}

/**
 * The same without a transaction around it: each statement is one of its own, for work in many steps that can be cut
 * off after each.
 */
export async function engineSteps<T>(ownerUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await operator(ownerUrl)
  try {
    await client.query('set role fairlock_engine')
    await client.query(`select set_config('fairlock.operation', 'command line', false)`)
    return await work(client)
  } finally {
    await client.end()
  }
}

async function operator(ownerUrl: string): Promise<pg.Client> {
  const client = newClient({
    connectionString: withoutOptions(ownerUrl),
    options: sessionOptions(ownerUrl, '-c timezone=UTC'),
    application_name: 'fairlock operator',
  })
  await client.connect()
  return client
}
