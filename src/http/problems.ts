import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { clearCookie } from '../identity/index.ts'
import { type App, ERRORS, type ErrorCode, type FieldError, Problem } from '../platform/index.ts'
import { KeyringError } from '../platform/sealing/index.ts'
import { protectAnswer } from './headers.ts'

/** A long list of bad items is answered by its first ones: the answer must not be larger than the request. */
const MOST_FIELD_ERRORS = 50

/** Answers every error as RFC 9457 problem details; what is nobody's fault but ours is logged and says nothing else. */
export function problemHandler(app: App): void {
  app.setErrorHandler((error: FastifyError | Problem, request, reply) => {
    if (error instanceof KeyringError) {
      request.log.error({ err: error }, 'the keyring cannot be used')
      return send(reply, new Problem('keyring_unavailable'))
    }
    const problem = error instanceof Problem ? error : problemOf(error)
    if (problem === null) {
      request.log.error({ err: error }, 'the request failed')
      return send(reply, new Problem('internal'))
    }
    return send(reply, problem)
  })
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const others = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter(
      (method) =>
        method !== request.method && app.findRoute({ method, url: request.url.split('?')[0]! }) !== null,
    )
    if (others.length === 0) return send(reply, new Problem('not_found'))
    return send(reply.header('allow', others.join(', ')), new Problem('method_not_allowed'))
  })
}

/** For what Fastify refuses before there is a route: an address that cannot be decoded. */
export function answerFrameworkError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  // No hook runs for these.
  protectAnswer(request, reply)
  send(reply, problemOf(error) ?? new Problem('internal'))
}

function send(reply: FastifyReply, problem: Problem): FastifyReply {
  const { status, title } = ERRORS[problem.code]
  const { retryAfter, ...details } = problem.details
  reply.request.refusal = problem.code
  if (typeof retryAfter === 'number') reply.header('retry-after', retryAfter)
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  if (problem.code === 'not_signed_in' && reply.request.caller?.byCookie) clearCookie(reply)
  return reply
    .code(status)
    .type('application/problem+json')
    .serializer((body: unknown) => JSON.stringify(body))
    .send({
      type: `/docs/errors#${problem.code}`,
      title,
      status,
      code: problem.code,
      ...details,
      ...(problem.errors.length > 0 ? { errors: problem.errors } : {}),
    })
}

/** What Fastify itself refuses: broken JSON, bodies too large, values that the schema does not allow. */
function problemOf(error: FastifyError): Problem | null {
  if (error.validation)
    return new Problem(
      'invalid_request',
      {},
      error.validation.slice(0, MOST_FIELD_ERRORS).map((one) => fieldError(one, error)),
    )
  const codes: Record<string, ErrorCode> = {
    FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
    FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
    FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_json',
    FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_json',
    FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_json',
    FST_ERR_BAD_URL: 'invalid_request',
    FST_ERR_MAX_PARAM_LENGTH: 'invalid_request',
  }
  const code = codes[error.code]
  if (code !== undefined) return new Problem(code)
  if (error.statusCode === 400)
    return new Problem(error instanceof SyntaxError ? 'invalid_json' : 'invalid_request')
  return null
}

type Violation = NonNullable<FastifyError['validation']>[number]

function fieldError(violation: Violation, error: FastifyError): FieldError {
  const { params, keyword, instancePath } = violation
  const extra = params.additionalProperty ?? params.missingProperty
  const path = [...instancePath.split('/').slice(1), ...(typeof extra === 'string' ? [extra] : [])]
  const where = error.validationContext === 'body' ? '' : `${error.validationContext ?? ''}.`
  const field = path.length === 0 ? (error.validationContext ?? 'body') : where + path.join('.')
  const problem =
    keyword === 'additionalProperties'
      ? 'is not a field of this request'
      : keyword === 'required'
        ? 'is missing'
        : (violation.message ?? 'is not valid')
  return { field, problem }
}
