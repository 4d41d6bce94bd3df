import { Type } from 'typebox'
import { Id, Nullable, Time } from '../platform/index.ts'

export const Notice = Type.Object({
  id: Id,
  kind: Type.String({ description: 'What happened, in dotted words', examples: ['password.changed'] }),
  data: Type.Record(Type.String(), Type.Unknown(), { description: 'What there is to know of it, by kind' }),
  text: Type.String({ description: 'The same in a sentence' }),
  createdAt: Time,
  readAt: Nullable(Time),
})
