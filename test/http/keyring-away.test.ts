import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify from 'fastify'
import { problemHandler } from '../../src/http/problems.ts'
import { KeyringError, Unsealable } from '../../src/platform/sealing/index.ts'

test('a keyring that is away is 503 and in the log; where it is stays in the log', async () => {
  const lines: string[] = []
  const app = fastify({ logger: { stream: { write: (line: string) => void lines.push(line) } } })
  problemHandler(app.withTypeProvider<TypeBoxTypeProvider>())
  app.get('/away', () => Promise.reject(new KeyringError('vault:https://vault.internal cannot be reached')))
  app.get('/changed', () => Promise.reject(new Unsealable()))
  const away = await app.inject('/away')
  assert.equal(away.statusCode, 503)
  assert.equal(away.json().code, 'keyring_unavailable')
  assert.ok(!away.body.includes('vault.internal'))
  assert.ok(lines.some((line) => line.includes('vault.internal')))
  const changed = await app.inject('/changed')
  assert.equal(changed.statusCode, 500, 'a changed value is nothing that passes')
  assert.equal(changed.json().code, 'internal')
  await app.close()
})
