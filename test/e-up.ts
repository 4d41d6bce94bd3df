import { readFileSync } from 'node:fs'
import pg from 'pg'
import { emptyDatabase } from './support/server.ts'
import { makeLegacy } from '../src/adoption/legacy/index.ts'
import { openSession, status } from '../src/platform/migrator/index.ts'
import { recognise, recordMapping, adoptionUp, adoptionDown, contract, installState, retryQuarantine } from '../src/adoption/index.ts'
import { COLUMNS, OLD_TABLES } from '../src/adoption/tables.ts'
import { bringUp } from '../src/cli/bring-up.ts'
import { Progress } from '../src/cli/adoption/progress.ts'
const d = await emptyDatabase()
console.time('legacy')
await makeLegacy(d.ownerUrl, { rows: Number(process.env.ROWS ?? 2000), dirty: process.env.DIRTY === '1' })
console.timeEnd('legacy')
const s = await openSession(d.ownerUrl)
const rec = await recognise(d.ownerUrl)
await recordMapping(s, { mapping: rec.mapping!, shapes: rec.shapes, confirmed: true })
const p = new Progress(false)
const up = () => adoptionUp({ ownerUrl: d.ownerUrl, listenMs: Number(process.env.LISTEN ?? 0), bringUp: () => bringUp({ ownerUrl: d.ownerUrl, appUrl: d.appUrl }), confirmCustody: async () => true, onEvent: e => p.show(e) })
console.time('up'); const r = await up(); console.timeEnd('up')
console.log(r.phase, r.counts, r.marksLeft, r.troubles)
if (process.env.ROWS) { await s.end(); process.exit(0) }
console.time("down"); await adoptionDown({ ownerUrl: d.ownerUrl, to: 'adopted' }); console.timeEnd('down')
await s.query('delete from crypto_prices where id in (select id from crypto_prices limit 3)')
console.time('up2'); const r2 = await up(); console.timeEnd('up2')
console.log(r2.phase, r2.counts.map(c => Object.values(c).join()), (await s.query('select table_name, pass, rows_done, rows_total, finished_at, written_at from fairlock_adoption.progress')).rows)
try { await contract({ ownerUrl: d.ownerUrl, bringUp: async () => { throw 1 }, confirm: async () => true, afterDays: 3, acceptQuarantine: false }) } catch (e) { console.log((e as Error).message) }
await s.query(`insert into fairlock_adoption.reports (passed, report) values (true, '{}'); create table other (id int primary key, who uuid references users, w uuid references crypto_wallets); insert into other select row_number() over (), id from users limit 5; create view active as select id, email from users where email is not null; create view active2 as select count(*) from active; grant select on active to public`)
await s.query('set search_path=public'); process.exitCode = 0
const c = await contract({ ownerUrl: d.ownerUrl, bringUp: () => bringUp({ ownerUrl: d.ownerUrl, appUrl: d.appUrl }), confirm: async (p) => { console.log(JSON.stringify(p, null, 1)); return true }, afterDays: 0, acceptQuarantine: false, force: true, onMessage: console.log }).catch(e => { console.log(e); return null })
console.log(c?.done, c?.schema)
const st = await status({ ownerUrl: d.ownerUrl })
console.log(st.drift?.slice(0, 20), st.problems, st.code)
console.log((await s.query(`select conname, convalidated, confrelid::regclass from pg_constraint where conrelid = 'other'::regclass`)).rows)
console.log((await s.query(`select nspname, count(*) from pg_class c join pg_namespace n on n.oid=relnamespace where relkind in ('r','v','p') group by 1`)).rows)
await s.end()
