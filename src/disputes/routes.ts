import { Type } from 'typebox'
import {
  type App,
  answers,
  type Database,
  IdempotencyHeaders,
  IdParams,
  Problem,
  strict,
} from '../platform/index.ts'
import type { Sealer } from '../platform/sealing/index.ts'
import { arbitratorRoutes } from './arbitrator-routes.ts'
import { evidenceRoutes } from './evidence.ts'
import { readRoutes } from './read-routes.ts'
import { Dispute, OpenedDispute, QuestionParams, Reason, Words } from './schemas.ts'
import { WordsOfDisputes } from './words.ts'

/** Disputes: what the two sides do, what arbitrators do, and what everybody reads. */
export function disputeRoutes(app: App, { db, sealer }: { db: Database; sealer: Sealer }): void {
  const words = new WordsOfDisputes(db, sealer)
  openRoute(app, words)
  sideRoutes(app, words)
  readRoutes(app, db, words)
  evidenceRoutes(app, { db, sealer })
  arbitratorRoutes(app, words)
}

function openRoute(app: App, words: WordsOfDisputes): void {
  app.post(
    '/v1/trades/:id/dispute',
    {
      config: { scope: 'trade' },
      schema: {
        tags: ['Disputes'],
        summary: 'Either side of a paid trade: have an arbitrator decide',
        description:
          'Once per trade. Of two sides that open it at once the second is answered 409 disputed_already.',
        params: IdParams,
        headers: IdempotencyHeaders,
        body: strict({ reason: Reason, description: Type.Optional(Words) }),
        response: answers(201, OpenedDispute),
      },
    },
    async (request, reply) => {
      const { reason, description } = request.body
      if (reason === 'other' && description === undefined)
        throw new Problem('invalid_request', {}, [
          { field: 'description', problem: 'is needed to say what it is' },
        ])
      const args = { tradeId: request.params.id, reason }
      const opened = await words.open<Dispute>(request, args, description)
      return reply.code(201).send({ ...opened, description: description ?? null })
    },
  )
}

function sideRoutes(app: App, words: WordsOfDisputes): void {
  app.post(
    '/v1/disputes/:id/answer',
    {
      config: { scope: 'trade' },
      schema: {
        tags: ['Disputes'],
        summary: 'Either side: say what happened',
        description:
          'The first statement of the side that the dispute was raised against is its answer. It counts after its ' +
          'deadline too, marked as late, until the ruling.',
        params: IdParams,
        headers: IdempotencyHeaders,
        body: strict({ statement: Words }),
        response: answers(200, Dispute),
      },
    },
    (request) =>
      words.say<Dispute>(request, 'answer_dispute', { disputeId: request.params.id }, request.body.statement),
  )
  app.post(
    '/v1/disputes/:id/questions/:questionId/answer',
    {
      config: { scope: 'trade' },
      schema: {
        tags: ['Disputes'],
        summary: 'The side that was asked: reply to a question of the arbitrator, once',
        params: QuestionParams,
        headers: IdempotencyHeaders,
        body: strict({ text: Words }),
        response: answers(200, Dispute),
      },
    },
    (request) => {
      const { id, questionId } = request.params
      return words.say<Dispute>(request, 'reply_in_dispute', { disputeId: id, questionId }, request.body.text)
    },
  )
  app.post(
    '/v1/disputes/:id/appeal',
    {
      config: { scope: 'trade' },
      schema: {
        tags: ['Disputes'],
        summary: 'The losing side of a large ruling: have another arbitrator decide, finally',
        description: 'Once, until appealUntil of the ruling. Of a split both sides are losing sides.',
        params: IdParams,
        headers: IdempotencyHeaders,
        body: strict({ reason: Words }),
        response: answers(200, Dispute),
      },
    },
    (request) =>
      words.say<Dispute>(request, 'appeal_dispute', { disputeId: request.params.id }, request.body.reason),
  )
}
