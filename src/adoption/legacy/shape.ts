export type Variant = 'plain' | 'odd'

/** How an old database is laid out: what is made before it is filled, and what comes after. */
export type Shape = {
  before: string
  /** Keys and indexes; made after the rows, because that is faster. */
  keys: string[]
  /** Foreign keys, which a dirty database is without. */
  foreign: string[]
  after: string
  /** What a dirty database does not insist on. */
  loose: string[]
  /** The type of crypto_transactions.status. */
  transactionStatus: string
}
