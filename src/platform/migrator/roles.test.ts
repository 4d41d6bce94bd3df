import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { scramVerifier } from './roles.ts'

test("the verifier's server key signs the exchange of RFC 7677", () => {
  const salt = 'W22ZaJ0SNY7soEsUEjb6gQ=='
  const verifier = scramVerifier('pencil', Buffer.from(salt, 'base64'))
  const [, parameters, , serverKey] = /^SCRAM-SHA-256\$([^$]+)\$([^:]+):(.+)$/.exec(verifier)!
  assert.equal(parameters, `4096:${salt}`)
  const exchange =
    'n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,' +
    `s=${salt},i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0`
  const signature = createHmac('sha256', Buffer.from(serverKey!, 'base64')).update(exchange).digest('base64')
  assert.equal(signature, '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
})
