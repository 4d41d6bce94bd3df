import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { isSEPACountry } from 'ibantools'
import currencyModule from 'validator/lib/isISO4217.js'
import countryModule from 'validator/lib/isISO31661Alpha2.js'
import { SEPA } from '../../src/payment-methods/catalogue/regions.ts'
import {
  accountOf,
  catalogueSql,
  checkDetails,
  findType,
  PAYMENT_METHOD_TYPES,
  type PaymentMethodType,
  VALIDATORS,
} from '../../src/payment-methods/index.ts'
import * as digits from './check-digits.ts'

const typeOf = (slug: string): PaymentMethodType => findType(slug) ?? assert.fail(`there is no ${slug}`)
const examplesOf = (type: PaymentMethodType) =>
  Object.fromEntries(type.fields.map((field) => [field.name, field.example]))
/** What comes of one value in an otherwise good example: its normal form, or null. */
function checked(slug: string, name: string, value: unknown): string | null {
  const type = typeOf(slug)
  const found = checkDetails(type, { ...examplesOf(type), [name]: value })
  if ('details' in found) return found.details[name] ?? null
  assert.deepEqual(
    found.errors.map(({ field }) => field),
    [`details.${name}`],
    `${slug}: only ${name} is wrong`,
  )
  return null
}

test('the catalogue is whole: names, codes, fields, risks, hints and accounts of at least sixty types', () => {
  assert.ok(PAYMENT_METHOD_TYPES.length >= 60)
  assert.equal(new Set(PAYMENT_METHOD_TYPES.map(({ slug }) => slug)).size, PAYMENT_METHOD_TYPES.length)
  assert.equal(new Set(PAYMENT_METHOD_TYPES.map(({ name }) => name)).size, PAYMENT_METHOD_TYPES.length)
  for (const type of PAYMENT_METHOD_TYPES) {
    const { slug, countries, currencies, fields, usualMinutes, risk, hint } = type
    assert.match(slug, /^[a-z0-9]+(_[a-z0-9]+)*$/)
    assert.ok(countries?.every((one) => countryModule.default(one)) ?? true, `${slug}: ${countries}`)
    assert.ok(currencies?.every((one) => currencyModule.default(one)) ?? true, `${slug}: ${currencies}`)
    for (const codes of [countries, currencies]) assert.equal(new Set(codes).size, codes?.length ?? 0, slug)
    assert.ok(Number.isInteger(usualMinutes) && usualMinutes >= 1 && usualMinutes <= 20_160, slug)
    assert.ok(risk.reason.endsWith('.') && hint.endsWith('.') && hint.length <= 200, slug)
    assert.equal(new Set(fields.map(({ name }) => name)).size, fields.length, slug)
    for (const name of type.accountOf) {
      assert.ok(
        fields.some((field) => field.name === name && field.required),
        `${slug} has no ${name}`,
      )
    }
    for (const { name, label } of fields) assert.match(`${name} ${label}`, /^[a-z][a-zA-Z]* \S/)
  }
  for (const country of ['DE', 'NL', 'CH', 'GB', 'VA', 'GI', 'SM']) assert.ok(isSEPACountry(country))
  assert.ok(!SEPA.includes('TR') && !SEPA.includes('UA'))
})

test('the rows of the database are those of the catalogue', () => {
  const file = new URL('../../src/payment-methods/payment-methods.catalogue.sql', import.meta.url)
  assert.equal(readFileSync(file, 'utf8'), catalogueSql(), 'run `npm run generate`')
})

test('the example of every type passes as it is, however it is spaced, and names one account', () => {
  for (const type of PAYMENT_METHOD_TYPES) {
    const examples = examplesOf(type)
    assert.deepEqual(checkDetails(type, examples), { details: examples }, type.slug)
    const padded = Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, `  ${value} `]))
    assert.deepEqual(checkDetails(type, padded), { details: examples }, type.slug)
    const account = accountOf(type, examples)
    assert.equal(account === null, type.accountOf.length === 0, type.slug)
    if (account !== null) assert.match(account, /^[a-z0-9_]+:\S/)
    const needed = type.fields.filter((field) => field.required)
    assert.deepEqual(checkDetails(type, {}), {
      errors: needed.map(({ name }) => ({ field: `details.${name}`, problem: 'is missing' })),
    })
  }
})

test('what is normal stays as it is, whatever was written', () => {
  const names = Object.keys(VALIDATORS) as (keyof typeof VALIDATORS)[]
  const examples = PAYMENT_METHOD_TYPES.flatMap((type) => type.fields.map((field) => field.example))
  const near = fc
    .tuple(
      fc.constantFrom(...examples),
      fc.nat(40),
      fc.constantFrom('', ' ', '-', '.', '0', 'a', 'É', '\u200b'),
    )
    .map(([text, at, piece]) => text.slice(0, at) + piece + text.slice(at))
  const cases = fc.constantFrom(near, fc.string(), fc.string({ unit: 'binary' })).chain((one) => one)
  fc.assert(
    fc.property(cases, fc.constantFrom('DE', 'GB', 'TH', null), (text, country) => {
      for (const name of names) {
        const { check } = VALIDATORS[name]
        const countries = country === null ? null : [country]
        const normal = check(text, countries)
        if (normal !== null)
          assert.equal(check(normal, countries), normal, `${name}: ${JSON.stringify(text)}`)
      }
    }),
    { numRuns: 300 },
  )
})

const number = (length: number) => fc.stringMatching(new RegExp(`^[1-9][0-9]{${length - 1}}$`))
/** Numbers with check digits: their type and field, and how right ones are made. */
const CHECKED: [slug: string, field: string, right: fc.Arbitrary<string | null>][] = [
  ['sepa', 'iban', number(18).map((bban) => digits.iban('DE', bban))],
  ['sepa', 'iban', number(16).map((bban) => digits.iban('AT', bban))],
  ['sepa', 'iban', number(14).map((bban) => digits.iban('GB', `BUKB${bban}`))],
  ['emirati_bank_transfer', 'iban', number(19).map((bban) => digits.iban('AE', bban))],
  ['card_to_card', 'cardNumber', number(15).map(digits.card)],
  ['card_to_card', 'cardNumber', number(18).map(digits.card)],
  ['ach', 'routingNumber', number(7).map((rest) => digits.routingNumber(`0${rest}`))],
  ['spei', 'clabe', number(17).map(digits.clabe)],
  ['argentine_transfer', 'cbu', fc.tuple(number(7), number(13)).map(([a, b]) => digits.cbu(a, b))],
  ['norwegian_bank_transfer', 'accountNumber', number(10).map(digits.kontonummer)],
  ['pix', 'key', number(9).map(digits.cpf)],
  ['chilean_transfer', 'rut', number(8).map(digits.rut)],
  ['promptpay', 'proxy', number(11).map((rest) => digits.thaiId(`3${rest}`))],
  ['payid', 'payId', number(9).map(digits.abn)],
]
/** Their check digit is a remainder of eleven in one digit, which other digits can pass by; itself never. */
const FOLDED = ['pix', 'promptpay']

test('right numbers of every kind pass with blanks in them; with one digit changed they are refused', () => {
  for (const [slug, name, right] of CHECKED) {
    let tried = 0
    fc.assert(
      fc.property(right, fc.nat(40), fc.integer({ min: 1, max: 9 }), (text, at, by) => {
        if (text === null || /^(\d)\1+$/.test(text)) return
        assert.equal(checked(slug, name, text), text, `${slug} ${text}`)
        assert.equal(checked(slug, name, text.replace(/(.{4})/g, '$1 ')), text)
        const places = [...text].flatMap((one, i) => (/\d/.test(one) ? [i] : []))
        const place = FOLDED.includes(slug) ? text.length - 1 : places[at % places.length]!
        const wrong = text.slice(0, place) + ((Number(text[place]) + by) % 10) + text.slice(place + 1)
        assert.equal(checked(slug, name, wrong), null, `${slug}: ${text} became ${wrong}`)
        tried++
      }),
      { numRuns: 60 },
    )
    assert.ok(tried > 30, slug)
  }
})

test('spellings come to one form', () => {
  const rows: [string, string, string, string][] = [
    ['sepa', 'iban', 'de89 3704 0044 0532 0130 00', 'DE89370400440532013000'],
    ['sepa', 'bic', 'cobadeffxxx', 'COBADEFFXXX'],
    ['faster_payments', 'sortCode', '200000', '20-00-00'],
    ['faster_payments', 'sortCode', '20 00 00', '20-00-00'],
    ['australian_bank_transfer', 'bsb', '062000', '062-000'],
    ['imps', 'ifsc', 'sbin0000001', 'SBIN0000001'],
    ['upi', 'vpa', 'Marta@OkBank', 'marta@okbank'],
    ['venmo', 'username', 'Marta-K', '@marta-k'],
    ['cash_app', 'cashtag', 'MartaK', '$martak'],
    ['revolut', 'revtag', '@MartaK', '@martak'],
    ['paypal', 'email', ' Marta@Example.ORG', 'marta@example.org'],
    ['swish', 'phone', '070-123 45 67', '+46701234567'],
    ['m_pesa', 'phone', '+254 712 345678', '+254712345678'],
    ['pix', 'key', '390.533.447-05', '39053344705'],
    ['pix', 'key', '16.727.230/0001-97', '16727230000197'],
    ['pix', 'key', '+55 11 98765-4321', '+5511987654321'],
    ['pix', 'key', 'F47AC10B-58CC-4372-A567-0E02B2C3D479', 'f47ac10b-58cc-4372-a567-0e02b2c3d479'],
    ['payid', 'payId', '0412 345 678', '+61412345678'],
    ['paynow', 'proxy', '9123 4567', '+6591234567'],
    ['duitnow', 'proxy', '770305-02-1234', '770305021234'],
    ['new_zealand_bank_transfer', 'accountNumber', '01-902-0068389-00', '0109020068389000'],
    ['paystack', 'page', 'https://paystack.com/pay/Martas-Page', 'martas-page'],
    [
      'argentine_transfer',
      'cbu',
      digits.cbu('0000003', '1000000000001'),
      digits.cbu('0000003', '1000000000001'),
    ],
    ['bank_transfer', 'account', '12-3456 789', '123456789'],
    ['bank_transfer', 'holderName', '  Márta   O’Neill-Kowalska ', 'Márta O’Neill-Kowalska'],
    ['bank_transfer', 'holderName', 'Zoë', 'Zoë'],
    ['bank_transfer', 'holderName', '山田 太郎', '山田 太郎'],
  ]
  for (const [slug, name, written, kept] of rows) assert.equal(checked(slug, name, written), kept)
})

test('bad values of every kind are refused, by the name of their field', () => {
  const rows: [string, string, ...unknown[]][] = [
    [
      'sepa',
      'iban',
      'DE89370400440532013001',
      'DE8937040044053201300',
      'TR330006100519786457841326',
      7,
      {},
      true,
    ],
    [
      'sepa',
      'iban',
      'UA213223130000026007233566001',
      'DE89-3704',
      'XX89370400440532013000',
      '89370400440532013000',
    ],
    ['sepa', 'bic', 'COBADEFFX', 'COBA9EFF', 'COBADEFFXXXX'],
    ['ideal', 'iban', 'DE89370400440532013000'],
    ['fast', 'iban', 'DE89370400440532013000'],
    [
      'sepa',
      'holderName',
      'M',
      '77',
      'a\u202eb',
      'x'.repeat(101),
      '<b>Marta</b>',
      ['Marta'],
      'M\u0000arta',
      '🙂🙂',
    ],
    ['swift', 'address', 'x'.repeat(201), 'a\u0007b', `${' '.repeat(499)}ab`],
    ['faster_payments', 'sortCode', '20-00-0', '2000000', 'ab-cd-ef', '२०-००-००'],
    ['faster_payments', 'accountNumber', '5577991', '557799111', '5577991a'],
    ['ach', 'routingNumber', '021000022', '02100002', '000000000'],
    ['ach', 'accountNumber', '123', '123456789012345678'],
    ['zelle', 'account', 'marta@', '+442071838750', 'marta'],
    ['interac', 'account', '+12015550123', '4165550123x9'],
    ['swish', 'phone', '+4520123456', '+46 8 123 456 78', '+46701234567 ext 5', 'call +46701234567'],
    ['blik', 'phone', '777123'],
    ['kaspi', 'phone', '+79161234567'],
    ['pix', 'key', '39053344706', 'f47ac10b-58cc-1372-a567-0e02b2c3d479', '+351912345678', 'maria'],
    ['spei', 'clabe', '032180000118359710', '03218000011835971'],
    ['argentine_transfer', 'cbu', '2850590940090418135202'],
    ['argentine_transfer', 'alias', 'corto', 'marta_mesa', 'x'.repeat(21)],
    ['upi', 'vpa', 'marta', 'marta@', '@bank', 'marta@9bank', 'mar ta@bank@x'],
    ['imps', 'ifsc', 'SBIN1000001', 'SBI00000001', 'SBIN000000'],
    ['australian_bank_transfer', 'bsb', '06200', '0620000'],
    ['new_zealand_bank_transfer', 'accountNumber', '01-902-0068388-00', '99-902-0068389-00'],
    ['norwegian_bank_transfer', 'accountNumber', '86011117948'],
    ['paynow', 'proxy', '00192200X', '+60123456789', '62221234567'],
    ['payid', 'payId', '83914571674'],
    ['card_to_card', 'cardNumber', '4111111111111112', '411111111111', '41111111111111111111', '4111x'],
    ['bank_transfer', 'account', 'DE89370400440532013001', '1234', 'ABCDEF', 'x'.repeat(35)],
    ['paystack', 'page', 'https://paystack.com.evil.example/pay/x', 'a/b', '-a'],
    ['opay', 'accountNumber', '123456789', '12345678901'],
    ['pago_movil', 'bankCode', '0202', '102'],
    ['pago_movil', 'cedula', '12345678', 'X12345678'],
    ['cash', 'country', 'XX', 'DEU', 'D'],
    ['paypal', 'email', 'marta', 'marta@localhost', `${'x'.repeat(250)}@example.org`, 'a@b@c.org'],
    ['wise', 'account', '@', '@a', 'marta'],
  ]
  for (const [slug, name, ...values] of rows) {
    for (const value of values) assert.equal(checked(slug, name, value), null, `${slug}.${name}: ${value}`)
  }
})

test('every bad, missing and unknown field is named, and nothing is kept of half an account', () => {
  const sepa = typeOf('sepa')
  const found = checkDetails(sepa, JSON.parse('{"iban": "x", "pin": "1234", "__proto__": "y", "bic": 5}'))
  assert.ok('errors' in found)
  assert.deepEqual(
    found.errors.map(({ field }) => field),
    ['details.pin', 'details.__proto__', 'details.holderName', 'details.iban', 'details.bic'],
  )
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`${'x'.repeat(99)}${i}`, 'y']))
  const errors = checkDetails(sepa, many)
  assert.ok('errors' in errors && errors.errors.length === 20 && JSON.stringify(errors).length < 3000)
  // What an object has from its prototype nobody has sent.
  assert.ok('errors' in checkDetails(sepa, Object.create(examplesOf(sepa))))
  assert.deepEqual(checkDetails(sepa, { ...examplesOf(sepa), bic: null }), {
    details: { holderName: 'Marta Kowalska', iban: 'DE89370400440532013000' },
  })
})

test('one account is one, whatever way the money goes there; names of services are theirs alone', () => {
  const account = (slug: string, changes = {}) => {
    const type = typeOf(slug)
    const found = checkDetails(type, { ...examplesOf(type), ...changes })
    assert.ok('details' in found)
    return accountOf(type, found.details)
  }
  const iban = 'DE89370400440532013000'
  assert.equal(account('sepa', { iban, holderName: 'Another Name' }), `iban:${iban}`)
  for (const slug of ['sepa_instant', 'n26']) assert.equal(account(slug, { iban }), `iban:${iban}`)
  for (const slug of ['bank_transfer', 'swift', 'cash_deposit']) {
    assert.equal(account(slug, { account: iban, bank: 'Any Bank' }), `iban:${iban}`)
  }
  assert.equal(account('ach'), account('wire'))
  assert.equal(account('faster_payments'), account('monzo'))
  assert.notEqual(account('paypal'), account('skrill'))
  assert.notEqual(account('bkash'), account('nagad'))
  assert.equal(
    account('bank_transfer', { account: '12345678', bank: 'A BANK' }),
    account('bank_transfer', { account: '12 34 56 78', bank: 'A Bank' }),
  )
  assert.notEqual(
    account('bank_transfer', { account: '12345678', bank: 'One' }),
    account('bank_transfer', { account: '12345678', bank: 'Two' }),
  )
  for (const slug of ['cash', 'cash_by_post', 'western_union', 'steam_gift_card'])
    assert.equal(account(slug), null)
})
