/** A column that holds sealed values only; `text` of the form that src/platform/sealing/sealed.ts makes. */
export type SealedColumn = {
  readonly table: string
  readonly column: string
  /** The column with the row's id, which is part of what is authenticated. */
  readonly key: string
  /** The column with the person whose data key seals it. */
  readonly owner: string
  /** How many of its values are read at once to seal them anew, where the usual number would be too much memory. */
  readonly atOnce?: number
}

/** Every sealed column there is. Tests compare it with the triggers that guard them and with the grants. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: 'public.crypto_profiles', column: 'two_factor_secret', key: 'id', owner: 'user_id' },
  { table: 'public.crypto_wallets', column: 'encrypted_private_key', key: 'id', owner: 'user_id' },
  { table: 'public.crypto_wallets', column: 'backup_phrase_encrypted', key: 'id', owner: 'user_id' },
  {
    table: 'public.crypto_payment_methods',
    column: 'account_details_encrypted',
    key: 'id',
    owner: 'user_id',
  },
  { table: 'fairlock.files', column: 'about', key: 'id', owner: 'owner_id' },
  { table: 'fairlock.file_parts', column: 'content', key: 'id', owner: 'owner_id', atOnce: 4 },
  { table: 'fairlock.evidence', column: 'note', key: 'id', owner: 'owner_id' },
  { table: 'fairlock.webhook_secrets', column: 'secret', key: 'id', owner: 'user_id' },
  { table: 'fairlock.push_subscriptions', column: 'keys', key: 'id', owner: 'user_id' },
  // Nobody's: its owner is always empty, and the platform's own data key seals it.
  { table: 'fairlock.push_keys', column: 'private_key', key: 'id', owner: 'owner_id' },
  { table: 'fairlock.messages', column: 'text', key: 'id', owner: 'author_id' },
  {
    table: 'public.crypto_payment_methods',
    column: 'verification_statement_sealed',
    key: 'id',
    owner: 'user_id',
  },
  { table: 'fairlock.blind_index_keys', column: 'sealed_key', key: 'id', owner: 'sealed_for' },
  { table: 'public.crypto_disputes', column: 'description', key: 'id', owner: 'raised_by' },
  { table: 'fairlock.dispute_entries', column: 'body', key: 'id', owner: 'owner_id' },
  { table: 'fairlock.kyc_requests', column: 'statement_sealed', key: 'id', owner: 'user_id' },
  // Of rows that belong to nobody the platform's own data key seals them.
  { table: 'fairlock.adopted_secrets', column: 'secret', key: 'id', owner: 'user_id' },
]
