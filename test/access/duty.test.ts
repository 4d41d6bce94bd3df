import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { readHours } from '../../src/cli/access.ts'
import { asEngine } from '../../src/platform/index.ts'
import { codeOf, makeStale } from '../factors/support.ts'
import { startMarket } from '../support/market.ts'
import { type Office, openOffice, REASON, type Role } from './staff.ts'

// A role counts while it is on duty, and the command line is the way back for everybody.

let office: Office
before(async () => {
  office = await openOffice(await startMarket())
})
after(async () => {
  await office?.superuser.end()
  await office?.market.stop()
})

const setDuty = (role: Role, hours: object[]) =>
  asEngine(office.market.database.ownerUrl, (client) =>
    client.query('select fairlock.set_duty($1, $2)', [role, JSON.stringify(hours)]),
  )

/** The minute of the day and the weekday in a zone, now. */
async function local(zone: string): Promise<{ minute: number; day: number }> {
  const { rows } = await office.superuser.query(
    `select extract(hour from t)::int * 60 + extract(minute from t)::int as minute, extract(isodow from t)::int as day
     from (select clock_timestamp() at time zone $1 as t) now`,
    [zone],
  )
  return rows[0]
}

test('outside its hours an administrator is nobody: every operation of the role is refused', async () => {
  const { admin, seller } = office
  const { day } = await local('UTC')
  const hours = { from_minute: 0, to_minute: 1440, time_zone: 'UTC' }
  const acts = async () => [
    (await admin.put(`/v1/admin/users/${seller.id}/kyc`, { level: 'basic', reason: 'papers' })).status,
    (await admin.put(`/v1/admin/users/${seller.id}/ban`, { until: null, reason: 'none' })).status,
    (
      await admin.post('/v1/admin/adjustments', {
        userId: seller.id,
        currency: 'BTC',
        amount: '1',
        reason: 'x',
      })
    ).status,
    (await admin.post('/v1/admin/access-grants', { scope: 'person', userId: seller.id, reason: REASON }))
      .status,
    (await admin.post('/v1/admin/users/search', { name: 'nobody' })).status,
  ]
  assert.deepEqual(await acts(), [200, 200, 201, 201, 200])
  await setDuty('admin', [{ ...hours, weekdays: [(day % 7) + 1] }])
  assert.deepEqual(await acts(), [403, 403, 403, 403, 404])
  // Nobody who is locked out can change that; the owner's command line can.
  await setDuty('admin', [])
  assert.deepEqual(await acts(), [200, 200, 201, 201, 200])
})

test('a ban takes the role away until it ends by itself', async () => {
  const { admin, compliance, seller, superuser } = office
  const until = new Date(Date.now() + 900).toISOString()
  const ban = { until, reason: 'looked where there was nothing to look for' }
  assert.equal((await compliance.put(`/v1/admin/users/${admin.id}/ban`, ban)).status, 200)
  const kyc = () => admin.put(`/v1/admin/users/${seller.id}/kyc`, { level: 'basic', reason: 'papers' })
  assert.equal((await kyc()).status, 403)
  await superuser.query('select pg_sleep(0.9)')
  assert.equal((await kyc()).status, 200)
})

test('hours are local to their zone and end with their last minute', async () => {
  const { superuser } = office
  await superuser.query('set role fairlock_engine')
  const isOn = async (row: object) => {
    await setDuty('support', [row])
    return (await superuser.query(`select fairlock.is_on_duty('support') as on`)).rows[0].on
  }
  for (const zone of ['UTC', 'Pacific/Kiritimati', 'America/St_Johns']) {
    const { minute, day } = await local(zone)
    const row = { weekdays: [day], time_zone: zone, from_minute: minute, to_minute: minute + 1 }
    // The clock may have gone on to the next minute meanwhile.
    const on = await isOn(row)
    if ((await local(zone)).minute === minute) assert.equal(on, true, zone)
    if (minute > 0)
      assert.equal(await isOn({ ...row, from_minute: minute - 1, to_minute: minute }), false, zone)
    if (minute < 1435)
      assert.equal(await isOn({ ...row, from_minute: minute + 3, to_minute: minute + 4 }), false, zone)
    assert.equal(
      await isOn({ ...row, weekdays: [(day % 7) + 1], from_minute: 0, to_minute: 1440 }),
      false,
      zone,
    )
  }
  await superuser.query('reset role')
  await assert.rejects(
    setDuty('support', [{ weekdays: [1], from_minute: 0, to_minute: 1, time_zone: 'Nowhere' }]),
    {
      code: '22023',
    },
  )
  await setDuty('support', [])
})

test('the command line reads days and hours, and splits a night', () => {
  const read = (days: string, hours: string) =>
    readHours({ days, hours, zone: 'UTC' }).map((one) => [
      one.weekdays.join(''),
      one.from_minute,
      one.to_minute,
    ])
  assert.deepEqual(read('1-5', '08:00-18:00'), [['12345', 480, 1080]])
  assert.deepEqual(read('6,1', '08:00-12:00, 13:00-24:00'), [
    ['16', 480, 720],
    ['16', 780, 1440],
  ])
  assert.deepEqual(read('5,7', '22:00-06:00'), [
    ['57', 1320, 1440],
    ['16', 0, 360],
  ])
  assert.deepEqual(read('1', '22:00-00:00'), [['1', 1320, 1440]])
  for (const [days, hours] of [
    ['0', '08:00-18:00'],
    ['5-1', '08:00-18:00'],
    ['1', '8-18'],
    ['1', '08:00'],
    ['1', '08:00-08:00'],
    ['1', '08:00-24:01'],
  ] as const) {
    assert.throws(() => read(days, hours), { name: 'UsageError' }, `${days} ${hours}`)
  }
})

test('where staff need a second factor, a role without one is no role, and says what to do', async () => {
  const { admin, seller, superuser } = office
  const kyc = () => admin.put(`/v1/admin/users/${seller.id}/kyc`, { level: 'basic', reason: 'papers' })
  const search = () => admin.post('/v1/admin/users/search', { name: 'nobody' })
  await superuser.query('reset role; update fairlock.settings set staff_need_factor = true')
  try {
    assert.equal((await kyc()).body.code, 'staff_factor_required')
    assert.equal((await search()).status, 404)
    assert.equal(
      (await seller.put(`/v1/admin/users/${admin.id}/kyc`, { level: 'none', reason: 'no' })).body.code,
      'admin_only',
    )
    const { secret } = (await admin.post('/v1/me/two-factor')).body
    assert.equal((await admin.post('/v1/me/two-factor/confirmation', { totp: codeOf(secret) })).status, 200)
    assert.equal((await kyc()).status, 200)
    assert.equal((await search()).status, 200)
    await makeStale(superuser, admin)
    assert.equal((await kyc()).body.code, 'second_factor_required')
  } finally {
    await superuser.query('update fairlock.settings set staff_need_factor = false')
  }
})
