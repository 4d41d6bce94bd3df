import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EARLY_ANSWERS, simulate } from './simulation.ts'

const COMMANDS = Number(process.env.MODEL_COMMANDS ?? 5_000)

test(`${COMMANDS} random commands are answered as the model says, and leave everybody what it says`, async (t) => {
  const { played, seed, seconds, met } = await simulate(COMMANDS)
  t.diagnostic(`model: ${played} commands, ${met.length} kinds of answer, seed ${seed}, ${seconds} s`)
  if (COMMANDS >= 5_000)
    assert.deepEqual(
      EARLY_ANSWERS.filter((answer) => !met.includes(answer)),
      [],
    )
})
