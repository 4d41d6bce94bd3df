import { type Static, Type } from 'typebox'
import { Maker } from '../identity/index.ts'
import { Id, Nullable, Time } from '../platform/index.ts'

/** Plain words: addresses of pages have no place in what everybody reads. */
export const RatingText = Type.String({
  minLength: 1,
  maxLength: 500,
  pattern: '^(?!.*(?:://|[Ww][Ww][Ww]\\.))[^\\p{Cc}]*\\S[^\\p{Cc}]*$',
  description: '1 to 500 characters in one line, without addresses of pages; everybody can read it',
  examples: ['Paid within minutes'],
})

/** What is left of a text that staff have hidden is that there was one. */
export const PublicRating = Type.Object({
  id: Id,
  givenOn: Type.String({ format: 'date' }),
  role: Type.Union([Type.Literal('seller'), Type.Literal('buyer')], {
    description: 'Which side of the trade was rated',
  }),
  rating: Type.String({ examples: ['4.75'] }),
  feedback: Nullable(Type.String()),
  answer: Nullable(Type.String()),
  feedbackHidden: Type.Boolean(),
  answerHidden: Type.Boolean(),
})
export type PublicRating = Static<typeof PublicRating>

export const Marked = Type.Object({ person: Maker, since: Time })

export const Fault = Type.Object({
  id: Id,
  tradeId: Id,
  kind: Type.String({ description: 'not_funded · not_paid · cancelled · dispute_lost' }),
  at: Time,
  forgivenAt: Nullable(Time),
  forgivenFor: Nullable(Type.String()),
})
export type Fault = Static<typeof Fault>

/** A rating as it is asked for: a decimal string, or a whole number. */
export const Rating = Type.Union(
  [
    Type.String({ pattern: '^(?:[1-4](?:\\.\\d{1,2})?|5(?:\\.0{1,2})?)$', examples: ['4.75'] }),
    Type.Integer({ minimum: 1, maximum: 5 }),
  ],
  { description: '1.00 to 5.00 with at most two decimals', examples: ['4.75'] },
)
