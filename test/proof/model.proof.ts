import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANSWERS, simulate } from '../simulation/simulation.ts'

const COMMANDS = Number(process.env.MODEL_COMMANDS ?? 50_000)

test(`${COMMANDS} random commands are answered as the model says, and leave everybody what it says`, async (t) => {
  const toMeet = COMMANDS >= 50_000 ? ANSWERS : []
  const { played, seed, seconds, met, missed } = await simulate(COMMANDS, toMeet)
  t.diagnostic(`model: ${played} commands, ${met} kinds of answer, books clean, seed ${seed}, ${seconds} s`)
  assert.deepEqual(missed, [])
})
