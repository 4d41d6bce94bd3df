import { choicesOf, type Schema, withoutNull } from './schema.ts'

export type Parameter = {
  name: string
  in: string
  required?: boolean
  description?: string
  schema: Schema
  example?: unknown
}

/** Sensible values for fields whose schema gives no example. */
const BY_NAME: Record<string, unknown> = {
  password: 'four words and a horse',
  displayName: 'marta_k',
  price: '61240.50',
  totalAmount: '0.5',
  minAmount: '0.001',
  maxAmount: '0.2',
  paymentWindowMinutes: 30,
  offerVersion: 1,
  userId: '0197a1c2-3d4e-7f50-8a6b-9c0d1e2f3a4b',
  reason: 'agreed with the other side',
  description: 'Paid on Monday, nothing came back.',
  terms: 'Please pay from an account in your own name.',
  until: '2027-01-31T00:00:00Z',
  country: 'DE',
  timeZone: 'Europe/Berlin',
}

/** A value that the schema takes. Optional fields are left out unless everything is optional. */
export function exampleOf(schema: Schema, name = ''): unknown {
  const { inner } = withoutNull(schema)
  if (inner.type === 'object') return exampleObject(inner)
  // Of several kinds of object the first.
  const kind = inner.anyOf?.find((one) => one.type === 'object')
  if (kind !== undefined) return exampleObject(kind)
  const choice = choicesOf(inner)?.[0]
  if (name in BY_NAME && choice === undefined) return BY_NAME[name]
  if (inner.examples?.[0] !== undefined) return inner.examples[0]
  if (choice !== undefined) return choice
  if (inner.type === 'array') return [exampleOf(inner.items ?? {})]
  if (inner.type === 'integer') return inner.minimum ?? 1
  if (inner.type === 'boolean') return true
  return inner.format === 'uuid' ? BY_NAME.userId : 'text'
}

function exampleObject(schema: Schema): Record<string, unknown> {
  const entries = Object.entries(schema.properties ?? {})
  const required = entries.filter(([name]) => schema.required?.includes(name))
  const shown = required.length > 0 ? required : entries.slice(0, schema.minProperties ?? 0)
  return Object.fromEntries(shown.map(([name, property]) => [name, exampleOf(property, name)]))
}

/** The call as a curl command; $FAIRLOCK is the address and $TOKEN what signing in answered. */
export function curlOf(call: {
  method: string
  path: string
  signedIn: boolean
  parameters: Parameter[]
  body: Schema | null
}): string {
  const options: string[] = []
  if (call.method !== 'get') options.push(`-X ${call.method.toUpperCase()}`)
  if (call.signedIn) options.push(`-H "Authorization: Bearer $TOKEN"`)
  if (call.parameters.some((one) => one.name === 'idempotency-key'))
    options.push(`-H 'Idempotency-Key: 7d3f1c'`)
  const body = call.body === null ? {} : exampleOf(call.body)
  if (Object.keys(body as object).length > 0)
    options.push(`-H 'Content-Type: application/json'`, `-d '${JSON.stringify(body, null, 2)}'`)
  return [`curl "$FAIRLOCK${addressOf(call.path, call.parameters)}"`, ...options].join(' \\\n  ')
}

function addressOf(path: string, parameters: Parameter[]): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = parameters.find((one) => one.in === 'path' && one.name === name)
    return String(parameter?.example ?? exampleOf(parameter?.schema ?? {}, name))
  })
  const query = parameters
    .filter((one) => one.in === 'query' && one.example !== undefined)
    .map((one) => `${one.name}=${one.example}`)
  return query.length === 0 ? filled : `${filled}?${query.join('&')}`
}
