import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { testDatabase } from '../support/server.ts'

const USER = '00000000-0000-4000-8000-000000000001'

test('a type of the same name in the caller’s temporary schema does not run the caller’s code as the engine', async () => {
  const database = await testDatabase()
  const app = new pg.Client(database.appUrl)
  await app.connect()
  try {
    await app.query(`
      create temporary table seen (role text);
      create function pg_temp.look() returns boolean language plpgsql as $$
        begin raise exception 'ran as %', current_user; end $$;
      create domain pg_temp.jsonb as pg_catalog.jsonb check (pg_temp.look());
      create domain pg_temp.uuid as pg_catalog.uuid check (pg_temp.look());
      create domain pg_temp.bytea as pg_catalog.bytea check (pg_temp.look())`)
    await app.query(`select set_config('fairlock.user_id', $1, false)`, [USER])
    const { rows } = await app.query<{ answer: { refusal: string } }>(
      `select fairlock.command('create_offer'::text, '{"pair": "BTC/XXX"}'::pg_catalog.jsonb, null, null) as answer`,
    )
    assert.equal(rows[0]?.answer.refusal, 'unknown_pair')
  } finally {
    await app.end()
    await database.drop()
  }
})
