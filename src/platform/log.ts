import pg from 'pg'
import pino from 'pino'

/** Names under which a secret or somebody's data would be, should a line ever carry them. */
const NEVER = [
  'authorization',
  'cookie',
  'password',
  'token',
  'secret',
  'key',
  'totp',
  'email',
  'headers',
  'body',
].concat(['query', 'params', 'parameters', 'detail', 'url'])
const PLACES = NEVER.flatMap((name) => [name, `req.${name}`, `request.${name}`, `res.${name}`])

/** What a line may say of an error beside its message and where it was thrown; whatever else hangs on it stays out. */
const FACTS = [
  'code',
  'severity',
  'schema',
  'table',
  'column',
  'constraint',
  'routine',
  'syscall',
  'task',
] as const

/**
 * Makes the program's log: lines of JSON with the time in UTC, so that nothing that somebody sends can begin a line of
 * its own. It holds no header, body, query or parameter: nothing writes
 * them, and were somebody to, they are replaced on the way.
 */
export function makeLog(level: string, to?: pino.DestinationStream): pino.Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: { logMethod: withoutRawMessage },
      redact: { paths: PLACES, censor: '***' },
      serializers: { err: errorForLog, error: errorForLog, req: requestForLog, res: answerForLog },
    },
    to ?? pino.destination(1),
  )
}

/** Where a line has an error and no message of its own, pino takes the error's as it is, past the serializer. */
function withoutRawMessage(this: pino.Logger, args: Parameters<pino.LogFn>, method: pino.LogFn): void {
  const [first, ...rest]: unknown[] = args
  const error = first instanceof Error ? first : hasError(first) ? first.err : null
  if (error === null || rest.length > 0) method.apply(this, args)
  else method.call(this, first instanceof Error ? { err: first } : (first as object), messageOf(error))
}

function hasError(line: unknown): line is { err: Error } {
  return typeof line === 'object' && line !== null && 'err' in line && line.err instanceof Error
}

/**
 * An error without values: PostgreSQL puts those of a row into `detail` and those of a parameter into `where` and
 * into the message of a data exception (class 22); JSON.parse quotes what it could not read.
 */
export function errorForLog(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: `a thrown ${typeof error}` }
  const message = messageOf(error)
  const facts = Object.fromEntries(
    FACTS.map((name) => [name, Reflect.get(error, name)]).filter(([, value]) => typeof value === 'string'),
  )
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return {
    type: error.constructor.name,
    message,
    ...facts,
    stack: [`${error.name}: ${message}`, ...frames].join('\n'),
    ...(error.cause === undefined ? {} : { cause: errorForLog(error.cause) }),
    ...(error instanceof AggregateError ? { errors: error.errors.slice(0, 5).map(errorForLog) } : {}),
  }
}

function messageOf(error: Error): string {
  const isData = error instanceof pg.DatabaseError && /^22/.test(error.code ?? '')
  if (isData || error instanceof SyntaxError) return error.message.replace(/["':].*$/s, '…')
  return error.message
}

function requestForLog(request: { id?: unknown; method?: unknown }): object {
  return { id: request.id, method: request.method }
}

function answerForLog(reply: { statusCode?: unknown }): object {
  return { statusCode: reply.statusCode }
}
