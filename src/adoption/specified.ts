import type { OldTable } from './tables.ts'

type Expanded = Exclude<OldTable, 'users'>

const money = 'numeric(20, 8)'

/**
 * What the specification adds to the old tables. Its defaults are constants, which cost no rewrite; its references to
 * other tables are laws of the new schema only, because here they would lock rows that the old application deletes.
 */
export const ADDED_COLUMNS: Record<Expanded, Record<string, string>> = {
  crypto_profiles: {
    preferred_payment_methods: 'text[]',
    daily_limit: money,
    monthly_limit: money,
    current_daily_volume: `${money} default 0`,
    current_monthly_volume: `${money} default 0`,
    successful_escrows: 'integer default 0',
    disputed_trades: 'integer default 0',
    banned_until: 'timestamptz',
    two_factor_enabled: 'boolean default false',
    two_factor_secret: 'text',
  },
  crypto_wallets: {
    encrypted_private_key: 'text',
    backup_phrase_encrypted: 'text',
    last_backup: 'timestamptz',
    supported_currencies: 'text[]',
    withdrawal_limit_daily: money,
    withdrawal_limit_monthly: money,
  },
  crypto_transactions: {
    trade_id: 'uuid',
    network_fee: money,
    platform_fee: money,
    destination_name: 'text',
    destination_description: 'text',
    category: 'text',
    exchange_rate: money,
    fiat_value: money,
  },
  crypto_trades: {
    buyer_id: 'uuid',
    escrow_id: 'uuid',
    payment_method: 'text',
    payment_details: 'jsonb',
    expires_at: 'timestamptz',
    completed_at: 'timestamptz',
    cancelled_at: 'timestamptz',
    dispute_id: 'uuid',
    dispute_reason: 'text',
    dispute_status: 'text',
    seller_rating: 'numeric(3, 2)',
    buyer_rating: 'numeric(3, 2)',
    seller_feedback: 'text',
    buyer_feedback: 'text',
    chat_channel_id: 'uuid',
  },
  crypto_prices: {
    price_btc: money,
    price_eth: money,
    price_change_1h: 'numeric(8, 2)',
    price_change_7d: 'numeric(8, 2)',
    price_change_30d: 'numeric(8, 2)',
    dominance_percentage: 'numeric(5, 2)',
    sentiment_score: 'numeric(5, 2)',
    rsi_14: 'numeric(8, 2)',
    macd: money,
    macd_signal: money,
  },
}

/**
 * Added columns whose values stay in the new schema: secrets, what is sealed there, and what people wrote or how they
 * are paid, which the old application's policies know nothing of.
 */
export const NEVER_FILLED = [
  'two_factor_secret',
  'encrypted_private_key',
  'backup_phrase_encrypted',
  'payment_details',
  'seller_feedback',
  'buyer_feedback',
]

/** The specification's indexes by table: the column that each is on, which its name ends with. */
export const INDEXED: Record<Expanded, string[]> = {
  crypto_profiles: ['user_id', 'kyc_status', 'trading_volume'],
  crypto_wallets: ['user_id', 'currency', 'balance'],
  crypto_transactions: ['user_id', 'wallet_id', 'status', 'timestamp', 'currency'],
  crypto_trades: ['user_id', 'buyer_id', 'pair', 'side', 'status', 'timestamp'],
  crypto_prices: ['symbol', 'last_updated'],
}

/** The specification's new tables, which in `public` are views of the new schema's. */
export const ADDED_TABLES: Record<string, string> = {
  crypto_escrows:
    'id, trade_id, seller_id, buyer_id, amount, currency, status, created_at, funded_at, released_at, refunded_at, ' +
    'disputed_at, expires_at, metadata',
  crypto_disputes:
    'id, trade_id, escrow_id, raised_by, against_user_id, reason, description, evidence, status, resolution, ' +
    'resolved_by, resolved_at, created_at, updated_at',
  crypto_payment_methods:
    'id, user_id, type, provider, account_details_encrypted, is_verified, verification_status, verified_at, ' +
    'is_primary, created_at, updated_at',
}
