import { Type } from 'typebox'
import { Id, Nullable, RequestedTime, strict, Time } from '../platform/index.ts'

export const Notice = Type.Object({
  id: Id,
  kind: Type.String({ description: 'What happened, in dotted words', examples: ['password.changed'] }),
  data: Type.Record(Type.String(), Type.Unknown(), { description: 'What there is to know of it, by kind' }),
  text: Type.String({ description: 'The same in a sentence' }),
  createdAt: Time,
  readAt: Nullable(Time),
})

const WAYS = ['inApp', 'email', 'push', 'webhook'] as const
/** The groups of news, as people choose by them; security cannot be switched off. */
const GROUPS = ['trades', 'messages', 'disputes', 'ratings', 'payments', 'announcements'] as const

const byName = <N extends string, T>(names: readonly N[], schema: T) =>
  Object.fromEntries(names.map((name) => [name, schema])) as Record<N, T>

/** What holds for somebody, by group and way. */
export const Preferences = Type.Object(
  byName([...GROUPS, 'security'], Type.Object(byName(WAYS, Type.Boolean()))),
)
/** What somebody changes; the rest stays. */
export const PreferenceChange = strict(
  byName(GROUPS, Type.Optional(strict(byName(WAYS, Type.Optional(Type.Boolean()))))),
)

const Severity = Type.Union([Type.Literal('info'), Type.Literal('warning'), Type.Literal('incident')], {
  description: 'An incident is mailed as well.',
})
const Audience = Type.Union([Type.Literal('everyone'), Type.Literal('staff')])
const words = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: '\\S' })

export const NewAnnouncement = strict({
  title: words(120),
  text: words(4000),
  severity: Severity,
  audience: Audience,
  until: Type.Optional(RequestedTime),
})
export const Announcement = Type.Object({
  id: Id,
  title: Type.String(),
  text: Type.String(),
  severity: Severity,
  audience: Audience,
  createdAt: Time,
  until: Nullable(Time),
  withdrawnAt: Nullable(Time),
})
