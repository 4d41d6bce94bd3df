import { Type } from 'typebox'
import { Id, Nullable, Time } from '../../platform/index.ts'

export const Scope = Type.Union([Type.Literal('read'), Type.Literal('trade'), Type.Literal('withdraw')], {
  description: 'read is in every key',
})
export const KeyName = Type.String({ minLength: 1, maxLength: 80, examples: ['market maker'] })
export const RequestsPerMinute = Type.Integer({
  minimum: 1,
  maximum: 6000,
  description: 'Within the limit of the person, which all their keys and sessions share',
})

/** A key as its owner sees it. */
export const ApiKey = Type.Object({
  id: Id,
  name: Type.String(),
  scopes: Type.Array(Scope),
  addresses: Nullable(Type.Array(Type.String())),
  requestsPerMinute: Nullable(Type.Integer()),
  createdAt: Time,
  lastUsedAt: Nullable(Time),
  expiresAt: Nullable(Time),
})

/** The answer that makes a key, with what to send. */
export const MadeApiKey = Type.Object({
  ...ApiKey.properties,
  key: Nullable(Type.String({ examples: ['flk_0199…'] })),
})
