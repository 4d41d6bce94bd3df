import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Problem, UUID } from '../platform/index.ts'

/**
 * Bodies are taken as they are: a number where a string belongs is an error, a field too many is an error. Only the
 * query, the path and the headers, which are always text, are read as the types the schema names.
 */
const body = addFormats.default(
  new Ajv({ allErrors: true, useDefaults: true, strict: true, discriminator: false }),
)
const text = addFormats.default(
  new Ajv({ allErrors: true, useDefaults: true, coerceTypes: true, strict: true, strictTypes: false }),
)

// Without the prefix "urn:uuid:", which PostgreSQL does not read.
for (const ajv of [body, text]) ajv.addFormat('uuid', UUID)
for (const ajv of [body, text]) ajv.addFormat('nfkc', (said: string) => said.normalize('NFKC') === said)

/** How the schemas of routes become checks of what comes in. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  if (httpPart === 'body') {
    const validate = body.compile(schema)
    return (value) => (validate(value) ? { value } : { error: validate.errors ?? [] })
  }
  const validate = text.compile(schema)
  // The compiler reads "Infinity" as an integer and then skips its bounds.
  return (values: object) => {
    if (!validate(values)) return { error: validate.errors ?? [] }
    const infinite = Object.entries(values).find(([, value]) => value === Infinity || value === -Infinity)
    if (infinite === undefined) return { value: values }
    const errors = [{ field: `${httpPart}.${infinite[0]}`, problem: 'must be finite' }]
    return { error: new Problem('invalid_request', {}, errors) }
  }
}
