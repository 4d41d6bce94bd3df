import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Probes } from '../policies/probes.ts'

const COUNT = Number(process.env.PROBES ?? 100_000)
const SEED = Number(process.env.PROBE_SEED ?? 1)

let probes: Probes
before(async () => {
  probes = await Probes.open()
})
after(() => probes?.close())

test(`${COUNT} probes for what is somebody else’s give no row`, async (t) => {
  const began = performance.now()
  const { rows, denied, calls, found } = await probes.run(COUNT, SEED)
  assert.deepEqual(found.slice(0, 20), [])
  const seconds = Math.round((performance.now() - began) / 1000)
  t.diagnostic(
    `probes: ${COUNT} (${calls} of functions, ${denied} denied by privilege), ${rows} rows, seed ${SEED}, ${seconds} s`,
  )
})
