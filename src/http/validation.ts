import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'

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

export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) =>
  (httpPart === 'body' ? body : text).compile(schema)
