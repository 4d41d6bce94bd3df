import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { validatorCompiler } from './validation.ts'

const buildSerializer = SerializerSelector()

/**
 * Compiles the schemas of a route at its first call: all of them would be half of the program's start, and most are
 * never called. `atOnce` finds at the start what cannot be compiled.
 */
export function schemaCompilers(atOnce: boolean) {
  const when = atOnce ? now : atFirstCall
  const validators: FastifySchemaCompiler<TSchema> = (route) => when(() => validatorCompiler(route))
  const serializers: typeof buildSerializer = (shared, options) => {
    const compile = buildSerializer(shared, options)
    return (route) => when(() => compile(route))
  }
  return { validators, serializers }
}

type Compiled<A, R> = (value: A) => R

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
