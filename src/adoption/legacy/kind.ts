/** The tables that an old platform has. */
export type OldTable =
  | 'users'
  | 'crypto_profiles'
  | 'crypto_wallets'
  | 'crypto_transactions'
  | 'crypto_trades'
  | 'crypto_prices'

/** Clean rows that a dirty one is put beside; those of others belong to a second and a third person. */
export type Companion =
  | 'other'
  | 'profile'
  | 'wallet'
  | 'otherWallet'
  | 'debtWallet'
  | 'outsideWallet'
  | 'transaction'
  | 'strangersTransaction'
  | 'price'

/**
 * A kind of dirt: a clean row of `table` in which the columns of `set` are other than they should be. The values are
 * SQL; where there are several, the rows take turns. In them `{user}`, `{other}`, `{wallet}`, `{transaction}` ... stand
 * for the ids of the companions, `{missing}` for an id that nothing has, `{id}` for the row's own and `{n}` for its number.
 */
export type Dirt = {
  code: string
  table: OldTable
  /** What is wrong, in words. */
  what: string
  set: Record<string, string | string[]>
  with?: Companion[]
  /** Kinds that only loose column types let in. */
  only?: 'odd'
  /** At most so many of them, however large the database. */
  most?: number
  /**
   * `carried`: in the new schema, and nothing is said of it. `set_aside`: carried, and `column` of it is kept beside
   * as `reason`. `quarantined`: not carried, for this reason.
   */
  outcome: 'carried' | 'set_aside' | 'quarantined'
  reason?: string
  column?: string
  /** Further columns that are kept beside as the same. */
  alsoAside?: string[]
  /** Statistics that come out different when they are counted again. */
  differs?: string[]
  /** What becomes of it, in words. */
  becomes: string
}
