import { validate as isRoutingNumber } from 'abavalidator'
import { isValidBIC, isValidIBAN } from 'ibantools'
import { parsePhoneNumberFromString } from 'libphonenumber-js/mobile'
// One by one: the library as a whole takes 70 ms to load, for 200 numbers that nobody asks for here.
import * as abn from 'stdnum/lib/cjs/au/abn.js'
import * as cnpj from 'stdnum/lib/cjs/br/cnpj.js'
import * as cpf from 'stdnum/lib/cjs/br/cpf.js'
import * as rut from 'stdnum/lib/cjs/cl/rut.js'
import * as nric from 'stdnum/lib/cjs/my/nric.js'
import * as kontonr from 'stdnum/lib/cjs/no/kontonr.js'
import * as nzBank from 'stdnum/lib/cjs/nz/bank.js'
import * as uen from 'stdnum/lib/cjs/sg/uen.js'
import * as thaiId from 'stdnum/lib/cjs/th/idnr.js'
import emailModule from 'validator/lib/isEmail.js'
import countryModule from 'validator/lib/isISO31661Alpha2.js'
import luhnModule from 'validator/lib/isLuhnNumber.js'
import { cbu, clabe } from './check-digits.ts'
import { FORMS, type Form } from './patterns.ts'

const isEmail = emailModule.default
const isCountry = countryModule.default
const isLuhn = luhnModule.default

/** The normal form of what somebody wrote, or null when it is not right. */
type Check = (text: string, countries: readonly string[] | null) => string | null
export type Validator = {
  /** What it must be: "is not an IBAN …" tells somebody what is wrong. */
  readonly rule: string
  readonly check: Check
  /** The scheme of numbers that say alone which account it is, whatever way the money goes there. */
  readonly scheme?: (normal: string) => string | null
}

const compact = (text: string) => text.replace(/[\s-]/g, '')
const always = (scheme: string) => () => scheme
const isIban = (text: string) => /^[A-Z]{2}\d{2}/.test(text)

const iban: Check = (text, countries) => {
  const normal = text.replace(/\s/g, '').toUpperCase()
  return isValidIBAN(normal) && (countries === null || countries.includes(normal.slice(0, 2))) ? normal : null
}
const phone: Check = (text, countries) => {
  const only = countries?.length === 1 ? { defaultCountry: countries[0] as never } : {}
  const number = parsePhoneNumberFromString(text.trim(), { ...only, extract: false })
  if (number === undefined || !number.isValid() || number.ext !== undefined) return null
  return countries === null || countries.includes(number.country ?? '') ? number.number : null
}
/** Where other numbers are taken beside it, a telephone number is told by its + or 0. */
const dialled: Check = (text, countries) => (/^\s*[+0]/.test(text) ? phone(text, countries) : null)
const email: Check = (text) => {
  const normal = text.trim().toLowerCase()
  return isEmail(normal) ? normal : null
}
const card: Check = (text) => {
  const normal = compact(text)
  return /^\d{13,19}$/.test(normal) && isLuhn(normal) ? normal : null
}

type Standard = { validate(text: string): { isValid: false } | { isValid: true; compact: string } }
/** A number with check digits that stdnum knows; ASCII only, so that one number has one spelling. */
const standard =
  (library: Standard): Check =>
  (text) => {
    if (!/^[\x20-\x7e]*$/.test(text)) return null
    const found = library.validate(text.toUpperCase())
    return found.isValid ? found.compact : null
  }
const form = ({ rule, pattern, normal }: Form): Validator => ({
  rule,
  check: (text) => {
    const found = normal(text)
    return pattern.test(found) ? found : null
  },
})
const forms = (Object.keys(FORMS) as (keyof typeof FORMS)[]).map((name) => [name, form(FORMS[name])] as const)
const FORM_VALIDATORS = Object.fromEntries(forms) as Record<keyof typeof FORMS, Validator>

/** The first of several that takes the text. */
const either =
  (...checks: Check[]): Check =>
  (text, countries) => {
    for (const check of checks) {
      const normal = check(text, countries)
      if (normal !== null) return normal
    }
    return null
  }

/** Text of people's own: composed characters, one blank between words, nothing invisible. */
export function plainText(text: string, most: number): string | null {
  const normal = text.normalize('NFC').replace(/\s+/g, ' ').trim()
  const length = [...normal].length
  return length >= 1 && length <= most && !/[\p{C}]/u.test(normal) ? normal : null
}
const name: Check = (text) => {
  const normal = plainText(text, 100)
  return normal !== null && /^(?=.*\p{L}.*\p{L})[\p{L}\p{M}\p{N} .,'’&()/+-]{2,}$/u.test(normal)
    ? normal
    : null
}

/** What the fields of the catalogue are checked by. */
export const VALIDATORS = {
  ...FORM_VALIDATORS,
  name: { rule: 'a name of 2 to 100 letters', check: name },
  text: { rule: 'text of at most 200 characters', check: (text: string) => plainText(text, 200) },
  email: { rule: 'an e-mail address', check: email },
  phone: { rule: 'a mobile number of the method’s country, such as +46701234567', check: phone },
  email_or_phone: { rule: 'an e-mail address or a mobile number', check: either(email, phone) },
  email_or_wisetag: {
    rule: 'an e-mail address or a Wisetag such as @name',
    check: either(email, (text) => (/^\s*@/.test(text) ? FORM_VALIDATORS.wisetag.check(text, null) : null)),
  },
  iban: {
    rule: 'an IBAN of a country that the method reaches, with right check digits',
    check: iban,
    scheme: always('iban'),
  },
  iban_or_account: {
    rule: 'an IBAN with right check digits, or an account number of 5 to 34 letters and digits',
    // What looks like an IBAN has to be a right one.
    check: (text: string) => {
      const normal = FORM_VALIDATORS.local_account.check(text, null)
      return normal !== null && isIban(normal) ? iban(normal, null) : normal
    },
    scheme: (normal: string) => (isIban(normal) ? 'iban' : null),
  },
  bic: {
    rule: 'a BIC (SWIFT code) of 8 or 11 characters',
    check: (text: string) => {
      const normal = compact(text).toUpperCase()
      return isValidBIC(normal) ? normal : null
    },
  },
  card: { rule: 'a card number with a right check digit', check: card, scheme: always('card') },
  routing_number: {
    rule: 'an ABA routing number of nine digits with a right check digit',
    check: (text: string) => {
      const normal = compact(text)
      return isRoutingNumber(normal) ? normal : null
    },
  },
  clabe: {
    rule: 'a CLABE of 18 digits with right check digits',
    check: clabe,
    scheme: always('clabe'),
  },
  cbu: {
    rule: 'a CBU or CVU of 22 digits with right check digits',
    check: cbu,
    scheme: always('cbu'),
  },
  nz_account: {
    rule: 'an account number of bank, branch, account and suffix with a right check digit',
    check: standard(nzBank),
    scheme: always('nz_account'),
  },
  no_account: {
    rule: 'a kontonummer of eleven digits with a right check digit',
    // Numbers of seven digits were the post office's, and are no more.
    check: (text: string) => (/^\d{11}$/.test(compact(text)) ? standard(kontonr)(compact(text), null) : null),
    scheme: always('no_account'),
  },
  rut: { rule: 'a RUT with a right check digit', check: standard(rut) },
  pix_key: {
    rule: 'a Pix key: CPF, CNPJ, e-mail address, mobile number with +55, or random key',
    check: either(standard(cpf), standard(cnpj), email, FORM_VALIDATORS.pix_random.check, dialled),
  },
  payid: {
    rule: 'a PayID: mobile number, e-mail address or ABN',
    check: either(standard(abn), email, dialled),
  },
  paynow: { rule: 'a PayNow mobile number or UEN', check: either(standard(uen), phone) },
  promptpay: {
    rule: 'a PromptPay mobile number or national ID of 13 digits',
    check: either(standard(thaiId), dialled),
  },
  duitnow: { rule: 'a DuitNow mobile number or NRIC', check: either(standard(nric), dialled) },
  fps_proxy: {
    rule: 'an FPS mobile number, e-mail address or identifier of seven or nine digits',
    check: either(FORM_VALIDATORS.fps_id.check, email, phone),
  },
  country: {
    rule: FORMS.country.rule,
    check: (text: string) => {
      const normal = FORM_VALIDATORS.country.check(text, null)
      return normal !== null && isCountry(normal) ? normal : null
    },
  },
} as const satisfies Record<string, Validator>
export type ValidatorName = keyof typeof VALIDATORS
