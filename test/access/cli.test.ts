import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startMarket } from '../support/market.ts'
import { events, grant, type Office, openOffice } from './staff.ts'

// The operator's way: as the owner of the database, asking for no role.

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

let office: Office
before(async () => {
  office = await openOffice(await startMarket())
})
after(async () => {
  await office?.superuser.end()
  await office?.market.stop()
})

function fairlock(...args: string[]): Promise<{ code: number; out: string; said: string }> {
  const env = { ...process.env, DATABASE_URL: office.market.database.ownerUrl }
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env }, (error, out, said) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, said }),
    )
  })
}

test('access is listed and revoked from a terminal, at once and with its reason', async () => {
  const { support, admin, seller } = office
  const { id } = await grant(support, admin, { scope: 'person', userId: seller.id })
  const listed = await fairlock('access', 'list', '--json')
  assert.equal(listed.code, 0, listed.said)
  const [first] = JSON.parse(listed.out)
  assert.deepEqual(
    [first.id, first.staff, first.status, first.userId],
    [id, support.email, 'live', seller.id],
  )
  assert.match((await fairlock('access', 'list')).out, new RegExp(`${id}.*live.*${support.email}`))

  assert.equal((await support.get(`/v1/admin/users/${seller.id}`)).status, 200)
  const revoked = await fairlock('access', 'revoke', id, '--reason', 'left the company', '--json')
  assert.deepEqual([revoked.code, JSON.parse(revoked.out).status], [0, 'revoked'], revoked.said)
  assert.equal((await support.get(`/v1/admin/users/${seller.id}`)).status, 404)
  assert.equal((await events(office, 'access.revoked', id))[0].reason, 'left the company')
  assert.equal((await fairlock('access', 'revoke', id, '--reason', 'again')).code, 1)
  assert.equal((await fairlock('access', 'revoke', 'nonsense', '--reason', 'x')).code, 2)
})

test('duty is set, listed and cleared from a terminal', async () => {
  const set = ['duty', 'set', '--role', 'support', '--days', '1-5', '--hours', '08:00-18:00', '--zone']
  assert.equal((await fairlock(...set, 'Europe/Berlin')).code, 0)
  assert.match(
    (await fairlock('duty', 'list')).out,
    /support: days 1,2,3,4,5, 08:00 to 18:00, Europe\/Berlin/,
  )
  const wrong = await fairlock(...set, 'Nowhere/Else')
  assert.deepEqual([wrong.code, /time zone Nowhere\/Else/.test(wrong.said)], [2, true], wrong.said)
  assert.match((await fairlock('duty', 'list')).out, /support: days/, 'a refused change changes nothing')
  assert.equal((await fairlock('duty', 'clear', '--role', 'support')).code, 0)
  assert.match((await fairlock('duty', 'list')).out, /support: always/)
})
