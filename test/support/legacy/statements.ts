/**
 * What the old application sends, word for word: unqualified names, parameters, every time column set by the program, as
 * the Node programs and ORMs of that time did it. It was written from the old tables alone; whoever works on the take-over
 * does not change it.
 */
export const STATEMENTS = {
  signIn: 'SELECT id, email, password_hash, name, role FROM users WHERE email = $1',
  profile: 'SELECT * FROM crypto_profiles WHERE user_id = $1 LIMIT 1',
  wallets:
    'SELECT id, wallet_address, wallet_provider, chain_type, balance, currency, is_primary, is_connected ' +
    'FROM crypto_wallets WHERE user_id = $1 ORDER BY created_at',
  openOrders:
    "SELECT * FROM crypto_trades WHERE pair = $1 AND status = 'open' ORDER BY timestamp DESC LIMIT 20",
  transactionPage:
    'SELECT * FROM crypto_transactions WHERE user_id = $1 ORDER BY timestamp DESC LIMIT 20 OFFSET $2',
  tradePage:
    'SELECT id, pair, side, price, amount, total_value, fee, status, timestamp FROM crypto_trades ' +
    'WHERE user_id = $1 ORDER BY timestamp DESC LIMIT 20',
  completedTrades:
    "SELECT count(*) AS completed FROM crypto_trades WHERE user_id = $1 AND status = 'completed'",
  prices: 'SELECT * FROM crypto_prices ORDER BY market_cap_rank',
  insertUser:
    'INSERT INTO users (id, email, password_hash, name, role, created_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING *',
  insertProfile:
    'INSERT INTO crypto_profiles (id, user_id, kyc_status, trading_volume, total_trades, is_verified_trader, ' +
    'preferred_currencies, trading_pairs, notification_preferences, security_settings, created_at, updated_at) ' +
    'VALUES ($1, $2, $3, 0, 0, false, $4, $5, $6, $7, $8, $8)',
  insertWallets:
    'INSERT INTO crypto_wallets (id, user_id, wallet_address, wallet_provider, chain_type, balance, currency, ' +
    'is_primary, is_connected, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, true, false, $8, $8), ' +
    '($9, $2, $10, $4, $11, $6, $12, false, false, $8, $8)',
  insertWallet:
    'INSERT INTO crypto_wallets (id, user_id, wallet_address, wallet_provider, chain_type, balance, currency, ' +
    'is_primary, is_connected, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, 0, $6, false, $7, $8, $8)',
  deleteWallet: 'DELETE FROM crypto_wallets WHERE id = $1 AND balance = 0',
  lockWallets: 'SELECT id, balance FROM crypto_wallets WHERE id = ANY($1) ORDER BY id FOR UPDATE',
  setBalance: 'UPDATE crypto_wallets SET balance = $2, updated_at = $3 WHERE id = $1',
  addToBalance: 'UPDATE crypto_wallets SET balance = balance + $2, updated_at = $3 WHERE id = $1',
  takeFromBalance: 'UPDATE crypto_wallets SET balance = balance - $2, updated_at = $3 WHERE id = $1',
  insertTransaction:
    'INSERT INTO crypto_transactions (id, user_id, wallet_id, transaction_hash, from_address, to_address, amount, ' +
    'currency, transaction_fee, status, transaction_type, timestamp, confirmations, metadata, created_at, updated_at) ' +
    'VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $12, $12) RETURNING *',
  insertTwoTransactions:
    'INSERT INTO crypto_transactions (id, user_id, wallet_id, amount, currency, transaction_fee, status, ' +
    'transaction_type, timestamp, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $9), ' +
    '($10, $11, $12, $4, $5, $6, $7, $13, $9, $9, $9)',
  setTransactionStatus:
    'UPDATE crypto_transactions SET status = $2, confirmations = $3, updated_at = $4 ' +
    "WHERE id = $1 AND status = 'pending'",
  insertTrade:
    'INSERT INTO crypto_trades (id, user_id, pair, side, price, amount, total_value, fee, fee_currency, status, ' +
    "order_type, timestamp, metadata, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', " +
    '$10, $11, $12, $11, $11) RETURNING *',
  setTradeStatus: 'UPDATE crypto_trades SET status = $2, updated_at = $4 WHERE id = $1 AND status = $3',
  fillTrade:
    "UPDATE crypto_trades SET status = 'completed', transaction_id = $2, metadata = $3, updated_at = $4 " +
    "WHERE id = $1 AND status IN ('open', 'paid')",
  takeTrade:
    "UPDATE crypto_trades SET status = 'pending', metadata = $2, updated_at = $3 WHERE id = $1 AND status = 'open'",
  countTrade:
    'UPDATE crypto_profiles SET total_trades = total_trades + 1, trading_volume = trading_volume + $2, ' +
    'updated_at = $3 WHERE user_id = $1',
  setPreferences:
    'UPDATE crypto_profiles SET notification_preferences = $2, risk_tolerance = $3, updated_at = $4 WHERE user_id = $1',
  setPrice:
    'UPDATE crypto_prices SET price_usd = $2, price_change_24h = $3, high_24h = $4, last_updated = $5 ' +
    'WHERE symbol = $1 RETURNING id',
  insertPrice:
    'INSERT INTO crypto_prices (id, symbol, name, price_usd, last_updated, created_at) VALUES ($1, $2, $2, $3, $4, $4)',
  // Once, when the program starts: people it knows of.
  somePeople:
    "SELECT id, email FROM users WHERE email LIKE '%@example.org' ORDER BY created_at DESC LIMIT 400",
  theirWallets:
    "SELECT id, user_id FROM crypto_wallets WHERE user_id = ANY($1) AND currency = 'BTC' AND wallet_provider = 'platform'",
  theirOrders:
    "SELECT id, user_id, price, amount FROM crypto_trades WHERE user_id = ANY($1) AND pair = 'BTC/EUR' " +
    "AND status = 'open' AND side = 'sell' LIMIT 500",
} as const

export type StatementName = keyof typeof STATEMENTS

/** These are prepared once per connection, as some of those programs did it with what they send most. */
export const PREPARED: ReadonlySet<StatementName> = new Set([
  'signIn',
  'wallets',
  'tradePage',
  'completedTrades',
  'insertProfile',
  'addToBalance',
  'setTransactionStatus',
])
