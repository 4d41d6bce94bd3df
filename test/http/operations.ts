import type { App } from '../../src/platform/index.ts'

/** The part of JSON Schema that the routes use. */
export type Schema = {
  type?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  enum?: unknown[]
  const?: unknown
  pattern?: string
  format?: string
  description?: string
  examples?: unknown[]
  minimum?: number
  maximum?: number
  additionalProperties?: boolean
}
type Parameter = { in: 'path' | 'query' | 'header'; name: string; schema: Schema; description?: string }
export type Operation = {
  name: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  isPublic: boolean
  /** What an API key needs for it, where the route says so. */
  scope: string | undefined
  parameters: Parameter[]
  body: Schema | null
  /** Of calls that take a form in place of JSON. */
  form: Schema | null
}
type Described = {
  'x-scope'?: string
  security?: object[]
  parameters?: Parameter[]
  requestBody?: { content: Partial<Record<'application/json' | 'multipart/form-data', { schema: Schema }>> }
}

export const UNKNOWN_ID = '01890000-0000-7000-8000-00000000dead'

/** Every operation that the OpenAPI document describes, so that a new route is tested from its first day. */
export function operationsOf(app: App): Operation[] {
  const paths = app.swagger().paths as Record<string, Record<string, Described>>
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase() as Operation['method'],
      path,
      isPublic: described.security?.length === 0,
      // OpenAPI says of a parameter beside its schema what a body says inside.
      scope: described['x-scope'],
      parameters: (described.parameters ?? []).map((one) => ({
        ...one,
        schema: { ...(one.description === undefined ? {} : { description: one.description }), ...one.schema },
      })),
      body: described.requestBody?.content['application/json']?.schema ?? null,
      form: described.requestBody?.content['multipart/form-data']?.schema ?? null,
    })),
  )
}

/** The address with its parameters filled in; by default with what is nobody's. */
export function addressOf(operation: Operation, values: Record<string, string> = {}): string {
  return operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const schema = operation.parameters.find((one) => one.name === name)?.schema ?? {}
    return encodeURIComponent(values[name] ?? String(sampleOf(schema)))
  })
}

export type FormField = [name: string, value: string | Buffer]

/** A form as a browser sends it: what its schema calls binary is a file. */
export function formOf(fields: FormField[], boundary = 'a-boundary') {
  const pieces = fields.flatMap(([name, value]) => [
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"`,
    typeof value === 'string' ? '' : '; filename="a file.txt"\r\ncontent-type: text/plain',
    '\r\n\r\n',
    value,
    '\r\n',
  ])
  const payload = Buffer.concat([...pieces, `--${boundary}--\r\n`].map((piece) => Buffer.from(piece)))
  return { payload, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } }
}

/** The fields of a form that its schema allows. */
export function sampleForm(form: Schema): FormField[] {
  return Object.entries(form.properties ?? {}).map(([name, schema]) => [
    name,
    schema.format === 'binary' ? Buffer.from('a file of text') : String(sampleOf(schema)),
  ])
}

/** A value that the schema allows, with every optional field. */
export function sampleOf(schema: Schema): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[0]
  if (schema.anyOf) return sampleOf(schema.anyOf[0] ?? {})
  if (schema.examples) return schema.examples[0]
  if (schema.format === 'uuid') return UNKNOWN_ID
  if (schema.format === 'email') return 'nobody@example.org'
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, sampleOf(inner)]),
      )
    case 'array':
      return [sampleOf(schema.items ?? {})]
    case 'integer':
      return schema.minimum ?? 1
    case 'boolean':
      return true
    default:
      return ['a sample of text', 'DE', 'BTC', 'sepa', 'BTC/EUR', '1'].find((text) =>
        new RegExp(schema.pattern ?? '', 'u').test(text),
      )
  }
}

export type Field = { path: string[]; schema: Schema; isRequired: boolean }

/** Every field of a body, also those inside other fields. */
export function fieldsOf(schema: Schema, path: string[] = []): Field[] {
  const object = schema.type === 'object' ? schema : schema.anyOf?.find((one) => one.type === 'object')
  return Object.entries(object?.properties ?? {}).flatMap(([name, inner]) => [
    { path: [...path, name], schema: inner, isRequired: object?.required?.includes(name) ?? false },
    ...fieldsOf(inner, [...path, name]),
  ])
}

/** Whether a field is money: Fairlock's decimal strings say so. */
export function isMoney(schema: Schema): boolean {
  return /^Decimal string/.test(schema.description ?? '') || (schema.anyOf?.some(isMoney) ?? false)
}
