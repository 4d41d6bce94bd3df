/** How the views hand a column on: everything as text, but for moments. */
export type ColumnKind = 'id' | 'text' | 'money' | 'whole' | 'boolean' | 'moment' | 'json' | 'list'

export const OLD_TABLES = [
  'users',
  'crypto_profiles',
  'crypto_wallets',
  'crypto_transactions',
  'crypto_trades',
  'crypto_prices',
] as const
export type OldTable = (typeof OLD_TABLES)[number]

/** The specification's "Current Fields", without the primary key, and what each is meant to hold. */
export const COLUMNS: Record<OldTable, Record<string, ColumnKind>> = {
  users: { email: 'text', created_at: 'moment' },
  crypto_profiles: {
    user_id: 'id',
    wallet_address: 'text',
    wallet_provider: 'text',
    kyc_status: 'text',
    kyc_verified_at: 'moment',
    trading_volume: 'money',
    total_trades: 'whole',
    average_rating: 'money',
    is_verified_trader: 'boolean',
    preferred_currencies: 'list',
    trading_pairs: 'list',
    risk_tolerance: 'text',
    investment_strategy: 'text',
    notification_preferences: 'json',
    security_settings: 'json',
    created_at: 'moment',
    updated_at: 'moment',
  },
  crypto_wallets: {
    user_id: 'id',
    wallet_address: 'text',
    wallet_provider: 'text',
    chain_type: 'text',
    balance: 'money',
    currency: 'text',
    is_primary: 'boolean',
    is_connected: 'boolean',
    last_synced_at: 'moment',
    created_at: 'moment',
    updated_at: 'moment',
  },
  crypto_transactions: {
    user_id: 'id',
    wallet_id: 'id',
    transaction_hash: 'text',
    from_address: 'text',
    to_address: 'text',
    amount: 'money',
    currency: 'text',
    transaction_fee: 'money',
    status: 'text',
    transaction_type: 'text',
    timestamp: 'moment',
    confirmations: 'whole',
    block_number: 'whole',
    gas_price: 'money',
    gas_limit: 'whole',
    gas_used: 'whole',
    metadata: 'json',
    created_at: 'moment',
    updated_at: 'moment',
  },
  crypto_trades: {
    user_id: 'id',
    transaction_id: 'id',
    pair: 'text',
    side: 'text',
    price: 'money',
    amount: 'money',
    total_value: 'money',
    fee: 'money',
    fee_currency: 'text',
    status: 'text',
    order_type: 'text',
    timestamp: 'moment',
    metadata: 'json',
    created_at: 'moment',
    updated_at: 'moment',
  },
  crypto_prices: {
    symbol: 'text',
    name: 'text',
    price_usd: 'money',
    price_change_24h: 'money',
    volume_24h: 'money',
    market_cap: 'money',
    market_cap_rank: 'whole',
    high_24h: 'money',
    low_24h: 'money',
    circulating_supply: 'money',
    total_supply: 'money',
    max_supply: 'money',
    last_updated: 'moment',
    created_at: 'moment',
  },
}

/** An old table as the catalog has it. */
export type Shape = {
  table: OldTable
  schema: string
  /** The columns of the primary key; anything but one cannot be adopted. */
  key: string[]
  columns: OldColumn[]
}
/** `type` is the base type of a domain, without length or precision; `category` is the catalog's typcategory. */
export type OldColumn = { name: string; type: string; category: string; declared: string; required: boolean }
