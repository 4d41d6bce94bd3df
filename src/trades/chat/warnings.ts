import { countrySpecs, isValidIBAN } from 'ibantools'
import { findPhoneNumbersInText } from 'libphonenumber-js'
import { ethereumChecksum, isBase58Address, isBech32Address } from './addresses.ts'

/** What a message may be warned of; docs/security/chat.md says what each means. Where two overlap the first one holds. */
export const WARNING_CODES = [
  'payment_details',
  'wallet_address',
  'wallet_address_damaged',
  'email',
  'other_channel',
  'link',
  'phone',
] as const
export type WarningCode = (typeof WARNING_CODES)[number]
/** `from` and `to` are UTF-16 offsets into the text; nothing of the text itself. */
export type Warning = { code: WarningCode; from: number; to: number }

const MOST_WARNINGS = 20
/** Endings that a name without http:// or www. must have to be a link: "thanks.see you" is none. */
const ENDINGS =
  'com|net|org|io|co|me|info|biz|app|dev|xyz|top|site|online|club|shop|store|live|link|click|page|cc|tv|gg|ly|to|ru|' +
  'su|cn|in|de|at|ch|fr|nl|be|uk|eu|us|es|it|pl|pt|br|mx|tr|ua|ng|ke|za|ir|id|vn|th|ph|my|sg|hk|jp|kr|au|nz|ca|exchange|' +
  'finance|money|cash|wallet|crypto|support|help|chat|pro|vip|icu'
/** Not in the middle of a word. No quantifier below is without a bound, so a text of 4000 characters costs little. */
const START = '(?<![\\p{L}\\p{N}_])'
const END = '(?![\\p{L}\\p{N}_])'
const LABEL = '[\\p{L}\\p{N}](?:[\\p{L}\\p{N}-]{0,61}[\\p{L}\\p{N}])?'
const DOT = '(?:\\.|\\s?[\\[({]\\s?(?:\\.|dot)\\s?[\\])}]\\s?)'
const PATTERNS: [WarningCode, RegExp][] = [
  [
    'email',
    pattern(
      `${START}[\\p{L}\\p{N}._%+-]{1,64}(?:@|\\s?[\\[(](?:at|@)[\\])]\\s?)(?:${LABEL}${DOT}){1,6}\\p{L}{2,24}${END}`,
    ),
  ],
  [
    'other_channel',
    pattern(
      `${START}(?:telegram|telegramm|whats\\s?app|viber|we\\s?chat|discord|skype|snapchat|instagram|messenger|` +
        `signal\\s(?:app|messenger)|телеграм\\p{L}{0,3}|тг|вотсап|ватсап|вайбер|t${DOT}me|wa${DOT}me)${END}(?:/\\S{1,100})?`,
    ),
  ],
  ['other_channel', pattern('(?<![\\p{L}\\p{N}_.@])@[A-Za-z][A-Za-z0-9_]{3,31}(?![A-Za-z0-9_.@])')],
  ['link', pattern(`(?:https?|ftp|tg|bitcoin|ethereum|javascript|data):(?://)?\\S{1,500}`)],
  ['link', pattern(`${START}www\\.\\S{2,500}`)],
  ['link', pattern(`${START}(?:${LABEL}${DOT}){1,6}(?:${ENDINGS})${END}(?:[/?#:]\\S{0,500})?`)],
  // Without the sign of a country a number is one only if it begins like one: 0176 1234567, (030) 1234567, 00 49 …
  [
    'phone',
    pattern(
      '(?<![\\p{L}\\p{N}.,:/#-])(?<!\\d[ -])\\(?0\\d{1,5}\\)?[ /-]?\\d{2,5}(?:[ /-]?\\d{2,5}){1,3}(?![\\p{L}\\p{N}.,:]\\d?)',
    ),
  ],
]
const BASE58 = pattern(`${START}[123mnT][1-9A-HJ-NP-Za-km-z]{24,34}${END}`, 'u')
const BECH32 = pattern(`${START}(?:bc|tb)1[a-z0-9]{11,87}${END}`)
const ETHEREUM = pattern(`${START}0x[0-9a-f]{40}${END}`)
/** 95 characters of base58 from 4 (own) or 8 (subaddress), 106 with a payment id. */
const MONERO = pattern(`${START}[48][1-9A-HJ-NP-Za-km-z]{94}(?:[1-9A-HJ-NP-Za-km-z]{11})?${END}`, 'u')
const IBAN_START = pattern(`${START}[A-Z]{2}\\d{2}`)

function pattern(source: string, flags = 'iu'): RegExp {
  return new RegExp(source, `g${flags}`)
}

/**
 * What in a message its reader should look at twice: ways out of the platform, addresses that coins would go to, and
 * account numbers, which belong into payment methods. It looks behind joiners, full-width letters and the like.
 */
export function warningsOf(text: string): Warning[] {
  const { plain, places } = plainOf(text)
  const found = [...accounts(plain), ...wallets(plain), ...matches(plain), ...phones(plain)]
  found.sort((a, b) => WARNING_CODES.indexOf(a.code) - WARNING_CODES.indexOf(b.code) || a.from - b.from)
  const kept: Warning[] = []
  for (const one of found) {
    if (kept.every((other) => one.to <= other.from || other.to <= one.from)) kept.push(one)
  }
  return kept
    .sort((a, b) => a.from - b.from)
    .slice(0, MOST_WARNINGS)
    .map(({ code, from, to }) => ({
      code,
      from: places[from]!,
      to: places[to - 1]! + lengthAt(text, places[to - 1]!),
    }))
}

/** The text as somebody reads it, and where each unit of it is in the text as it was written. */
function plainOf(text: string): { plain: string; places: number[] } {
  let plain = ''
  const places: number[] = []
  let at = 0
  for (const character of text) {
    const seen = /[\p{Mn}\p{Cf}]/u.test(character) ? '' : character.normalize('NFKC')
    for (let i = 0; i < seen.length; i++) places.push(at)
    plain += seen
    at += character.length
  }
  return { plain, places }
}

const lengthAt = (text: string, at: number) => String.fromCodePoint(text.codePointAt(at)!).length

function matches(plain: string): Warning[] {
  return PATTERNS.flatMap(([code, expression]) =>
    [...plain.matchAll(expression)].map((match) => warn(code, match)),
  )
}

function wallets(plain: string): Warning[] {
  const intact = (expression: RegExp, isAddress: (text: string) => boolean) =>
    [...plain.matchAll(expression)]
      .filter(([text]) => isAddress(text))
      .map((match) => warn('wallet_address', match))
  return [
    ...intact(BASE58, isBase58Address),
    ...intact(BECH32, isBech32Address),
    ...intact(MONERO, () => true),
    ...[...plain.matchAll(ETHEREUM)].map((match) =>
      warn(ethereumChecksum(match[0]) === 'wrong' ? 'wallet_address_damaged' : 'wallet_address', match),
    ),
  ]
}

/** IBANs with their check digits: as many characters as the country's have, with single blanks or hyphens between. */
function accounts(plain: string): Warning[] {
  return [...plain.matchAll(IBAN_START)].flatMap((match) => {
    const length = countrySpecs[match[0].slice(0, 2).toUpperCase()]?.chars
    if (length === undefined || length === null) return []
    let iban = ''
    let at = match.index
    while (iban.length < length && at < plain.length) {
      const character = plain[at]!
      if (/[A-Za-z0-9]/.test(character)) iban += character
      else if (!/[ \u00a0-]/.test(character) || !/[A-Za-z0-9]/.test(plain[at - 1]!)) break
      at++
    }
    if (!isValidIBAN(iban.toUpperCase())) return []
    return [{ code: 'payment_details' as const, from: match.index, to: at }]
  })
}

/** International numbers, by the numbering plans of their countries: about the first forty, or a text of signs is slow. */
function phones(plain: string): Warning[] {
  if (!plain.includes('+')) return []
  const fortieth = [...plain.matchAll(/\+/g)][39]?.index ?? plain.length
  return findPhoneNumbersInText(plain.slice(0, fortieth)).map(({ startsAt, endsAt }) => ({
    code: 'phone',
    from: startsAt,
    to: endsAt,
  }))
}

function warn(code: WarningCode, match: RegExpExecArray): Warning {
  return { code, from: match.index, to: match.index + match[0].length }
}
