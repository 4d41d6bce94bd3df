import type pg from 'pg'
import { newClient } from './client.ts'

/** Where Fairlock's market tables are, unless a database is being taken over. */
export const PUBLIC = 'public'

/**
 * The schema of the market tables: `public`, or while a database is being taken over the one beside it, because the
 * names in `public` still belong to the old application. `fairlock db contract` ends that.
 */
export async function marketSchema(client: Pick<pg.ClientBase, 'query'>): Promise<string> {
  const found = await client.query<{ taken: boolean }>(
    `select to_regclass('fairlock_adoption.state') is not null as taken`,
  )
  if (!found.rows[0]!.taken) return PUBLIC
  const state = await client.query<{ schema: string }>(
    'select market_schema as schema from fairlock_adoption.state',
  )
  return state.rows[0]?.schema ?? PUBLIC
}

/** SQL that was written for the tables in `public`, for those in another schema. */
export function inSchema(text: string, schema: string): string {
  if (schema === PUBLIC) return text
  return text
    .replace(/\bpublic(?=\.[\w%"'])/g, schema)
    .replace(/'public'/g, `'${schema}'`)
    .replace(/\bschema public\b/g, `schema ${schema}`)
}

/** A connection string whose sessions find the market tables by their bare names. */
export function withMarketSchema(url: string, schema: string): string {
  if (schema === PUBLIC) return url
  const changed = new URL(url)
  changed.searchParams.set('options', sessionOptions(url, `-c search_path=${schema}`))
  // A form's way to write a space, which psql and every other program of libpq's reads as a plus.
  changed.search = changed.search.replaceAll('+', '%20')
  return changed.href
}

/**
 * What a session is started with: the options of the connection string and these. The driver would take either, not
 * both.
 */
export function sessionOptions(url: string, options: string): string {
  const own = new URL(url).searchParams.get('options')
  return own === null ? options : `${own} ${options}`
}

/** The same connection string without options, for a driver that is given them on their own. */
export function withoutOptions(url: string): string {
  const changed = new URL(url)
  changed.searchParams.delete('options')
  return changed.href
}

/** Asks the database where the market tables are and gives the owner's and the application's strings for it. */
export async function marketUrls<Urls extends { ownerUrl: string; appUrl: string }>(
  urls: Urls,
): Promise<Urls> {
  const client = newClient({ connectionString: urls.ownerUrl, application_name: 'fairlock operator' })
  await client.connect()
  try {
    const schema = await marketSchema(client)
    return {
      ...urls,
      ownerUrl: withMarketSchema(urls.ownerUrl, schema),
      appUrl: withMarketSchema(urls.appUrl, schema),
    }
  } finally {
    await client.end()
  }
}
