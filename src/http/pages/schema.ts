/** As much of a JSON schema as the routes use. */
export type Schema = {
  type?: string
  format?: string
  pattern?: string
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  minProperties?: number
  uniqueItems?: boolean
  default?: unknown
  description?: string
  examples?: unknown[]
}

/** One line of a list of fields: `requirements.countries[]` and what may stand there. */
export type Field = {
  path: string
  required: boolean
  type: string
  limits: string[]
  pattern: string | null
  description: string | null
}

/** The fields of an object, those of its inner objects after it with the path to them. */
export function fieldsOf(schema: Schema, path = ''): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const { inner, nullable } = withoutNull(property)
    const field: Field = {
      path: `${path}${name}`,
      required: schema.required?.includes(name) ?? false,
      type: `${typeOf(inner)}${nullable ? ' or null' : ''}`,
      limits: limitsOf(inner),
      pattern: inner.pattern ?? inner.items?.pattern ?? null,
      description: saysMore(property.description ?? inner.description ?? inner.items?.description, inner),
    }
    const below = together(inner.type === 'array' ? (inner.items ?? {}) : inner)
    const step = inner.type === 'array' ? `${field.path}[].` : `${field.path}.`
    return [field, ...(below.properties ? fieldsOf(below, step) : [])]
  })
}

/** Several kinds of object as one: a field is required where every kind requires it. */
function together(schema: Schema): Schema {
  const kinds = schema.anyOf?.filter((one) => one.properties !== undefined) ?? []
  if (kinds.length === 0) return schema
  const properties: Record<string, Schema> = {}
  for (const [name, property] of kinds.flatMap((one) => Object.entries(one.properties!))) {
    const known = properties[name]
    properties[name] = known === undefined ? property : { anyOf: [known, property] }
  }
  const required = Object.keys(properties).filter((name) =>
    kinds.every((one) => one.required?.includes(name)),
  )
  return { type: 'object', properties, required }
}

/** The description, unless it only repeats the type: `UUID`, or the values of an enumeration. */
function saysMore(description: string | undefined, schema: Schema): string | null {
  if (description === undefined) return null
  return description.toLowerCase() === typeOf(schema).replaceAll('"', '').toLowerCase() ? null : description
}

/** What may stand there, in a few words: `string`, `uuid`, `sell · buy`, `list of string`. */
export function typeOf(schema: Schema): string {
  const { inner, nullable } = withoutNull(schema)
  const choices = choicesOf(inner)
  if (nullable) return `${typeOf(inner)} or null`
  if (choices !== null) return choices.map((choice) => JSON.stringify(choice)).join(' · ')
  if (inner.type === 'array') return `list of ${listed(inner.items ?? {})}`
  if (inner.type === 'string' && inner.format) return inner.format
  return inner.type ?? together(inner).type ?? 'anything'
}

function listed(item: Schema): string {
  return choicesOf(item) === null ? `${typeOf(item)}s` : typeOf(item)
}

/** The values of an enumeration; null when it is none. */
export function choicesOf(schema: Schema): unknown[] | null {
  if (schema.const !== undefined) return [schema.const]
  if (schema.enum) return schema.enum
  if (!schema.anyOf) return null
  const choices = schema.anyOf.map(choicesOf)
  return choices.every((choice) => choice !== null) ? choices.flat() : null
}

/** The schema without its alternative `null`, and whether it had one. */
export function withoutNull(schema: Schema): { inner: Schema; nullable: boolean } {
  if (!schema.anyOf?.some((one) => one.type === 'null')) return { inner: schema, nullable: false }
  const { anyOf, ...rest } = schema
  const others = anyOf.filter((one) => one.type !== 'null')
  return {
    inner: others.length === 1 ? { ...others[0], ...rest } : { ...rest, anyOf: others },
    nullable: true,
  }
}

function limitsOf(schema: Schema): string[] {
  const limits = [
    range(schema.minimum, schema.maximum, ''),
    range(schema.minLength, schema.maxLength ?? schema.items?.maxLength, ' characters'),
    range(schema.minItems, schema.maxItems, ' entries'),
    schema.uniqueItems ? 'all different' : null,
    schema.items ? range(schema.items.minimum, schema.items.maximum, ' each') : null,
    schema.default === undefined ? null : `default ${JSON.stringify(schema.default)}`,
  ]
  return limits.filter((limit) => limit !== null)
}

function range(least: number | undefined, most: number | undefined, unit: string): string | null {
  const number = (value: number) => String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f')
  if (least === undefined && most === undefined) return null
  if (most === undefined) return `at least ${number(least!)}${unit}`
  if (least === undefined || least === 0) return `at most ${number(most)}${unit}`
  return `${number(least)} to ${number(most)}${unit}`
}
