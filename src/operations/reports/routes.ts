import { type TSchema, Type } from 'typebox'
import { type App, answers, type Database, Problem, strict, Time } from '../../platform/index.ts'
import { REPORT_NAMES, REPORTS, type Report, type ReportName } from './definitions.ts'
import { BadPeriod, DAY, periodOf } from './period.ts'
import { csvOf } from './report.ts'

const Day = Type.String({ pattern: DAY, examples: ['2026-11-23'], description: 'A UTC day' })
const Query = strict({
  from: Type.Optional(Day),
  to: Type.Optional({ ...Day, description: 'The UTC day after the last one' }),
})
const DisputesQuery = strict({
  ...Query.properties,
  by: Type.Optional(Type.Union([Type.Literal('day'), Type.Literal('week')])),
})
const COUNTS = /^(trades|valuedTrades|escrows|oldestSeconds|opened|ruled\w*|endedBySides|completedTrades)$/

function answerOf(name: ReportName): TSchema {
  const fields = REPORTS[name].columns.map(({ field }): [string, TSchema] => [
    field,
    COUNTS.test(field) ? Type.Integer() : Type.Union([Type.String(), Type.Null()]),
  ])
  return Type.Object({
    report: Type.String(),
    asOf: Time,
    from: Type.Union([Type.String(), Type.Null()]),
    to: Type.Union([Type.String(), Type.Null()]),
    rows: Type.Array(Type.Object(Object.fromEntries(fields))),
  })
}

type Asked = { from?: string; to?: string; by?: 'day' | 'week' }

/** The reports of the house, for administrators and compliance: JSON, or CSV where that is asked for. */
export function reportRoutes(app: App, { db }: { db: Database }): void {
  for (const name of REPORT_NAMES) {
    const querystring = name === 'disputes' ? DisputesQuery : Query
    const run = async (caller: Parameters<Database['call']>[0], asked: Asked) => {
      const { from, to } = requestedPeriod(asked)
      const report = await db.call<Report>(
        caller,
        'select fairlock.operator_report($1, $2, $3, $4) as answer',
        [name, from, to, asked.by ?? 'day'],
      )
      return REPORTS[name].hasPeriod ? { ...report, from, to } : { ...report, from: null, to: null }
    }
    app.get(
      `/v1/admin/reports/${name}`,
      {
        config: { scope: 'session' },
        schema: {
          tags: ['Administration'],
          summary: REPORTS[name].about,
          description:
            `Administrators and compliance. As CSV under the same address with .csv, or with Accept: text/csv. ` +
            (REPORTS[name].hasPeriod
              ? 'Without days: the last thirty.'
              : 'It is of now, whatever days are asked for.'),
          querystring,
          response: answers(200, answerOf(name)),
        },
      },
      async (request, reply) => {
        const report = await run(request.caller, request.query)
        if (!prefersCsv(request.headers.accept)) return report
        return reply.headers(csvHeaders(name)).send(csvOf(name, report))
      },
    )
    app.get(
      `/v1/admin/reports/${name}.csv`,
      { config: { scope: 'session' }, schema: { hide: true, querystring } },
      async (request, reply) =>
        reply.headers(csvHeaders(name)).send(csvOf(name, await run(request.caller, request.query))),
    )
  }
}

function requestedPeriod({ from, to }: Asked) {
  try {
    return periodOf(from, to)
  } catch (error) {
    if (!(error instanceof BadPeriod)) throw error
    throw new Problem('invalid_request', {}, [{ field: error.field, problem: error.message }])
  }
}

const prefersCsv = (accept = '') => /^text\/csv\b/i.test(accept.trim())

const csvHeaders = (name: ReportName) => ({
  'content-type': 'text/csv; charset=utf-8; header=present',
  'content-disposition': `attachment; filename="${name}.csv"`,
})
