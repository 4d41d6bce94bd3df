import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANSWERS, simulate } from '../simulation/simulation.ts'

const COMMANDS = Number(process.env.MODEL_COMMANDS ?? 50_000)

test(`${COMMANDS} random commands are answered as the model says, and leave everybody what it says`, async (t) => {
  const { played, seed, seconds, met } = await simulate(COMMANDS)
  t.diagnostic(
    `model: ${played} commands, ${met.length} kinds of answer, books clean, seed ${seed}, ${seconds} s`,
  )
  if (COMMANDS >= 50_000)
    assert.deepEqual(
      ANSWERS.filter((answer) => !met.includes(answer)),
      [],
    )
})
