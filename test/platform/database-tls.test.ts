import assert from 'node:assert/strict'
import { test } from 'node:test'
import { databaseWithoutTls } from '../../src/platform/index.ts'

const at = (rest: string) => databaseWithoutTls(`postgres://owner:planted-password@${rest}`)

test('a database on another machine without checked TLS is warned of, without its password', () => {
  for (const rest of [
    'db.example.org/fairlock',
    '10.0.0.5:5432/fairlock',
    'db.example.org/fairlock?sslmode=disable',
    'db.example.org/fairlock?sslmode=no-verify',
    'db.example.org/fairlock?sslmode=require&uselibpqcompat=true',
    'localhost.example.org/fairlock',
  ]) {
    const said = at(rest)
    assert.match(said ?? '', /not protected by TLS/, rest)
    assert.doesNotMatch(said ?? '', /planted/)
  }
})

test('on this machine, or with a certificate that is checked, there is nothing to say', () => {
  for (const rest of [
    'localhost/fairlock',
    '127.0.0.1:5433/fairlock',
    '[::1]/fairlock',
    'ignored/fairlock?host=/var/run/postgresql',
    'db.example.org/fairlock?sslmode=verify-full',
    'db.example.org/fairlock?sslmode=require',
  ]) {
    assert.equal(at(rest), null, rest)
  }
})
