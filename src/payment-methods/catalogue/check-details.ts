import type { FieldError } from '../../platform/index.ts'
import type { Field, PaymentMethodType } from './types.ts'
import { VALIDATORS, type Validator } from './validators.ts'

export type Details = Record<string, string>

/** No value of any field is longer, however it is written. */
const LONGEST_VALUE = 500
/** So many faults are told at once; a form has far fewer fields. */
const MOST_ERRORS = 20

/**
 * What somebody says of their account, in normal form: blanks gone, letters in one case, telephone numbers in E.164.
 * Otherwise every field that is wrong, unknown or missing, by the name a request has it under ("details.iban").
 */
export function checkDetails(
  type: PaymentMethodType,
  details: Record<string, unknown>,
): { details: Details } | { errors: FieldError[] } {
  const errors = Object.keys(details)
    .filter((name) => type.fields.every((field) => field.name !== name))
    .map((name) => ({ field: nameOf(name), problem: `is not a field of ${type.name}` }))
  const normal: Details = {}
  for (const field of type.fields) {
    const value = Object.hasOwn(details, field.name) ? details[field.name] : undefined
    const found = checkField(type, field, value)
    if (typeof found === 'string') normal[field.name] = found
    else if (found !== null) errors.push({ field: nameOf(field.name), problem: found.problem })
  }
  return errors.length === 0 ? { details: normal } : { errors: errors.slice(0, MOST_ERRORS) }
}

/** The normal form of one value, null where nothing is said and nothing has to be, or what is wrong with it. */
function checkField(
  type: PaymentMethodType,
  field: Field,
  value: unknown,
): string | null | { problem: string } {
  if (value === undefined || value === null || (typeof value === 'string' && value.trim() === '')) {
    return field.required ? { problem: 'is missing' } : null
  }
  if (typeof value !== 'string') return { problem: 'is not text' }
  if (value.length > LONGEST_VALUE) return { problem: `is longer than ${LONGEST_VALUE} characters` }
  const { check, rule }: Validator = VALIDATORS[field.validator]
  return check(value, field.countries ?? type.countries) ?? { problem: `is not ${rule}` }
}

// An unknown field is somebody's own text: short in the answer, whatever it is.
const nameOf = (name: string) => `details.${name.slice(0, 40)}`

/**
 * The text that says which account normalised details are of, the same for everybody who gives that account; null where
 * there is none, as with cash. An IBAN or card number is one account whatever way the money goes there; what a service
 * gave a name is one of that service.
 */
export function accountOf(type: PaymentMethodType, details: Details): string | null {
  const parts = type.accountOf.map((name) => details[name])
  if (parts.length === 0 || parts.includes(undefined)) return null
  for (const field of type.fields.filter((one) => type.accountOf.includes(one.name))) {
    const value = details[field.name] ?? ''
    const { scheme }: Validator = VALIDATORS[field.validator]
    const found = scheme?.(value) ?? null
    if (found !== null) return `${found}:${value}`
  }
  // Names of banks are written in more than one way.
  return `${type.scheme ?? type.slug}:${parts.map((part) => part?.toLowerCase()).join('/')}`
}
