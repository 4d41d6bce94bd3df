import { fold, groupKey, type Mapping, requireMapping, type WalletGroup, type WordKind } from '../mapping.ts'
import { COLUMNS, OLD_TABLES, type Shape } from '../tables.ts'
import type { FoundWallets, FoundWord } from './found.ts'
import { CURRENCY_NAMES, knownWords, proposedCustody } from './words.ts'

/** Columns that a row means nothing without. */
export const ESSENTIAL: Record<Shape['table'], string[]> = {
  users: [],
  crypto_profiles: ['user_id'],
  crypto_wallets: ['user_id', 'balance', 'currency'],
  crypto_transactions: ['user_id', 'amount', 'currency', 'status', 'transaction_type'],
  crypto_trades: ['user_id', 'pair', 'side', 'price', 'amount', 'status'],
  crypto_prices: ['symbol', 'price_usd'],
}

/** A mapping of the columns alone, for the first look into the rows. */
export function columnsOnly(shapes: Shape[]): Mapping {
  return {
    version: 1,
    tables: Object.fromEntries(
      OLD_TABLES.map((table) => [
        table,
        columnsOf(
          shapes.find((shape) => shape.table === table),
          table,
        ),
      ]),
    ) as Mapping['tables'],
    zone: 'UTC',
    statuses: { trades: {}, transactions: {}, kyc: {} },
    sides: {},
    types: {},
    currencies: {},
    wallets: [],
    counterpartyKeys: [
      'buyer_id',
      'counterparty_id',
      'counterparty',
      'seller_id',
      'taker_id',
      'buyer',
      'seller',
    ],
    secrets: [],
  }
}

/** By its name, else by one that differs only in case and signs: userId is user_id. */
function columnsOf(shape: Shape | undefined, table: Shape['table']): Record<string, string | null> {
  const names = shape?.columns.map((column) => column.name) ?? []
  const bare = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '')
  return Object.fromEntries(
    Object.keys(COLUMNS[table]).map((column) => {
      const alike = names.filter((name) => bare(name) === bare(column))
      return [column, names.includes(column) ? column : alike.length === 1 ? alike[0]! : null]
    }),
  )
}

/** The mapping that is proposed for what was found. */
export function propose(
  shapes: Shape[],
  words: FoundWord[],
  wallets: FoundWallets[],
  known: string[],
): Mapping {
  const of = (kind: WordKind) => vocabulary(kind, words)
  return requireMapping({
    ...columnsOnly(shapes),
    statuses: { trades: of('trade_status'), transactions: of('transaction_status'), kyc: of('kyc_status') },
    sides: of('side'),
    types: of('transaction_type'),
    currencies: currencies(words, wallets, known),
    wallets: groups(wallets),
  })
}

/** Every word that is there or known elsewhere; null for what only people can say. */
function vocabulary(kind: WordKind, words: FoundWord[]): Record<string, string | null> {
  const known = knownWords(kind)
  const strange = words
    .filter((one) => one.kind === kind)
    .map((one) => fold(one.word))
    .filter((word) => !(word in known))
  return { ...Object.fromEntries(strange.map((word) => [word, null])), ...known }
}

function currencies(
  words: FoundWord[],
  wallets: FoundWallets[],
  known: string[],
): Record<string, string | null> {
  const used = [
    ...words.filter((one) => one.kind === 'currency').map((one) => one.word),
    ...wallets.map((one) => one.currency),
  ].map(fold)
  const codes = new Set(known.map(fold))
  const strange = used.filter((word) => !codes.has(word) && !(word in CURRENCY_NAMES))
  const names = Object.entries(CURRENCY_NAMES).filter(([, code]) => known.includes(code))
  return Object.fromEntries([...strange.map((word) => [word, null]), ...names])
}

function groups(wallets: FoundWallets[]): WalletGroup[] {
  const found = new Map<string, WalletGroup>()
  for (const { provider, chain, connected, currency, wallets: count, balance } of wallets) {
    const key = groupKey({ provider, chain, connected })
    const group = found.get(key) ?? {
      provider,
      chain,
      connected,
      wallets: 0,
      balance: {},
      ...proposedCustody(provider, connected),
    }
    group.wallets += count
    group.balance[currency] = balance
    found.set(key, group)
  }
  return [...found.values()]
}

/**
 * A mapping that people decided on, with what has come into the old database since: new words and new groups of wallets as
 * they are proposed, everything else as it was decided.
 */
export function withNews(decided: Mapping, proposal: Mapping): Mapping {
  const add = <T>(old: Record<string, T>, found: Record<string, T>): Record<string, T> => {
    const known = new Set(Object.keys(old).map(fold))
    return { ...old, ...Object.fromEntries(Object.entries(found).filter(([word]) => !known.has(fold(word)))) }
  }
  const decisions = new Map(decided.wallets.map((group) => [groupKey(group), group]))
  const wallets = proposal.wallets.map((group) => {
    const decision = decisions.get(groupKey(group))
    return decision === undefined ? group : { ...group, custody: decision.custody, certain: decision.certain }
  })
  const there = new Set(wallets.map(groupKey))
  return requireMapping({
    ...decided,
    statuses: {
      trades: add(decided.statuses.trades, proposal.statuses.trades),
      transactions: add(decided.statuses.transactions, proposal.statuses.transactions),
      kyc: add(decided.statuses.kyc, proposal.statuses.kyc),
    },
    sides: add(decided.sides, proposal.sides),
    types: add(decided.types, proposal.types),
    currencies: add(decided.currencies, proposal.currencies),
    wallets: [...wallets, ...decided.wallets.filter((group) => !there.has(groupKey(group)))],
  })
}
