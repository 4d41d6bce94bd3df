import { type Static, Type } from 'typebox'
import { Errors } from 'typebox/value'
import { COLUMNS, OLD_TABLES } from './tables.ts'

/** What an old word may become. `null` in a mapping means: not known, the row is quarantined and names the word. */
export const WORDS = {
  /** `open` P2P orders become offers; `live` are trades under way, which the old platform has to end. */
  trade_status: ['open', 'live', 'completed', 'cancelled', 'expired'],
  transaction_status: ['pending', 'completed', 'failed', 'cancelled', 'reversed'],
  kyc_status: ['pending', 'rejected', 'basic', 'full', 'institution'],
  side: ['buy', 'sell'],
  transaction_type: [
    'deposit',
    'withdrawal',
    'transfer',
    'buy',
    'sell',
    'hold',
    'release',
    'refund',
    'fee',
    'adjustment',
  ],
} as const
export type WordKind = keyof typeof WORDS

const closed = { additionalProperties: false }
const words = (kind: WordKind) =>
  Type.Record(Type.String(), Type.Union([...WORDS[kind].map((word) => Type.Literal(word)), Type.Null()]))
const columnsOf = (table: (typeof OLD_TABLES)[number]) =>
  Type.Object(
    Object.fromEntries(
      Object.keys(COLUMNS[table]).map((column) => [
        column,
        Type.Union([Type.String({ minLength: 1 }), Type.Null()]),
      ]),
    ),
    closed,
  )

const WalletGroup = Type.Object(
  {
    provider: Type.Union([Type.String(), Type.Null()]),
    chain: Type.Union([Type.String(), Type.Null()]),
    connected: Type.Boolean(),
    wallets: Type.Integer({ minimum: 0 }),
    balance: Type.Record(Type.String(), Type.String()),
    custody: Type.Boolean(),
    certain: Type.Boolean(),
  },
  closed,
)
export type WalletGroup = Static<typeof WalletGroup>

/** The JSON schema of a mapping file; docs/operating/migration.md explains each part to operators. */
export const MappingSchema = Type.Object(
  {
    version: Type.Literal(1),
    /** Which old column holds which of the specification's; null where there is none. */
    tables: Type.Object(Object.fromEntries(OLD_TABLES.map((table) => [table, columnsOf(table)])), closed),
    /** The time zone that timestamps without one are in. */
    zone: Type.String({ minLength: 1 }),
    statuses: Type.Object(
      { trades: words('trade_status'), transactions: words('transaction_status'), kyc: words('kyc_status') },
      closed,
    ),
    sides: words('side'),
    types: words('transaction_type'),
    currencies: Type.Record(
      Type.String(),
      Type.Union([Type.String({ pattern: '^[A-Z0-9]{2,10}$' }), Type.Null()]),
    ),
    wallets: Type.Array(WalletGroup),
    /** Keys of a trade's metadata that may name the other party, the first that is there counts. */
    counterpartyKeys: Type.Array(Type.String({ minLength: 1 })),
    /** Keys whose values are secrets, wherever they are in metadata, settings and preferences. */
    secrets: Type.Array(Type.String({ minLength: 1 })),
  },
  closed,
)

type Words<K extends WordKind> = Record<string, (typeof WORDS)[K][number] | null>
export type Mapping = {
  version: 1
  tables: Record<(typeof OLD_TABLES)[number], Record<string, string | null>>
  zone: string
  statuses: {
    trades: Words<'trade_status'>
    transactions: Words<'transaction_status'>
    kyc: Words<'kyc_status'>
  }
  sides: Words<'side'>
  types: Words<'transaction_type'>
  currencies: Record<string, string | null>
  wallets: WalletGroup[]
  counterpartyKeys: string[]
  secrets: string[]
}

/** A mapping that cannot be used; the message names the place in the file. */
export class MappingError extends Error {
  override readonly name = 'MappingError'
}

/** Reads an edited mapping; throws a MappingError that names what is wrong and where. */
export function parseMapping(text: string): Mapping {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new MappingError(`The mapping is not JSON: ${(error as Error).message}`)
  }
  return requireMapping(value)
}

/** The same for a value that is JSON already. */
export function requireMapping(value: unknown): Mapping {
  const faults = [...Errors(MappingSchema, value)]
  if (faults.length > 0) throw new MappingError(describe(value, faults))
  const mapping = value as Mapping
  if (!isZone(mapping.zone)) throw new MappingError(`zone: "${mapping.zone}" is no time zone, such as UTC.`)
  requireOnce(mapping)
  return mapping
}

type Fault = ReturnType<typeof Errors>[number]

function describe(value: unknown, faults: Fault[]): string {
  // Of a value that fits none of several, each branch complains; an unknown key says most, else the deepest path does.
  const worst =
    faults.find((fault) => unknownKeys(fault).length > 0) ??
    faults.toSorted((a, b) => b.instancePath.length - a.instancePath.length)[0]!
  const path = worst.instancePath
  const extra = unknownKeys(worst)
  if (extra.length > 0) return `${place(path)}: unknown key ${extra.map((key) => `"${key}"`).join(', ')}.`
  const allowed = allowedAt(path)
  const found = JSON.stringify(at(value, path)) ?? 'missing'
  return allowed === null
    ? `${place(path)}: ${worst.message} (found ${found}).`
    : `${place(path)}: ${found} is none of ${allowed.join(', ')} or null.`
}

function unknownKeys(fault: Fault): string[] {
  const params = fault.params as { additionalProperties?: string[] }
  return params.additionalProperties ?? []
}

const places: [RegExp, WordKind][] = [
  [/^\/statuses\/trades\//, 'trade_status'],
  [/^\/statuses\/transactions\//, 'transaction_status'],
  [/^\/statuses\/kyc\//, 'kyc_status'],
  [/^\/sides\//, 'side'],
  [/^\/types\//, 'transaction_type'],
]

function allowedAt(path: string): readonly string[] | null {
  const kind = places.find(([pattern]) => pattern.test(path))?.[1]
  return kind === undefined ? null : WORDS[kind]
}

const steps = (path: string) =>
  path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))

function place(path: string): string {
  return path === '' ? 'the mapping' : steps(path).join('.')
}

function at(value: unknown, path: string): unknown {
  return steps(path).reduce<unknown>(
    (inner, step) => (inner as Record<string, unknown> | undefined)?.[step],
    value,
  )
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/** Words are compared without case and surrounding blanks, so two spellings must not disagree. */
function requireOnce(mapping: Mapping): void {
  const { trades, transactions, kyc } = mapping.statuses
  const tables = {
    'statuses.trades': trades,
    'statuses.transactions': transactions,
    'statuses.kyc': kyc,
    sides: mapping.sides,
    types: mapping.types,
    currencies: mapping.currencies,
  }
  for (const [name, table] of Object.entries(tables)) {
    const seen = new Map<string, string | null>()
    for (const [word, target] of Object.entries(table)) {
      if (seen.has(fold(word)) && seen.get(fold(word)) !== target)
        throw new MappingError(`${name}: "${word}" is there in two spellings that become different things.`)
      seen.set(fold(word), target)
    }
  }
  const groups = new Set<string>()
  for (const [index, group] of mapping.wallets.entries()) {
    if (groups.has(groupKey(group)))
      throw new MappingError(`wallets.${index}: the same wallets are there twice.`)
    groups.add(groupKey(group))
  }
}

/** How a word of the old database is compared, here and in SQL: without surrounding blanks and ASCII case. */
export function fold(word: string): string {
  return word.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '').replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** The same for an expression in SQL. */
export function folded(expression: string): string {
  return `lower(btrim(${expression}, E' \\t\\r\\n') collate "C")`
}

/** How a group of wallets is found. */
export function groupKey(group: Pick<WalletGroup, 'provider' | 'chain' | 'connected'>): string {
  return [fold(group.provider ?? ''), fold(group.chain ?? ''), group.connected].join('|')
}
