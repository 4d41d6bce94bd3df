import type { Care, InForce, Recognition, WalletGroup } from '../../adoption/index.ts'
import { print, printTable } from '../output.ts'

/** The report for people: what is there, what stands in the way, the mapping, and what needs care. */
export function describe(found: Recognition, inForce: InForce | null): void {
  print(`Database ${plain(found.database)} on PostgreSQL ${found.server}, seen as ${plain(found.login)}`)
  if (inForce !== null) {
    const confirmed =
      inForce.confirmedAt === null ? 'not confirmed' : `confirmed ${inForce.confirmedAt.toISOString()}`
    print(
      `Adopted ${inForce.recordedAt.toISOString()} by ${plain(inForce.recordedBy)}, ${confirmed}; it is ${inForce.phase}.`,
    )
  }
  describeTables(found)
  if (found.blockers.length > 0) {
    heading('What stands in the way')
    for (const { message, remedy } of found.blockers) print(`  ${plain(message)}\n    ${plain(remedy)}`)
  }
  if (found.mapping === null) return
  describeWords(found)
  describeWallets(found.mapping.wallets)
  describeCare(found.care)
}

function heading(text: string): void {
  print(`\n${text}`)
}

function describeTables({ tables, around }: Recognition): void {
  if (tables.length > 0) {
    heading('Tables')
    printTable([
      ['  table', 'about', 'size', 'key', 'columns'],
      ...tables.map((one) => [
        `  ${one.table}`,
        `${one.rows} rows`,
        size(one.bytes),
        `${plain(one.key)} ${one.keyType}`,
        columns(one),
      ]),
    ])
  }
  const others = [
    several(around.tables.length, 'other table', around.tables),
    several(around.views.length, 'view', around.views),
    several(
      around.foreignKeys.length,
      'foreign key',
      around.foreignKeys.map((key) => `${key.from} to ${key.to}`),
    ),
    several(
      around.triggers.length,
      'trigger',
      around.triggers.map((trigger) => `${trigger.name} on ${trigger.table}`),
    ),
    several(
      around.policies.length,
      'policy',
      around.policies.map((policy) => `${policy.name} on ${policy.table}`),
    ),
  ].filter((text) => text !== '')
  if (others.length > 0) print(`\nThey stay as they are: ${others.join('; ')}.`)
}

function columns({ columns: known, missing, extra }: Recognition['tables'][number]): string {
  const renamed = known.filter(({ name, old }) => name !== old).map(({ name, old }) => `${old} is ${name}`)
  return plain(
    [
      `${known.length} known`,
      missing.length > 0 ? `without ${missing.join(', ')}` : '',
      extra.length > 0 ? `and ${extra.join(', ')}` : '',
      ...renamed,
    ]
      .filter((text) => text !== '')
      .join('; '),
  )
}

function describeWords({ words }: Recognition): void {
  const known = words.filter(
    ({ kind, becomes }) => becomes !== null && kind !== 'pair' && kind !== 'currency',
  )
  if (known.length > 0) {
    heading('Words')
    const kinds = [...new Set(known.map(({ kind }) => kind))]
    for (const kind of kinds) {
      const list = known
        .filter((one) => one.kind === kind)
        .map((one) => `${shown(one.word)} (${one.rows}) is ${one.becomes}`)
      print(`  ${kind.replace('_', ' ')}: ${list.join(', ')}`)
    }
  }
  const unknown = words.filter(({ becomes }) => becomes === null)
  if (unknown.length === 0) return
  heading('Words that the mapping does not know: their rows are quarantined until it does')
  printTable(
    unknown.map(({ kind, word, rows }) => [`  ${kind.replace('_', ' ')}`, shown(word), `${rows} rows`]),
  )
}

function describeWallets(groups: WalletGroup[]): void {
  if (groups.length === 0) return
  heading('Wallets')
  printTable([
    ['  provider, chain', 'wallets', 'whose coins', 'balance'],
    ...groups.map((group) => [
      `  ${nameOfGroup(group)}`,
      String(group.wallets),
      group.certain
        ? group.custody
          ? 'in custody: a liability'
          : 'people’s own: information'
        : 'unclear: quarantined',
      plain(
        Object.entries(group.balance)
          .map(([currency, amount]) => `${amount} ${currency || 'of no currency'}`)
          .join(', '),
      ),
    ]),
  ])
}

/** What tells a group of wallets from the others. */
export function nameOfGroup({ provider, chain, connected }: WalletGroup): string {
  return plain(`${provider ?? 'no provider'}, ${chain ?? 'no chain'}${connected ? ', connected' : ''}`)
}

function describeCare(care: Care[]): void {
  heading(care.length === 0 ? 'Nothing needs care.' : 'What needs care')
  for (const table of new Set(care.map((one) => one.table))) {
    print(`  ${table}`)
    printTable(
      care
        .filter((one) => one.table === table)
        .map((one) => [
          `    ${one.code}`,
          one.column,
          `${one.rows} rows`,
          one.outcome,
          `${one.becomes}; such as ${plain(one.samples[0] ?? '')}`,
        ]),
    )
  }
}

function several(count: number, what: string, names: string[]): string {
  if (count === 0) return ''
  const some = names.slice(0, 5).join(', ')
  const ending = what.endsWith('y') && !what.endsWith('ey') ? `${what.slice(0, -1)}ies` : `${what}s`
  return plain(`${count} ${count === 1 ? what : ending} (${some}${names.length > 5 ? ', …' : ''})`)
}

function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let [value, unit] = [bytes, 0]
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1]
  return `${Math.round(value)} ${units[unit]}`
}

const shown = (word: string) => `"${plain(word)}"`

/** Text of the old database without what would move the cursor or turn the line around. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '·')
}
