import { type Static, Type } from 'typebox'
import { Id, MethodType, Nullable, Time } from '../../platform/index.ts'

export const Provider = Type.String({
  minLength: 1,
  maxLength: 60,
  pattern: '^\\S(?:.*\\S)?$',
  description: 'The bank or service, as people call it',
  examples: ['Commerzbank'],
})
export const Label = Type.String({
  minLength: 1,
  maxLength: 60,
  pattern: '^\\S(?:.*\\S)?$',
  description: 'A name of your own for it; nobody else sees it',
  examples: ['Savings'],
})
/** Fields by name; GET /v1/payment-method-types says which a type has. */
export const AccountDetails = Type.Record(Type.String(), Type.String({ maxLength: 500 }), {
  maxProperties: 20,
  description: 'The account, by the fields that GET /v1/payment-method-types says of the type',
  examples: [{ holderName: 'Ada Lovelace', iban: 'DE89370400440532013000' }],
})
const Status = Type.String({ description: 'pending · verified · rejected' })

export const PaymentMethod = Type.Object({
  id: Id,
  type: MethodType,
  provider: Type.String(),
  label: Nullable(Type.String()),
  hint: Nullable(
    Type.String({
      description: 'The last characters of the account; null for API keys and where there are too few',
    }),
  ),
  isPrimary: Type.Boolean(),
  isVerified: Type.Boolean(),
  verificationStatus: Status,
  verificationReason: Nullable(Type.String({ description: 'What whoever decided said' })),
  verificationAskedAt: Nullable(Time),
  verifiedAt: Nullable(Time),
  createdAt: Time,
})
export type PaymentMethod = Static<typeof PaymentMethod>

export const OpenedPaymentMethod = Type.Object({
  ...PaymentMethod.properties,
  details: Type.Record(Type.String(), Type.String()),
})

/** One thing to know of an account, with the name that people read. */
export const NamedValue = Type.Object({ name: Type.String(), label: Type.String(), value: Type.String() })

/** A method as staff see it without a grant. */
export const StaffMethod = Type.Object({
  id: Id,
  userId: Id,
  type: MethodType,
  provider: Type.String(),
  verificationStatus: Status,
  verificationReason: Nullable(Type.String()),
  verificationAskedAt: Nullable(Time),
  isDuplicate: Type.Boolean({ description: 'Somebody else has, or had, the same account' }),
  createdAt: Time,
  removedAt: Nullable(Time),
})
export type StaffMethod = Static<typeof StaffMethod>

export const StaffDetails = Type.Object({
  ...StaffMethod.properties,
  fields: Type.Array(NamedValue),
  statement: Nullable(Type.String({ description: 'What the owner said when asking' })),
})

export const DuplicateGroup = Type.Object({
  id: Type.String({ description: 'The newest method of the group' }),
  methods: Type.Array(StaffMethod),
})
export type DuplicateGroup = Static<typeof DuplicateGroup>
