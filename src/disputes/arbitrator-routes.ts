import { type TSchema, Type } from 'typebox'
import {
  Amount,
  type App,
  answers,
  Id,
  IdempotencyHeaders,
  IdParams,
  type JsonObject,
  strict,
} from '../platform/index.ts'
import { Dispute, Words } from './schemas.ts'
import type { WordsOfDisputes } from './words.ts'

const Outcome = Type.Union([Type.Literal('release'), Type.Literal('refund'), Type.Literal('split')])
const Side = Type.Union([Type.Literal('seller'), Type.Literal('buyer')])

/** What arbitrators and administrators do in a dispute; each with words that are sealed. */
export function arbitratorRoutes(app: App, words: WordsOfDisputes): void {
  const say = { app, words }
  staffRoute(say, 'ruling', 'rule_dispute', 'reason', {
    summary: 'The assigned arbitrator: rule',
    description:
      'A ruling settles the escrow at once. From the amount of FAIRLOCK_SECOND_ARBITRATOR_AMOUNTS on it needs the ' +
      'consent of a second arbitrator first, and settles when nobody can appeal any more. faultOf is the losing side ' +
      'where nothing is said: of a release the seller, of a refund the buyer, of a split nobody.',
    body: {
      outcome: Outcome,
      buyerAmount: Type.Optional(
        Type.String({
          ...Amount,
          description:
            'Decimal string. Of a split: exactly what the buyer gets, more than 0 and less than a release would give.',
        }),
      ),
      faultOf: Type.Optional(Type.Union([...Side.anyOf, Type.Literal('nobody')])),
    },
  })
  staffRoute(say, 'consent', 'consent_dispute', 'reason', {
    summary: 'The second arbitrator: agree with a large ruling, or send it back',
    body: { agree: Type.Boolean() },
  })
  staffRoute(say, 'questions', 'ask_in_dispute', 'text', {
    summary: 'An arbitrator: ask one side something',
    body: {
      to: Side,
      answerWithinHours: Type.Optional(Type.Integer({ minimum: 1, maximum: 336 })),
    },
  })
  staffRoute(say, 'notes', 'note_in_dispute', 'text', {
    summary: 'Arbitrators and administrators: a note that the sides never see',
    body: {},
  })
  staffRoute(say, 'recusal', 'recuse_dispute', 'reason', {
    summary: 'An arbitrator: step back, so that somebody else gets the case',
    body: {},
  })
  staffRoute(say, 'assignment', 'reassign_dispute', 'reason', {
    summary: 'An administrator: give the case to somebody else, named or chosen',
    body: { arbitratorId: Type.Optional(Id) },
  })
}

type Described = { summary: string; description?: string; body: Record<string, TSchema> }

function staffRoute(
  { app, words }: { app: App; words: WordsOfDisputes },
  name: string,
  operation: string,
  wordsIn: 'reason' | 'text',
  { body, ...about }: Described,
): void {
  app.post(
    `/v1/disputes/:id/${name}`,
    {
      config: { scope: 'session' },
      schema: {
        tags: ['Disputes'],
        ...about,
        params: IdParams,
        headers: IdempotencyHeaders,
        body: strict({ ...body, [wordsIn]: Words }),
        response: answers(200, Dispute),
      },
    },
    (request) => {
      const { [wordsIn]: text, ...rest } = request.body as JsonObject
      return words.say<Dispute>(request, operation, { disputeId: request.params.id, ...rest }, String(text))
    },
  )
}
