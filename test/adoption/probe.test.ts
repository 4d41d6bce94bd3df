import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Probe } from '../../src/adoption/run/probe.ts'
import { emptyDatabase, withClient } from '../support/server.ts'

// A statement that fails ends the probe, and then it has no figure to give.
for (const may of [true, false]) {
  test(`the probe listens ${may ? 'to commits as well as to reads' : 'to reads where it may not write the log'}`, async () => {
    const { ownerUrl, superuserUrl } = await emptyDatabase()
    await withClient(superuserUrl, async (superuser) => {
      await superuser.query('create table public.users (id int primary key)')
      await superuser.query('insert into public.users select generate_series(1, 100)')
      await superuser.query('grant select on public.users to public')
      if (may) return
      await superuser.query(
        `do $$ declare f regprocedure; begin
           for f in select oid from pg_proc where proname = 'pg_logical_emit_message' loop
             execute format('revoke execute on function %s from public', f);
           end loop;
         end $$`,
      )
    })
    const probe = await Probe.start(ownerUrl, [{ table: 'users', relation: 'public.users', key: 'id' }])
    const p99 = await probe.baseline(1_500)
    await probe.stop()
    assert.ok(p99 > 0)
  })
}
