import type { FastifyRequest } from 'fastify'
import { type App, type FieldError, Problem } from '../platform/index.ts'

/** No request has more than four. */
const MOST_LEVELS = 20

/** Reads JSON bodies, and refuses in them what JSON allows and PostgreSQL or a second reader would not take. */
export function readBodies(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text: string, done) => {
    // `curl -X POST` without a body asks the same as with an empty object.
    if (text === '') return done(null, {})
    parse(request, text, (error, body) => {
      const fault = error ? null : faultOf(text)
      if (fault === null) return done(error, body)
      done(new Problem('invalid_json', {}, [fault]))
    })
  })
  app.addHook('preValidation', async (request) => {
    if (request.body === undefined && request.routeOptions.schema?.body) request.body = {}
  })
  // After the schema has bounded the depth of what is walked through here.
  app.addHook('preHandler', async (request: FastifyRequest) => {
    const errors = request.routeOptions.schema?.body ? unkeepable(request.body, []) : []
    if (errors.length > 0) throw new Problem('invalid_request', {}, errors)
  })
}

/**
 * What this valid JSON has that we do not take: a name twice in one object, because readers differ in which of the two
 * they believe, or brackets so deep that they are there for their own sake.
 */
function faultOf(text: string): FieldError | null {
  const open: Set<string>[] = []
  for (const [token, colon] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}[\]]/g)) {
    if (token === '{' || token === '[') open.push(new Set())
    else if (token === '}' || token === ']') open.pop()
    else if (colon !== undefined) {
      const name: string = JSON.parse(token.slice(0, -colon.length))
      const names = open.at(-1)
      if (names?.has(name)) return { field: name, problem: 'is there twice' }
      names?.add(name)
    }
    if (open.length > MOST_LEVELS)
      return { field: 'body', problem: `is nested deeper than ${MOST_LEVELS} levels` }
  }
  return null
}

/** Strings that a PostgreSQL text cannot keep: with NUL, or with half of a surrogate pair. */
function unkeepable(value: unknown, path: string[]): FieldError[] {
  if (typeof value === 'string') {
    const isKept = value.isWellFormed() && !value.includes('\0')
    return isKept ? [] : [{ field: path.join('.'), problem: 'holds a character that cannot be kept' }]
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => unkeepable(inner, [...path, name]))
}
