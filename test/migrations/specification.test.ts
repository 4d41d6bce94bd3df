import assert from 'node:assert/strict'
import { test } from 'node:test'
import { up } from '../../src/platform/migrator/index.ts'
import { freshDatabase, lastOfSpecification, scratchDirectory } from './support.ts'

// "column type[ = default][ !]": everything the specification names, with `!` for NOT NULL and timestamps
// with their zone (contract: time columns are timestamptz). Defaults are what PostgreSQL prints.
const now = 'timestamp with time zone = now() !'
const tables: Record<string, string[]> = {
  users: ['id uuid = gen_random_uuid() !'],
  crypto_profiles: [
    'id uuid = gen_random_uuid() !',
    'user_id uuid !',
    'wallet_address text',
    'wallet_provider text',
    `kyc_status text = 'pending'::text`,
    'kyc_verified_at timestamp with time zone',
    'trading_volume numeric(20,8) = 0',
    'total_trades integer = 0',
    'average_rating numeric(3,2)',
    'is_verified_trader boolean = false',
    'preferred_currencies text[]',
    'trading_pairs text[]',
    'risk_tolerance text',
    'investment_strategy text',
    'notification_preferences jsonb',
    'security_settings jsonb',
    `created_at ${now}`,
    `updated_at ${now}`,
    'preferred_payment_methods text[]',
    'daily_limit numeric(20,8)',
    'monthly_limit numeric(20,8)',
    'current_daily_volume numeric(20,8) = 0',
    'current_monthly_volume numeric(20,8) = 0',
    'successful_escrows integer = 0',
    'disputed_trades integer = 0',
    'banned_until timestamp with time zone',
    'two_factor_enabled boolean = false',
    'two_factor_secret text',
  ],
  crypto_wallets: [
    'id uuid = gen_random_uuid() !',
    'user_id uuid !',
    'wallet_address text',
    'wallet_provider text',
    'chain_type text',
    'balance numeric(20,8) = 0',
    'currency text !',
    'is_primary boolean = false',
    'is_connected boolean = false',
    'last_synced_at timestamp with time zone',
    `created_at ${now}`,
    `updated_at ${now}`,
    'encrypted_private_key text',
    'backup_phrase_encrypted text',
    'last_backup timestamp with time zone',
    'supported_currencies text[]',
    'withdrawal_limit_daily numeric(20,8)',
    'withdrawal_limit_monthly numeric(20,8)',
  ],
  crypto_transactions: [
    'id uuid = gen_random_uuid() !',
    'user_id uuid !',
    'wallet_id uuid',
    'transaction_hash text',
    'from_address text',
    'to_address text',
    'amount numeric(20,8) !',
    'currency text !',
    'transaction_fee numeric(20,8)',
    `status text = 'pending'::text !`,
    'transaction_type text !',
    `timestamp ${now}`,
    'confirmations integer = 0',
    'block_number bigint',
    'gas_price numeric(20,8)',
    'gas_limit bigint',
    'gas_used bigint',
    'metadata jsonb',
    `created_at ${now}`,
    `updated_at ${now}`,
    'trade_id uuid',
    'network_fee numeric(20,8)',
    'platform_fee numeric(20,8)',
    'destination_name text',
    'destination_description text',
    'category text',
    'exchange_rate numeric(20,8)',
    'fiat_value numeric(20,8)',
  ],
  crypto_trades: [
    'id uuid = gen_random_uuid() !',
    'user_id uuid !',
    'transaction_id uuid',
    'pair text !',
    'side text !',
    'price numeric(20,8) !',
    'amount numeric(20,8) !',
    'total_value numeric(20,8)',
    'fee numeric(20,8)',
    'fee_currency text',
    `status text = 'pending'::text !`,
    'order_type text',
    `timestamp ${now}`,
    'metadata jsonb',
    `created_at ${now}`,
    `updated_at ${now}`,
    'buyer_id uuid !',
    'escrow_id uuid',
    'payment_method text',
    'payment_details jsonb',
    'expires_at timestamp with time zone',
    'completed_at timestamp with time zone',
    'cancelled_at timestamp with time zone',
    'dispute_id uuid',
    'dispute_reason text',
    'dispute_status text',
    'seller_rating numeric(3,2)',
    'buyer_rating numeric(3,2)',
    'seller_feedback text',
    'buyer_feedback text',
    'chat_channel_id uuid',
  ],
  crypto_escrows: [
    'id uuid = gen_random_uuid() !',
    'trade_id uuid !',
    'seller_id uuid !',
    'buyer_id uuid !',
    'amount numeric(20,8) !',
    'currency text !',
    `status text = 'pending'::text !`,
    `created_at ${now}`,
    'funded_at timestamp with time zone',
    'released_at timestamp with time zone',
    'refunded_at timestamp with time zone',
    'disputed_at timestamp with time zone',
    'expires_at timestamp with time zone',
    'metadata jsonb',
  ],
  crypto_disputes: [
    'id uuid = gen_random_uuid() !',
    'trade_id uuid !',
    'escrow_id uuid',
    'raised_by uuid !',
    'against_user_id uuid !',
    'reason text !',
    'description text',
    'evidence jsonb',
    `status text = 'pending'::text !`,
    'resolution text',
    'resolved_by uuid',
    'resolved_at timestamp with time zone',
    `created_at ${now}`,
    `updated_at ${now}`,
  ],
  crypto_payment_methods: [
    'id uuid = gen_random_uuid() !',
    'user_id uuid !',
    'type text !',
    'provider text !',
    'account_details_encrypted text !',
    'is_verified boolean = false !',
    'verification_status text',
    'verified_at timestamp with time zone',
    'is_primary boolean = false !',
    `created_at ${now}`,
    `updated_at ${now}`,
  ],
  crypto_prices: [
    'id uuid = gen_random_uuid() !',
    'symbol text !',
    'name text',
    'price_usd numeric(20,8) !',
    'price_change_24h numeric(8,2)',
    'volume_24h numeric(30,8)',
    'market_cap numeric(30,8)',
    'market_cap_rank integer',
    'high_24h numeric(20,8)',
    'low_24h numeric(20,8)',
    'circulating_supply numeric(30,8)',
    'total_supply numeric(30,8)',
    'max_supply numeric(30,8)',
    'last_updated timestamp with time zone',
    `created_at ${now}`,
    'price_btc numeric(20,8)',
    'price_eth numeric(20,8)',
    'price_change_1h numeric(8,2)',
    'price_change_7d numeric(8,2)',
    'price_change_30d numeric(8,2)',
    'dominance_percentage numeric(5,2)',
    'sentiment_score numeric(5,2)',
    'rsi_14 numeric(8,2)',
    'macd numeric(20,8)',
    'macd_signal numeric(20,8)',
  ],
}

// Index name without its idx_ and its table, and the column: the specification names them all this way but
// one.
const indexes: Record<string, string[]> = {
  crypto_profiles: ['user_id', 'kyc_status', 'trading_volume'],
  crypto_wallets: ['user_id', 'currency', 'balance'],
  crypto_transactions: ['user_id', 'wallet_id', 'status', 'timestamp', 'currency'],
  crypto_trades: ['user_id', 'buyer_id', 'pair', 'side', 'status', 'timestamp'],
  crypto_escrows: ['trade_id', 'seller_id', 'buyer_id', 'status'],
  crypto_disputes: ['trade_id', 'raised_by', 'against_user', 'status'],
  crypto_payment_methods: ['user_id', 'type', 'is_primary'],
  crypto_prices: ['symbol', 'last_updated'],
}

const references = [
  'crypto_profiles.user_id users',
  'crypto_wallets.user_id users',
  'crypto_transactions.user_id users',
  'crypto_transactions.wallet_id crypto_wallets',
  'crypto_transactions.trade_id crypto_trades',
  'crypto_trades.user_id users',
  'crypto_trades.transaction_id crypto_transactions',
  'crypto_trades.buyer_id users',
  'crypto_trades.escrow_id crypto_escrows',
  'crypto_trades.dispute_id crypto_disputes',
  'crypto_escrows.trade_id crypto_trades',
  'crypto_escrows.seller_id users',
  'crypto_escrows.buyer_id users',
  'crypto_disputes.trade_id crypto_trades',
  'crypto_disputes.escrow_id crypto_escrows',
  'crypto_disputes.raised_by users',
  'crypto_disputes.against_user_id users',
  'crypto_disputes.resolved_by users',
  'crypto_payment_methods.user_id users',
]

test('every table, column, type, default, index and reference of the specification exists', async (t) => {
  const { database, owner } = await freshDatabase(t)
  await up({ ...database, to: lastOfSpecification, code: await scratchDirectory(t) })

  const columns = await owner.query<{ table: string; line: string; required: boolean }>(
    `select relname as table, attnotnull as required,
            concat_ws(' = ', concat_ws(' ', attname, format_type(atttypid, atttypmod)),
                      pg_get_expr(adbin, adrelid)) as line
     from pg_attribute
     join pg_class on pg_class.oid = attrelid
     left join pg_attrdef on adrelid = attrelid and adnum = attnum
     where relnamespace = 'public'::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped`,
  )
  for (const [table, lines] of Object.entries(tables)) {
    const found = columns.rows.filter((row) => row.table === table)
    for (const line of lines) {
      const row = found.find((one) => one.line === line.replace(/ !$/, ''))
      assert.ok(row, `${table}: ${line}; it has ${found.map((one) => one.line).join('; ')}`)
      if (line.endsWith(' !')) assert.ok(row.required, `${table}: ${line} may be null`)
    }
  }

  const definitions = await owner.query<{ name: string; definition: string }>(
    `select indexname as name, indexdef as definition from pg_indexes where schemaname = 'public'`,
  )
  for (const [table, names] of Object.entries(indexes)) {
    for (const name of names) {
      const found = definitions.rows.find((row) => row.name === `idx_${table}_${name}`)
      assert.ok(found, `index idx_${table}_${name} is missing`)
      const column = name === 'against_user' ? 'against_user_id' : name
      assert.match(found.definition, new RegExp(`ON public\\.${table} USING btree \\("?${column}"?\\)$`))
    }
  }

  const keys = await owner.query<{ reference: string }>(
    `select format('%s.%s %s', conrelid::regclass, attname, confrelid::regclass) as reference
     from pg_constraint join pg_attribute on attrelid = conrelid and attnum = conkey[1]
     where contype = 'f' and connamespace = 'public'::regnamespace and convalidated
       and confdeltype in ('a', 'r') and cardinality(conkey) = 1`,
  )
  assert.deepEqual(keys.rows.map((row) => row.reference).sort(), references.toSorted())
})
