import { fold, folded, groupKey, type Mapping, type WordKind } from './mapping.ts'
import { COLUMNS, type ColumnKind, type OldColumn, type Shape } from './tables.ts'

/**
 * The SQL that lets everybody else read the old tables as if they all were alike: per table a view, a reader by keys
 * and a walker; and the mapping as functions. It may be run again, also with another mapping.
 *
 * - `fairlock_adoption.old_<table>`: `id` in its native type, `key text`, every column of the specification as text
 *   (moments as timestamptz; null where the old table has none), `extra jsonb` with all others;
 * - `fairlock_adoption.read_<table>(keys text[])`: those rows of the view, by the primary key's index;
 * - `fairlock_adoption.next_<table>(after text, limit int)`: the keys after one, in the index's order;
 * - `fairlock_adoption.mapped(kind, word)`, `custody(provider, chain, connected)`, `zone()`, `secret_names()`: what
 *   the mapping says; null is "the mapping does not know it".
 */
export function viewsSql(mapping: Mapping, shapes: Shape[], known: string[] = []): string {
  return [mappingSql(mapping, known), ...shapes.map((shape) => tableSql(mapping, shape))].join('\n')
}

/** The select behind a view; `helpers` is the schema of the functions of sql/parse.sql. */
export function oldRows(mapping: Mapping, shape: Shape, helpers = 'fairlock_adoption'): string {
  const reader = new Reader(mapping, shape, helpers)
  const key = `t.${quote(keyOf(shape).name)}`
  const columns = Object.entries(COLUMNS[shape.table]).map(
    ([name, kind]) => `${reader.column(name, kind)} as ${quote(name)}`,
  )
  return `select ${[`${key} as id`, `${key}::text as key`, ...columns, `${reader.extra()} as extra`].join(
    ',\n  ',
  )}\nfrom ${quote(shape.schema)}.${quote(shape.table)} t`
}

/** The one column of the primary key. */
export function keyOf(shape: Shape): OldColumn {
  const found = shape.columns.find((column) => column.name === shape.key[0])
  if (found === undefined || shape.key.length !== 1)
    throw new Error(`${shape.table} has no primary key of one column; fairlock db adopt says what to do.`)
  return found
}

/** Old columns as expressions over the table `t`. */
export class Reader {
  private readonly mapping: Mapping
  private readonly shape: Shape
  private readonly helpers: string

  constructor(mapping: Mapping, shape: Shape, helpers: string) {
    this.mapping = mapping
    this.shape = shape
    this.helpers = helpers
  }

  /** An old column as the view hands it on. */
  column(name: string, kind: ColumnKind): string {
    const old = this.find(name)
    if (kind === 'moment') return old === undefined ? 'null::timestamptz' : this.moment(old)
    return old === undefined ? 'null::text' : asText(old)
  }

  /** An old column as a number; null for what is none. */
  number(name: string): string {
    const old = this.find(name)
    if (old === undefined) return 'null::numeric'
    if (/^(numeric|bigint|integer|smallint)$/.test(old.type)) return `t.${quote(old.name)}::numeric`
    // By its text, which has all its digits: a cast would round to 15.
    if (/^(double precision|real)$/.test(old.type)) return `t.${quote(old.name)}::text::numeric`
    return `${this.helpers}.money(${asText(old)})`
  }

  /** An old column as a document; null for what is none. */
  document(name: string): string {
    const old = this.find(name)
    if (old === undefined) return 'null::jsonb'
    if (old.type === 'jsonb' || old.category === 'A') return `nullif(to_jsonb(t.${quote(old.name)}), 'null')`
    return `nullif(${this.helpers}.try_jsonb(${asText(old)}), 'null')`
  }

  /** Every column that is none of the specification's, and the text of moments that could not be read. */
  extra(): string {
    const mapped = new Set(Object.values(this.mapping.tables[this.shape.table]))
    const others = this.shape.columns.filter(
      (column) => !mapped.has(column.name) && column.name !== keyOf(this.shape).name,
    )
    const pairs = others.map(
      (column) => `jsonb_build_object(${literal(column.name)}, to_jsonb(t.${quote(column.name)}))`,
    )
    const unread = Object.entries(COLUMNS[this.shape.table])
      .filter(([name, kind]) => kind === 'moment' && this.find(name)?.category === 'S')
      .map(([name]) => {
        const old = `t.${quote(this.find(name)!.name)}`
        return (
          `case when btrim(${old}) <> '' and ${this.column(name, 'moment')} is null ` +
          `then jsonb_build_object(${literal(name)}, ${old}) else '{}' end`
        )
      })
    return [...pairs, ...unread].join(' || ') || `'{}'::jsonb`
  }

  /** The old column that holds one of the specification's. */
  find(name: string): OldColumn | undefined {
    const old = this.mapping.tables[this.shape.table][name]
    return this.shape.columns.find((column) => column.name === old)
  }

  private moment(column: OldColumn): string {
    const value = `t.${quote(column.name)}`
    if (column.type === 'timestamp with time zone') return `${value}::timestamptz`
    const zone = literal(this.mapping.zone)
    if (column.category === 'D') return `(${value}::timestamp at time zone ${zone})`
    return `${this.helpers}.try_timestamptz(${value}::text, ${zone})`
  }
}

function asText(column: OldColumn): string {
  const value = `t.${quote(column.name)}`
  if (column.type === 'money') return `${value}::numeric::text`
  if (column.category === 'A' || column.type === 'json' || column.type === 'jsonb')
    return `to_jsonb(${value})::text`
  // A character(n) is padded with blanks that are not part of what was written.
  if (column.type === 'character') return `rtrim(${value})::text`
  return `${value}::text`
}

function tableSql(mapping: Mapping, shape: Shape): string {
  const view = `fairlock_adoption.old_${shape.table}`
  // A cast of the parameter, never of the column, so that the index of the primary key serves.
  const type = keyOf(shape).type
  return `
create or replace view ${view} as
${oldRows(mapping, shape)};

create or replace function fairlock_adoption.read_${shape.table}(p_keys text[]) returns setof ${view}
language sql stable parallel safe
as $f$ select * from ${view} where id = any (p_keys::${type}[]) $f$;

create or replace function fairlock_adoption.next_${shape.table}(p_after text, p_limit integer) returns setof text
language plpgsql stable
as $f$
begin
  if p_after is null then
    return query select key from ${view} order by id limit p_limit;
  else
    return query select key from ${view} where id > p_after::${type} order by id limit p_limit;
  end if;
end
$f$;
`
}

/** The functions that say what the mapping says; `known` are the codes of the currencies there are. */
export function mappingSql(mapping: Mapping, known: string[]): string {
  const kinds: Record<WordKind | 'currency', Record<string, string | null>> = {
    trade_status: mapping.statuses.trades,
    transaction_status: mapping.statuses.transactions,
    kyc_status: mapping.statuses.kyc,
    side: mapping.sides,
    transaction_type: mapping.types,
    currency: { ...Object.fromEntries(known.map((code) => [code, code])), ...mapping.currencies },
  }
  const words = Object.fromEntries(
    Object.entries(kinds).map(([kind, table]) => [
      kind,
      Object.fromEntries(Object.entries(table).map(([word, target]) => [fold(word), target])),
    ]),
  )
  // Whose coins an uncertain group holds is not for a program to say: its wallets wait for the operator.
  const groups = Object.fromEntries(
    mapping.wallets.map((group) => [groupKey(group), group.certain ? group.custody : null]),
  )
  const bare = mapping.secrets.map((name) => name.toLowerCase().replace(/[^a-z0-9]/g, ''))
  // The tables are constants of inlined functions: one is parsed once per statement, whatever the number of rows.
  return `
create or replace function fairlock_adoption.mapped(p_kind text, p_word text) returns text
language sql immutable parallel safe
as $f$ select ${constant(words)} -> p_kind ->> ${folded('p_word')} $f$;

create or replace function fairlock_adoption.custody(p_provider text, p_chain text, p_connected text) returns boolean
language sql immutable parallel safe
as $f$
  select (${constant(groups)} ->> (
    ${folded("coalesce(p_provider, '')")} || '|' || ${folded("coalesce(p_chain, '')")}
    || '|' || case when fairlock_adoption.try_boolean(p_connected) then 'true' else 'false' end
  ))::boolean
$f$;

create or replace function fairlock_adoption.zone() returns text
language sql immutable parallel safe
as $f$ select ${literal(mapping.zone)} $f$;

create or replace function fairlock_adoption.secret_names() returns text[]
language sql immutable parallel safe
as $f$ select array[${bare.map(literal).join(', ')}]::text[] $f$;
`
}

/** A jsonb constant for a body between dollars: what the old database wrote must not end it. */
function constant(value: object): string {
  return `${literal(JSON.stringify(value).replaceAll('$', '\\u0024'))}::jsonb`
}

/** A name in SQL. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A text constant in SQL. */
export function literal(text: string): string {
  const quoted = text.replaceAll("'", "''")
  return text.includes('\\') ? `E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`
}
