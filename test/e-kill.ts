import pg from 'pg'
import { emptyDatabase } from './support/server.ts'
import { makeLegacy } from '../src/adoption/legacy/index.ts'
import { openSession, status } from '../src/platform/migrator/index.ts'
import { recognise, recordMapping, adoptionUp, adoptionDown, contract, installState, retryQuarantine } from '../src/adoption/index.ts'
import { COLUMNS, OLD_TABLES } from '../src/adoption/tables.ts'
import { bringUp } from '../src/cli/bring-up.ts'
import { checksums } from './migrations/support.ts'
import { killedRun } from './adoption/kills.ts'
const d = await emptyDatabase()
await makeLegacy(d.ownerUrl, { rows: 300 })
const s = await openSession(d.ownerUrl)
const rec = await recognise(d.ownerUrl)
await recordMapping(s, { mapping: rec.mapping!, shapes: rec.shapes, confirmed: true })
const old = async () => { const c = await checksums(s, ['public']); return JSON.stringify(c) }
const before = await old()
const su = new pg.Client(d.superuserUrl); await su.connect()
for (const way of ['up', 'up', 'down', 'up','contract'] as const) {
  if (way === 'contract') await s.query(`insert into fairlock_adoption.reports (passed, report) values (true, '{}')`)
  for (const victim of ['runner', 'session'] as const) {
  let n = way === 'up' ? 40 : 1
  for (;; n += way === 'up' ? 137 : 7) {
    const t = performance.now()
    const k = await killedRun(way, d, victim, n)
    console.log(way, victim, n, k.died, k.statements, Math.round(performance.now() - t), k.said.slice(0, 300))
    if (!k.died && k.statements !== null && k.statements < n) break
  }
  }
  console.log((await s.query(`select phase from fairlock_adoption.state`)).rows[0], way === 'contract' || await old() === before)
}
console.log((await status({ ownerUrl: d.ownerUrl })).drift, (await status({ ownerUrl: d.ownerUrl })).code)
await s.end(); await su.end()
