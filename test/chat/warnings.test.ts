import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { ethereumChecksum, isBase58Address, isBech32Address } from '../../src/trades/chat/addresses.ts'
import { keccak256 } from '../../src/trades/chat/keccak.ts'
import { cleanText } from '../../src/trades/chat/text.ts'
import { WARNING_CODES, warningsOf } from '../../src/trades/chat/warnings.ts'

/** What is warned of, as `code: the words`. */
const said = (text: string) =>
  warningsOf(text).map(({ code, from, to }) => `${code}: ${text.slice(from, to)}`)

// Addresses of BIP 173, BIP 350, EIP-55 and the documentation of Bitcoin, TRON and Monero.
const ETHEREUM = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'
const MONERO =
  '888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H'
const WALLETS = [
  '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2',
  '3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy',
  'mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn',
  'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
  'BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4',
  'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
  'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t',
  ETHEREUM,
  ETHEREUM.toLowerCase(),
  MONERO,
]

test('addresses of wallets are found wherever they stand, and only with a right checksum', () => {
  for (const wallet of WALLETS) {
    assert.deepEqual(said(wallet), [`wallet_address: ${wallet}`])
    assert.deepEqual(said(`Send it to ${wallet}, please.`), [`wallet_address: ${wallet}`])
  }
  const mistyped = ETHEREUM.replace('aA', 'Aa')
  assert.deepEqual(said(mistyped), [`wallet_address_damaged: ${mistyped}`])
  const almost = [WALLETS[0]!.replace('B', 'C'), WALLETS[3]!.replace('w5', 'w6'), WALLETS[5]!.slice(0, -1)]
  for (const one of [...almost, `x${WALLETS[0]}`, ETHEREUM.slice(0, -1), `${WALLETS[6]}x`])
    assert.deepEqual(said(one), [], one)
})

test('ways out of the platform and account numbers are found, also those that hide', () => {
  const cases: [string, string[]][] = [
    ['see https://example.com/a?b=c now', ['link: https://example.com/a?b=c']],
    ['go to evil-market.com/login', ['link: evil-market.com/login']],
    ['evil [dot] com or www.evil.zz', ['link: evil [dot] com', 'link: www.evil.zz']],
    ['ｅｖｉｌ．ｃｏｍ', ['link: ｅｖｉｌ．ｃｏｍ']],
    ['ev\u200dil.c\u200com', ['link: ev\u200dil.c\u200com']],
    ['javascript:alert(1)', ['link: javascript:alert(1)']],
    ['marta@example.org', ['email: marta@example.org']],
    ['marta (at) example (dot) org', ['email: marta (at) example (dot) org']],
    ['on Telegram I am @marta_k', ['other_channel: Telegram', 'other_channel: @marta_k']],
    ['t.me/marta', ['other_channel: t.me/marta']],
    ['пиши в телеграм', ['other_channel: телеграм']],
    ['call +49 176 12345678 today', ['phone: +49 176 12345678']],
    ['0176 12345678', ['phone: 0176 12345678']],
    ['DE89 3704 0044 0532 0130 00 is mine', ['payment_details: DE89 3704 0044 0532 0130 00']],
    ['de89370400440532013000', ['payment_details: de89370400440532013000']],
    ['NL91-ABNA-0417-1643-00', ['payment_details: NL91-ABNA-0417-1643-00']],
  ]
  for (const [text, wanted] of cases) assert.deepEqual(said(text), wanted, text)
})

test('what people say every day is warned of in nothing', () => {
  const daily = [
    'I have paid 1250.00 EUR at 10:15, reference 000123456789.',
    'Thanks.See you tomorrow. It took 2.5 hours, e.g. on 2026-11-23.',
    'My bank says the transfer of 0.05000000 BTC... no, of 3,000 EUR is pending.',
    'DE89 3704 0044 0532 0130 01 is not an account, and 1234567890123456 is no address.',
    'Order 12345678901234567890, signal lost, i.e. nothing.',
    'Ich habe überwiesen. Спасибо! 谢谢 شكرا 👍🏽 👩‍👩‍👧',
  ]
  for (const text of daily) assert.deepEqual(said(text), [], text)
})

test('places are within the text, in order, apart from each other, and tell the words again', () => {
  const parts = fc.oneof(
    fc.constantFrom(
      ...WALLETS,
      'https://a.example/x',
      'a@b.com',
      '+4917612345678',
      'DE89370400440532013000',
      '@marta_k',
    ),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom(' ', '\n', '😀', 'é', 'ﷺ', '\u200d'),
  )
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 30 }), (all) => {
      const text = all.join(' ')
      const warnings = warningsOf(text)
      assert.ok(warnings.length <= 20)
      let end = 0
      for (const { code, from, to } of warnings) {
        assert.ok(WARNING_CODES.includes(code) && from >= end && to > from && to <= text.length)
        end = to
      }
    }),
    { numRuns: 300 },
  )
  fc.assert(
    fc.property(fc.constantFrom(...WALLETS), fc.stringMatching(/^[ a-e,\n]{0,40}$/), (wallet, words) => {
      assert.deepEqual(said(`${words} ${wallet} ${words}`), [`wallet_address: ${wallet}`])
    }),
    { numRuns: 200 },
  )
})

test('a changed character never passes a checksum, a made address always does', () => {
  const base58 = (bytes: Buffer) => {
    const digits = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
    let text = ''
    for (let number = BigInt(`0x${bytes.toString('hex')}`); number > 0n; number /= 58n)
      text = digits[Number(number % 58n)] + text
    return '1'.repeat(bytes.findIndex((byte) => byte !== 0)) + text
  }
  const twice = (bytes: Buffer) =>
    createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest()
  for (let i = 0; i < 100; i++) {
    const body = Buffer.concat([Buffer.from([[0, 5, 0x41][i % 3]!]), randomBytes(20)])
    const address = base58(Buffer.concat([body, twice(body).subarray(0, 4)]))
    assert.ok(isBase58Address(address), address)
    const at = 1 + (i % (address.length - 1))
    const changed = address.slice(0, at) + (address[at] === 'x' ? 'y' : 'x') + address.slice(at + 1)
    assert.ok(!isBase58Address(changed))
    for (const good of [WALLETS[3]!, WALLETS[5]!]) {
      const place = 4 + (i % (good.length - 4))
      assert.ok(
        !isBech32Address(good.slice(0, place) + (good[place] === 'q' ? 'p' : 'q') + good.slice(place + 1)),
      )
    }
  }
})

test('our Keccak is SHA3-256 with the old padding, and knows the checksums of EIP-55', () => {
  for (const length of [0, 1, 20, 40, 134, 135, 136, 137, 271, 272, 500]) {
    const message = randomBytes(length)
    assert.deepEqual(keccak256(message, 6), createHash('sha3-256').update(message).digest())
  }
  assert.equal(
    keccak256(Buffer.alloc(0)).toString('hex'),
    'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
  )
  for (const digits of [
    'fB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
    'dbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
  ]) {
    assert.equal(ethereumChecksum(`0x${digits}`), 'right')
    assert.equal(ethereumChecksum(`0x${digits.toLowerCase()}`), 'none')
  }
})

test('4,000 characters of anything cost little', () => {
  const evil = [
    '1',
    '0 ',
    '+1',
    'a.',
    'a@',
    'https:',
    'DE89',
    '0x',
    'bc1',
    '@a',
    'a-',
    ' dot ',
    '(0',
    'T1',
    'ﷺ',
    'www.',
    '+1(',
    '⑽',
  ]
  const began = performance.now()
  for (const one of evil) warningsOf(one.repeat(Math.ceil(4000 / one.length)).slice(0, 4000))
  const each = (performance.now() - began) / evil.length
  assert.ok(each < 100, `${each} ms`)
})

test('nothing that cannot be seen is left of a text, and cleaning it twice changes nothing', () => {
  const hidden = fc.constantFrom(
    '\u202a',
    '\u202e',
    '\u2066',
    '\u2069',
    '\u200b',
    '\u2060',
    '\ufeff',
    '\u00ad',
    '\u{e0041}',
  )
  const seen = fc.constantFrom('a', ' ', '\n', '\r\n', 'é', '😀', '\u200d', '\u200f', '漢')
  fc.assert(
    fc.property(fc.array(fc.oneof(hidden, seen), { maxLength: 60 }), (all) => {
      const text = `x${all.join('')}x`
      const clean = cleanText(text)
      assert.equal(cleanText(clean), clean)
      assert.doesNotMatch(clean, /[\u202a-\u202e\u2060-\u206f\u200b\ufeff\u00ad\r\u{e0000}-\u{e007f}]/u)
      assert.equal(
        clean.replaceAll(/\s/g, ''),
        text.replaceAll(/[\s\u202a-\u202e\u2060-\u2069\u200b\ufeff\u00ad\u{e0041}]/gu, ''),
      )
    }),
  )
})
