import { ERRORS, type ErrorCode, type ErrorEntry } from './errors.ts'

export type FieldError = { field: string; problem: string }

/** A refusal on its way to the person who asked. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ErrorCode
  readonly details: Record<string, unknown>
  readonly errors: FieldError[]

  constructor(code: ErrorCode, details: Record<string, unknown> = {}, errors: FieldError[] = []) {
    super(ERRORS[code].title)
    this.code = code
    this.details = details
    this.errors = errors
  }
}

/** Makes the problem that a refusal of the database's command functions names, with its field where it has one. */
export function problemFromRefusal(code: string, details: Record<string, unknown>): Problem {
  if (!isErrorCode(code)) throw new Error(`the database refused with a code that is not registered: ${code}`)
  const { field, problem, ...rest } = details
  const entry: ErrorEntry = ERRORS[code]
  const named = typeof field === 'string' ? field : entry.field
  const said = typeof problem === 'string' ? problem : entry.title
  return new Problem(code, rest, named === undefined ? [] : [{ field: named, problem: said }])
}

/** The problem behind an error that PostgreSQL raised, or null when the error is a fault of ours. */
export function problemFromDatabase(error: unknown): Problem | null {
  if (!(error instanceof Error)) return null
  const { code, constraint } = error as Error & { code?: unknown; constraint?: unknown }
  if (typeof code !== 'string') return isLostConnection(error) ? new Problem('unavailable') : null
  for (const [name, entry] of Object.entries<ErrorEntry>(ERRORS)) {
    if (entry.sqlstate === code || (entry.constraint !== undefined && entry.constraint === constraint)) {
      return new Problem(name as ErrorCode)
    }
  }
  // 22: a value that its type cannot hold. 23514 and 23502: a law of a table that no refusal spoke of before.
  if (code.startsWith('22') || code === '23514' || code === '23502') {
    return new Problem('invalid_value', typeof constraint === 'string' ? { constraint } : {})
  }
  if (code === '23505' || code === '40001' || code === '40P01' || code === '55P03')
    return new Problem('conflict')
  // ECONNREFUSED, EPIPE and the like are the network's; what begins with ERR_ is a mistake of ours.
  if (/^(?:08|57|53300|E(?!RR_))/.test(code)) {
    return new Problem('unavailable')
  }
  return null
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code)
}

function isLostConnection(error: Error): boolean {
  return /Connection terminated|connection error|timeout exceeded when trying to connect/i.test(error.message)
}
