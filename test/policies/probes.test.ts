import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Probes } from './probes.ts'

const COUNT = 2500
const SEED = Number(process.env.PROBE_SEED ?? Date.now() % 1_000_000)

let probes: Probes
before(async () => {
  probes = await Probes.open()
})
after(() => probes?.close())

test(`${COUNT} probes for what is somebody else’s give no row (seed ${SEED})`, async () => {
  const { probes: done, rows, denied, calls, found } = await probes.run(COUNT, SEED)
  assert.deepEqual(found.slice(0, 20), [])
  assert.deepEqual([done, rows], [COUNT, 0])
  // Most are answered with no rows and not with a missing privilege, or they would prove little.
  assert.ok(denied < done * 0.9 && calls > done / 10, `${denied} denied, ${calls} calls`)
})

for (const [what, hole, where] of [
  [
    'a policy that shows everything',
    'create policy hole on crypto_wallets for select to fairlock_app using (true)',
    /crypto_wallets/,
  ],
  [
    'a view with the rights of its owner',
    'alter view fairlock.trade_views set (security_invoker = false)',
    /trade_views/,
  ],
  [
    'a function that answers about whom it is asked',
    `create or replace function fairlock.me() returns jsonb language sql stable security definer
       as $$ select jsonb_agg(email) from public.users $$`,
    /fairlock\.me/,
  ],
] as const) {
  test(`the probes find ${what}`, async () => {
    await probes.plant(hole)
    const { rows, found } = await probes.run(COUNT, SEED)
    assert.ok(rows > 0 && found.some((one) => where.test(one)), JSON.stringify(found.slice(0, 5)))
  })
}
