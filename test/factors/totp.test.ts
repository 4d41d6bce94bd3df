import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { hashOfCode, newRecoveryCodes } from '../../src/identity/factors/recovery-codes.ts'
import { newSecret, otpauthUrl, stepOf } from '../../src/identity/factors/totp.ts'
import { codeOf } from './support.ts'

// RFC 6238, appendix B: the secret is the ASCII text 12345678901234567890; the last six of its eight digits are the code
// of six digits.
const SECRET = Buffer.from('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ')
const VECTORS: [number, string][] = [
  [59, '94287082'],
  [1_111_111_109, '07081804'],
  [1_111_111_111, '14050471'],
  [1_234_567_890, '89005924'],
  [2_000_000_000, '69279037'],
  [20_000_000_000, '65353130'],
]

test('the vectors of RFC 6238', () => {
  for (const [seconds, digits] of VECTORS) {
    const step = Math.floor(seconds / 30)
    assert.equal(stepOf(SECRET, digits.slice(2), seconds * 1000), step, `${seconds}`)
    assert.equal(codeOf(SECRET.toString(), 0, seconds * 1000), digits.slice(2))
    assert.equal(stepOf(SECRET, digits.slice(2), (seconds + 30) * 1000), step, 'one step late')
    assert.equal(stepOf(SECRET, digits.slice(2), (seconds - 30) * 1000), step, 'one step early')
    assert.equal(stepOf(SECRET, digits.slice(2), (seconds + 60) * 1000), null, 'two steps late')
    assert.equal(stepOf(SECRET, digits.slice(2), (seconds - 60) * 1000), null, 'two steps early')
  }
})

test('secrets are 160 random bits in Base32, spelled with or without spaces, capitals and padding', () => {
  const secrets = Array.from({ length: 50 }, () => newSecret().toString())
  assert.equal(new Set(secrets).size, 50)
  for (const secret of secrets) assert.match(secret, /^[A-Z2-7]{32}$/)
  const at = 1_234_567_890_000
  for (const spelled of ['gezd gnbv gy3t qojq gezd gnbv gy3t qojq', `${SECRET}====`])
    assert.equal(stepOf(Buffer.from(spelled), '005 924', at), 41_152_263)
})

test('the address for authenticator apps names issuer and account', () => {
  const url = new URL(otpauthUrl(SECRET.toString(), 'marta+1@example.org'))
  assert.equal(url.protocol + url.host, 'otpauth:totp')
  assert.equal(decodeURIComponent(url.pathname), '/Fairlock:marta+1@example.org')
  assert.deepEqual(Object.fromEntries(url.searchParams), {
    issuer: 'Fairlock',
    secret: SECRET.toString(),
    algorithm: 'SHA1',
    digits: '6',
    period: '30',
  })
})

test('ten recovery codes of 120 bits, which may be typed as they look', () => {
  const { codes, hashes } = newRecoveryCodes()
  assert.equal(new Set(codes).size, 10)
  assert.deepEqual(codes.map(hashOfCode), hashes)
  for (const code of codes) {
    assert.match(code, /^[0-9A-HJKMNP-TV-Z]{6}(-[0-9A-HJKMNP-TV-Z]{6}){3}$/)
    assert.equal(hashOfCode(` ${code.toLowerCase().replaceAll('-', ' ')} `), hashOfCode(code))
    assert.equal(hashOfCode(code.replaceAll('0', 'o').replaceAll('1', 'l')), hashOfCode(code))
  }
})

const missing =
  spawnSync('oathtool', ['--version']).error === undefined ? false : 'needs the package oathtool'

test('a real authenticator makes codes that are taken', { skip: missing }, () => {
  for (let i = 0; i < 20; i++) {
    const secret = newSecret()
    const at = 1_700_000_000 + i * 86_399
    const arguments_ = ['--totp', '--base32', `--now=@${at}`, secret.toString()]
    const code = execFileSync('oathtool', arguments_).toString().trim()
    assert.equal(stepOf(secret, code, at * 1000), Math.floor(at / 30))
  }
})
