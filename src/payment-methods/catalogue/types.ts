import type { ValidatorName } from './validators.ts'

export const KINDS = ['bank', 'wallet', 'mobile_money', 'card', 'cash', 'voucher', 'remittance'] as const
export type Kind = (typeof KINDS)[number]

/** One thing that a person says of their account, such as its IBAN. */
export type Field = {
  readonly name: string
  readonly label: string
  readonly required: boolean
  readonly validator: ValidatorName
  /** A value that passes, in the form it is kept in. */
  readonly example: string
  /** What to write; the validator's own words where nothing is said. */
  readonly help?: string
  /** Where the IBAN or telephone number must be of; those of the type, if not said. */
  readonly countries?: readonly string[]
}

export const RISK_CLASSES = ['low', 'medium', 'high'] as const
/** How likely who receives the money loses it again, and why. */
export type Risk = { readonly class: (typeof RISK_CLASSES)[number]; readonly reason: string }

/** A way the fiat goes. */
export type PaymentMethodType = {
  readonly slug: string
  readonly name: string
  readonly kind: Kind
  readonly fields: readonly Field[]
  /** ISO 3166-1 alpha-2; null is everywhere. */
  readonly countries: readonly string[] | null
  /** ISO 4217; null is any. */
  readonly currencies: readonly string[] | null
  /** Whether the payer can get the money back past the receiver: a recall, a chargeback, a buyer's protection. */
  readonly reversible: boolean
  /** How long a payment usually takes until the receiver sees it. */
  readonly usualMinutes: number
  readonly risk: Risk
  /** The fields that together say which account it is; none where there is no account. */
  readonly accountOf: readonly string[]
  /** Types with one scheme number the same accounts: ACH and Fedwire both reach a routing and an account number. */
  readonly scheme?: string
  /** A sentence for who pays. */
  readonly hint: string
}

export const low = (reason: string): Risk => ({ class: 'low', reason })
export const medium = (reason: string): Risk => ({ class: 'medium', reason })
export const high = (reason: string): Risk => ({ class: 'high', reason })
