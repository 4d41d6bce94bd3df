import { AFRICA } from './africa.ts'
import { AMERICAS } from './americas.ts'
import { ASIA } from './asia.ts'
import { EUROPE } from './europe.ts'
import type { PaymentMethodType } from './types.ts'
import { WORLDWIDE } from './worldwide.ts'

export { accountOf, checkDetails, type Details } from './check-details.ts'
export { type Field, KINDS, type Kind, type PaymentMethodType, RISK_CLASSES, type Risk } from './types.ts'
export { VALIDATORS } from './validators.ts'

/** Every way of paying that the program knows, by slug. */
export const PAYMENT_METHOD_TYPES: readonly PaymentMethodType[] = [
  ...EUROPE,
  ...AMERICAS,
  ...AFRICA,
  ...ASIA,
  ...WORLDWIDE,
].sort((a, b) => (a.slug < b.slug ? -1 : 1))

const bySlug = new Map(PAYMENT_METHOD_TYPES.map((type) => [type.slug, type]))

/** The type of this name, or null. */
export function findType(slug: string): PaymentMethodType | null {
  return bySlug.get(slug) ?? null
}

/** The catalogue as the database keeps it: src/payment-methods/payment-methods.catalogue.sql. */
export function catalogueSql(): string {
  const rows = PAYMENT_METHOD_TYPES.map((type) => {
    const { slug, name, kind, reversible, usualMinutes, risk, countries, currencies } = type
    const about = [slug, name, kind].map(text)
    const rules = [String(reversible), String(usualMinutes), text(risk.class)]
    return `  (${[...about, ...rules].join(', ')},\n    ${list(countries)}, ${list(currencies)})`
  })
  return `-- Written by \`npm run generate\` from src/payment-methods/catalogue.
set local role fairlock_engine;

delete from fairlock.payment_method_types;
insert into fairlock.payment_method_types (slug, name, kind, reversible, usual_minutes, risk, countries, currencies) values
${rows.join(',\n')};
reset role;
`
}

const text = (value: string) => `'${value.replaceAll("'", "''")}'`

/** An array's text; one of many codes goes over several lines, which SQL reads as one. */
function list(codes: readonly string[] | null): string {
  if (codes === null) return 'null'
  const lines = [...codes.keys()].filter((i) => i % 25 === 0).map((i) => codes.slice(i, i + 25).join(','))
  return text(`{${lines.join(',\n')}}`).replaceAll('\n', "'\n    '")
}
