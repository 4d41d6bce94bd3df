import { type Static, Type } from 'typebox'
import { Id, Nullable, Time } from '../platform/index.ts'

export const Email = Type.String({ format: 'email', maxLength: 254, examples: ['marta@example.org'] })
export const Password = Type.String({
  minLength: 8,
  maxLength: 200,
  description: 'At least 8 characters, and not easy to guess',
  examples: ['four words and a horse'],
})
export const CurrentPassword = Type.String({ minLength: 1, maxLength: 200 })
/** For what asks who has no second factor for the password, when the sign-in was some time ago. */
export const PasswordIfAsked = {
  currentPassword: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'Needed where there is no second factor yet, some minutes after signing in',
    }),
  ),
}
export const DisplayName = Type.String({
  // One spelling of what looks the same: no full-width or mathematical letters that pass for somebody else's name.
  format: 'nfkc',
  pattern: '^[\\p{L}\\p{N}][\\p{L}\\p{N} _.\\-]{0,30}[\\p{L}\\p{N}]$',
  description: '2 to 32 letters, digits, spaces, dots, hyphens or underscores',
  examples: ['marta_k'],
})
export const Country = Type.String({ pattern: '^[A-Z]{2}$', description: 'ISO 3166-1 alpha-2' })
export const KycLevel = Type.Union([
  Type.Literal('none'),
  Type.Literal('basic'),
  Type.Literal('full'),
  Type.Literal('institution'),
])

/** A person as they see themselves. */
export const Person = Type.Object({
  id: Id,
  email: Type.String(),
  displayName: Nullable(Type.String()),
  country: Nullable(Type.String()),
  kycLevel: KycLevel,
  isVerifiedTrader: Type.Boolean(),
  totalTrades: Type.Integer(),
  roles: Type.Array(Type.String()),
  bannedUntil: Nullable(Time),
  createdAt: Time,
})
export type Person = Static<typeof Person>

export const Me = Type.Object({
  ...Person.properties,
  cooldownUntil: Nullable(
    Type.String({ description: 'Until then nothing new can be started, for trades that were let lapse.' }),
  ),
})

/** What staff are told of a person whom they have just changed: no more than that, the rest needs a grant. */
export const Standing = Type.Omit(Person, ['email', 'country', 'roles', 'createdAt'])

/** A person as everybody may see them. */
export const Trader = Type.Object({
  id: Id,
  displayName: Nullable(Type.String()),
  totalTrades: Type.Integer({ description: 'Completed trades' }),
  averageRating: Nullable(Type.String()),
  isVerifiedTrader: Type.Boolean(),
})

/** A trader as a row of the market shows them. */
export const Maker = Type.Object({
  ...Trader.properties,
  ratings: Type.Integer({ description: 'How many ratings the average is of' }),
  completionRate: Nullable(
    Type.String({
      description: 'Percent of the ended trades that did not fail by their doing',
      examples: ['98.2'],
    }),
  ),
  medianPaymentMinutes: Nullable(Type.Integer({ description: 'As a buyer, over the last 25 sales' })),
  medianReleaseMinutes: Nullable(Type.Integer({ description: 'As a seller, over the last 25 sales' })),
  lastSeen: Nullable(
    Type.String({ description: 'now · hour · day · week · longer: within which time they were here' }),
  ),
})

/** Everything that everybody may know of a trader. */
export const TraderProfile = Type.Object({
  ...Maker.properties,
  weightedRating: Nullable(
    Type.String({ description: 'The mean over people: each counts once, with the mean of their ratings' }),
  ),
  raters: Type.Integer({ description: 'How many people gave the ratings' }),
  unfinishedTrades: Type.Integer({ description: 'Ended without a sale by their doing' }),
  counterparties: Type.Integer({ description: 'With how many people trades were completed' }),
  volumes: Type.Record(Type.String(), Type.String(), {
    description: 'Amounts of completed trades by currency, decimal strings',
  }),
  disputedTrades: Type.Integer(),
  disputesLost: Type.Integer(),
  since: Type.String({ format: 'date', description: 'Day of registration' }),
})

export const SignedIn = Type.Object({
  user: Person,
  token: Nullable(Type.String({ description: 'null where the session is a cookie' })),
  expiresAt: Time,
})

export const Session = Type.Object({
  id: Id,
  current: Type.Boolean(),
  createdAt: Time,
  lastSeenAt: Time,
  expiresAt: Time,
  device: Nullable(Type.String({ examples: ['Firefox on Windows'] })),
  signedInWith: Nullable(
    Type.String({ description: 'registration, password, second_factor, recovery_code or passkey' }),
  ),
  userAgent: Nullable(Type.String()),
  address: Nullable(Type.String()),
})
