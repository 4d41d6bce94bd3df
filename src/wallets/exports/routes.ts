import { Type } from 'typebox'
import { type App, Currency, type Database, Problem, RequestedTime, strict } from '../../platform/index.ts'
import { Category } from '../schemas.ts'
import { Exports } from './exports.ts'
import { columnsOf, type ExportOptions, FORMATS } from './read.ts'

export type ExportRoutesOptions = { db: Database; exports?: Exports | undefined }

/** A person's statement or tax report as a file. */
export function exportRoutes(app: App, { db, exports = new Exports() }: ExportRoutesOptions): void {
  app.get(
    '/v1/transactions.csv',
    {
      // A HEAD request would begin an export that nobody reads.
      exposeHeadRoute: false,
      config: { scope: 'read' },
      schema: {
        tags: ['Wallets'],
        summary:
          'Your movements as CSV, oldest first: a statement with balances, or what a tax program needs',
        description:
          'RFC 4180 in UTF-8, lines end with CRLF, the first names the columns. Texts that a spreadsheet would take for ' +
          'a formula have an apostrophe before them. The file is complete when the answer ends without an error; one ' +
          'that breaks off in the middle does not. docs/operating/exports.md explains each column.',
        produces: ['text/csv'],
        querystring: strict({
          from: Type.Optional(RequestedTime),
          to: Type.Optional(RequestedTime),
          currency: Type.Optional(Currency),
          category: Type.Optional(Category),
          format: Type.Optional(
            Type.Union(
              FORMATS.map((one) => Type.Literal(one)),
              { default: 'statement' },
            ),
          ),
          columns: Type.Optional(
            Type.String({
              pattern: '^[a-z_]+(?:,[a-z_]+)*$',
              maxLength: 500,
              examples: ['time,type,currency'],
              description: 'Those you want, in your order, with commas between them; all if not said.',
            }),
          ),
        }),
        response: { 200: Type.String({ description: 'text/csv' }), '4xx': Type.Ref('Problem') },
      },
    },
    async (request, reply) => {
      const { columns, format = 'statement', ...period } = request.query
      const options: ExportOptions = { ...period, format, columns: columns?.split(',') }
      refuseWrong(options)
      // Before the stream is there: one that nobody reads keeps its connection.
      const name = fileName(options)
      const stream = await exports.open(db, request.caller, options)
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="${name}"`)
        .header('x-accel-buffering', 'no')
        .send(stream)
    },
  )
  app.addHook('preClose', async () => exports.close())
}

/** Refuses before anything is read. Throws `Problem` invalid_request. */
function refuseWrong(options: ExportOptions): void {
  columnsOf(options)
  const { from, to, format, category } = options
  for (const [field, time] of Object.entries({ from, to }))
    if (time !== undefined && Number.isNaN(Date.parse(time)))
      throw new Problem('invalid_request', {}, [{ field, problem: 'is not on the calendar' }])
  if (from !== undefined && to !== undefined && Date.parse(from) >= Date.parse(to))
    throw new Problem('invalid_request', {}, [{ field: 'to', problem: 'must be later than from' }])
  if (format === 'statement' && category !== undefined)
    throw new Problem('invalid_request', {}, [
      { field: 'category', problem: 'is for format=tax: the balances of a statement need every movement' },
    ])
}

/** Made of what the schema has let through, so that nothing in it needs quotes. */
function fileName({ format, currency, from, to }: ExportOptions): string {
  const day = (time: string | undefined, otherwise: string) =>
    time === undefined ? otherwise : new Date(time).toISOString().slice(0, 10)
  const asset = currency === undefined ? '' : `-${currency.toLowerCase()}`
  return `fairlock-${format}${asset}-${day(from, 'begin')}-${day(to, new Date().toISOString().slice(0, 10))}.csv`
}
