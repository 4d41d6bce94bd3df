export type Outcome = 'quarantined' | 'set aside' | 'carried'

/**
 * Something that needs care. `when` is an expression over a row `o`: its columns as text, `m_x` the column x as a number,
 * `w_x` the word that the mapping has for it, `j_x` the document in it; and over what the table's joins add. `code` is
 * what the quarantine and what is set aside will say of the row later.
 */
export type Check = {
  code: string
  column: string
  outcome: Outcome
  when: string
  becomes: string
}

const LARGE = '1000000000000'

export const quarantined = (code: string, column: string, when: string, becomes: string): Check => ({
  code,
  column,
  outcome: 'quarantined',
  when,
  becomes,
})
export const setAside = (code: string, column: string, when: string, becomes: string): Check => ({
  code,
  column,
  outcome: 'set aside',
  when,
  becomes,
})
export const carried = (code: string, column: string, when: string, becomes: string): Check => ({
  code,
  column,
  outcome: 'carried',
  when,
  becomes,
})

const finite = (m: string) => `${m} > -${LARGE} and ${m} < ${LARGE}`
const notPositive = (m: string) => `${finite(m)} and (trunc(${m}, 8) = 0 or ${m} < 0)`

/** What makes a number no amount of something: the row cannot be carried. */
export function amountChecks(column: string, name: string, notPositiveWhen?: string): Check[] {
  const m = `o.m_${column}`
  const stays = (what: string) => `stays until the ${name} ${what}`
  return [
    quarantined(`${name}_not_a_number`, column, `${m} is null or ${m} = 'NaN'`, stays('is known')),
    quarantined(`${name}_infinite`, column, `${m} in ('Infinity', '-Infinity')`, stays('is known')),
    quarantined(
      'amount_too_large',
      column,
      `abs(${m}) >= ${LARGE} and abs(${m}) < 'Infinity'`,
      'stays: numeric(20,8) has no place for it',
    ),
    quarantined(
      `${name}_not_positive`,
      column,
      notPositiveWhen ?? notPositive(m),
      stays('is known: nothing moves by zero or less'),
    ),
  ]
}

/** A fee may be missing, but not be nonsense. */
export function feeChecks(column: string): Check[] {
  const m = `o.m_${column}`
  const without = 'carried without fee'
  return [
    setAside(
      'fee_not_a_number',
      column,
      `o.${column} is not null and (${m} is null or ${m} = 'NaN')`,
      without,
    ),
    setAside('fee_infinite', column, `${m} in ('Infinity', '-Infinity')`, without),
    setAside('fee_negative', column, `${m} < 0 and ${m} > '-Infinity'`, without),
    setAside('amount_too_large', column, `${m} >= ${LARGE} and ${m} < 'Infinity'`, without),
    decimalsCheck(column, `${m} >= 0 and`),
  ]
}

/** More than eight decimals are cut off, never rounded up. */
export function decimalsCheck(column: string, only = ''): Check {
  const m = `o.m_${column}`
  return setAside(
    'decimals_cut',
    column,
    `${only} ${finite(m)} and ${m} <> trunc(${m}, 8)`,
    'cut after the eighth decimal; the rest is set aside',
  )
}

/** A number that may be missing and otherwise is something that can be. */
export function figureCheck(column: string, possible: string): Check {
  return setAside(
    'number_impossible',
    column,
    `o.${column} is not null and (${possible}) is not true`,
    'carried without it',
  )
}

/** A moment that has to be there, after coins began and before tomorrow. */
export function momentChecks(column: string, instead: string): Check[] {
  return [setAside('time_missing', column, `o.${column} is null`, instead), impossibleMoment(column, instead)]
}

/** The same of one that may be missing. */
export function impossibleMoment(column: string, instead: string): Check {
  const when = `o.${column} < '2009-01-01 00:00+00' or o.${column} >= now() + interval '1 day'`
  return setAside('time_impossible', column, when, instead)
}

/** Secrets in clear, and texts that should be JSON. */
export function documentChecks(column: string): Check[] {
  return [
    setAside(
      'json_invalid',
      column,
      `o.j_${column} is null and btrim(o.${column}) <> ''`,
      'carried without it',
    ),
    setAside(
      'secret_in_clear',
      column,
      `pg_temp.may_have_secrets(o.${column}) and exists (select from pg_temp.secret_paths(o.j_${column}))`,
      'sealed; the new row has the document without it',
    ),
  ]
}

export const USER_MISSING = quarantined(
  'user_missing',
  'user_id',
  'person.key is null',
  'waits for the person',
)
export const idCheck = quarantined(
  'id_not_uuid',
  'id',
  'pg_temp.try_uuid(o.key) is null',
  'stays until its id is a UUID',
)
