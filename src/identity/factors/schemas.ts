import { Type } from 'typebox'
import { Id, Nullable, Time } from '../../platform/index.ts'

export const Totp = Type.String({
  pattern: '^\\d{3} ?\\d{3}$',
  description: 'The six digits of the authenticator app',
  examples: ['492039'],
})
export const RecoveryCode = Type.String({
  minLength: 24,
  maxLength: 40,
  description: 'One of the ten codes; it is good once',
  examples: ['7QK2M0-9XVB3H-TRDWJ8-ZA4C6E'],
})
/** A second factor that somebody types. */
export const Code = { totp: Type.Optional(Totp), recoveryCode: Type.Optional(RecoveryCode) }
export type Code = { totp?: string | undefined; recoveryCode?: string | undefined }

export const RecoveryCodes = Type.Object({
  recoveryCodes: Type.Array(Type.String(), { description: 'Shown once; keep them away from the device' }),
})

export const Proven = Type.Object({ method: Type.String(), freshUntil: Time })

const Bytes = (maxLength: number) => Type.String({ pattern: '^[A-Za-z0-9_-]+$', minLength: 1, maxLength })
const CREDENTIAL_CHARACTERS = 1400

/** What `PublicKeyCredential.toJSON()` gives in a browser; new browsers may add members, which nobody reads. */
const open = { additionalProperties: true }
const Credential = {
  id: Bytes(CREDENTIAL_CHARACTERS),
  rawId: Bytes(CREDENTIAL_CHARACTERS),
  type: Type.Literal('public-key'),
  authenticatorAttachment: Type.Optional(Nullable(Type.String({ maxLength: 40 }))),
  clientExtensionResults: Type.Optional(Type.Object({}, open)),
}
const Transports = Type.Array(Type.String({ pattern: '^[a-z-]{1,30}$' }), { maxItems: 10 })

export const Registration = Type.Object(
  {
    ...Credential,
    response: Type.Object(
      {
        clientDataJSON: Bytes(10_000),
        attestationObject: Bytes(100_000),
        transports: Type.Optional(Transports),
      },
      open,
    ),
  },
  open,
)
export const Assertion = Type.Object(
  {
    ...Credential,
    response: Type.Object(
      {
        clientDataJSON: Bytes(10_000),
        authenticatorData: Bytes(10_000),
        signature: Bytes(10_000),
        userHandle: Type.Optional(Nullable(Type.String({ maxLength: 200 }))),
      },
      open,
    ),
  },
  open,
)

export const PasskeyName = Type.String({ minLength: 1, maxLength: 80, examples: ['my telephone'] })
export const Passkey = Type.Object({
  id: Id,
  name: Type.String(),
  backedUp: Type.Boolean({ description: 'Copied by its maker to your other devices' }),
  createdAt: Time,
  lastUsedAt: Nullable(Time),
  disabledAt: Nullable(Type.String({ description: 'Since when it is refused, because there may be a copy' })),
})

/** Goes to `navigator.credentials` as it is, through `PublicKeyCredential.parse…OptionsFromJSON`. */
export const Options = Type.Object({}, open)
