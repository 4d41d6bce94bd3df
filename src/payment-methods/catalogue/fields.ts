import type { Field } from './types.ts'
import type { ValidatorName } from './validators.ts'

type More = Partial<Pick<Field, 'required' | 'help' | 'countries'>>

/** A field that has to be filled in, unless it says otherwise. */
export function field(
  name: string,
  label: string,
  validator: ValidatorName,
  example: string,
  more: More = {},
): Field {
  return { name, label, required: true, validator, example, ...more }
}

/** Whom the account belongs to: payers compare it with the name of who receives. */
export const holder = field('holderName', 'Account holder', 'name', 'Marta Kowalska', {
  help: 'The name as the bank or service has it.',
})
export const bank = field('bank', 'Bank', 'name', 'First Example Bank')
export const email = field('email', 'E-mail address of the account', 'email', 'marta@example.org')
export const note = field('note', 'Note', 'text', 'Weekdays only', { required: false })
export const bic = field('bic', 'BIC', 'bic', 'COBADEFFXXX', { required: false })
export const phone = (example: string, countries?: readonly string[]): Field =>
  field('phone', 'Mobile number of the account', 'phone', example, countries ? { countries } : {})
export const iban = (example: string, countries?: readonly string[]): Field =>
  field('iban', 'IBAN', 'iban', example, countries ? { countries } : {})
