import { Type } from 'typebox'
import { type App, Problem, strict } from '../../platform/index.ts'
import type { Live } from './live.ts'

const POSITION = '^\\d{1,15}$'

/** The stream of a person's events, as browsers' EventSource reads it. */
export function liveRoutes(app: App, { live }: { live?: Live | undefined }): void {
  app.get(
    '/v1/events',
    {
      // A HEAD request would open a stream that nobody reads.
      exposeHeadRoute: false,
      schema: {
        tags: ['People'],
        summary: 'What happens to you, live: server-sent events',
        description:
          'Each event has its position as id, its kind as event, and JSON as data: id, kind, at, tradeId where it is ' +
          'about a trade, and what else there is to know. The first is hello, or, where events after the position ' +
          'asked for are gone, reset: load anew what you show. With the position of the last one that came, nothing ' +
          'is lost and nothing comes twice.',
        produces: ['text/event-stream'],
        querystring: strict({
          lastEventId: Type.Optional(
            Type.String({
              pattern: POSITION,
              description: 'Like Last-Event-ID, where no header can be sent.',
            }),
          ),
        }),
        headers: Type.Object({
          'last-event-id': Type.Optional(
            Type.String({ pattern: POSITION, description: 'The id of the last event that came.' }),
          ),
        }),
        response: { 200: Type.String({ description: 'text/event-stream' }), '4xx': Type.Ref('Problem') },
      },
    },
    async (request, reply) => {
      if (live === undefined) throw new Problem('unavailable')
      const said = request.headers['last-event-id'] ?? request.query.lastEventId
      const stream = await live.open(request.caller, said === undefined ? null : Number(said))
      return reply
        .type('text/event-stream; charset=utf-8')
        .header('x-accel-buffering', 'no')
        .send(stream.body)
    },
  )
  app.addHook('preClose', async () => live?.close())
}
