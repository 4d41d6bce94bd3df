import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { validatorCompiler } from './validation.ts'

const buildSerializer = SerializerSelector()

/**
 * Compiles the schemas of a route at its first call: all of them would be half of the program's start, and most are
 * never called. Schemas that say the same are compiled once. `atOnce` finds at the start what cannot be compiled.
 */
export function schemaCompilers(atOnce: boolean) {
  const when = atOnce ? now : atFirstCall
  const validators: FastifySchemaCompiler<TSchema> = (route) =>
    when(() =>
      once(VALIDATORS, `${route.httpPart} ${JSON.stringify(route.schema)}`, () => validatorCompiler(route)),
    )
  const serializers: typeof buildSerializer = (shared, options) => {
    const compile = buildSerializer(shared, options)
    const around = JSON.stringify([shared, options])
    return (route) =>
      when(() => once(SERIALIZERS, `${around} ${JSON.stringify(route.schema)}`, () => compile(route)))
  }
  return { validators, serializers }
}

type Compiled<A, R> = (value: A) => R
const VALIDATORS = new Map<string, ReturnType<FastifySchemaCompiler<TSchema>>>()
const SERIALIZERS = new Map<string, ReturnType<ReturnType<typeof buildSerializer>>>()

/** Two apps in one process, and the many routes with the same refusals, share what is compiled. */
function once<T>(known: Map<string, T>, key: string, compile: () => T): T {
  const found = known.get(key) ?? compile()
  known.set(key, found)
  return found
}

function now<A, R>(compile: () => Compiled<A, R>): Compiled<A, R> {
  return compile()
}

function atFirstCall<A, R>(compile: () => Compiled<A, R>): Compiled<A, R> {
  let compiled: Compiled<A, R> | undefined
  return (value) => {
    compiled ??= compile()
    return compiled(value)
  }
}
