import type { Shape } from './shape.ts'

/** How many rows of each kind an old database has. */
export type Sizes = { users: number; profiles: number; wallets: number; transactions: number; trades: number }

/** What people traded then: symbol, name, price in US dollars. */
export const SYMBOLS: readonly [string, string, string][] = [
  ['BTC', 'Bitcoin', '43250.5'],
  ['ETH', 'Ethereum', '2280.25'],
  ['USDT', 'Tether', '1'],
  ['BNB', 'BNB', '312.4'],
  ['SOL', 'Solana', '98.75'],
  ['XRP', 'XRP', '0.6125'],
  ['USDC', 'USD Coin', '1'],
  ['ADA', 'Cardano', '0.58'],
  ['DOGE', 'Dogecoin', '0.0925'],
  ['TRX', 'TRON', '0.1075'],
  ['DOT', 'Polkadot', '8.2'],
  ['MATIC', 'Polygon', '0.91'],
  ['LTC', 'Litecoin', '72.5'],
  ['BCH', 'Bitcoin Cash', '251.3'],
  ['LINK', 'Chainlink', '15.45'],
  ['XMR', 'Monero', '168.9'],
  ['ATOM', 'Cosmos', '10.6'],
  ['DAI', 'Dai', '1'],
  ['UNI', 'Uniswap', '7.15'],
  ['AVAX', 'Avalanche', '38.05'],
]

/** About `rows` rows over all tables together, in the proportions of a platform some years old. */
export function sizesFor(rows: number): Sizes {
  const of = (share: number) => Math.max(10, Math.floor(rows * share))
  const users = of(0.08)
  const profiles = users - Math.floor(users / 10)
  const wallets = of(0.2)
  const transactions = of(0.4)
  const rest = rows - users - profiles - wallets - transactions - SYMBOLS.length
  return { users, profiles, wallets, transactions, trades: Math.max(10, rest) }
}

/** One insert of the rows `$1` to `$2`. */
export type Fill = { table: keyof Sizes; sql: string }

const CHAINS = `case currency when 'BTC' then 'bitcoin' when 'LTC' then 'litecoin' when 'SOL' then 'solana'
  when 'XRP' then 'ripple' else 'ethereum' end`

/**
 * The inserts in their order. Each row is made of its number and the seed, so that the same seed makes the same database
 * on every server; `r0` to `r4` are five random numbers below 2^24 that belong to the row.
 */
export function fillsFor(sizes: Sizes, seed: number, shape: Shape): Fill[] {
  const id = (what: string, n: string) => `md5('${seed}:${what}:' || ${n})::uuid`
  const rows = (what: string) => `(
    select i, ${[0, 1, 2, 3, 4].map((k) => `('x' || substr(x, ${1 + 6 * k}, 6))::bit(24)::integer as r${k}`).join(', ')}, x,
      -- A third of what happens is done by a tenth of the people.
      case when i % 3 = 0 then 1 + (i - 1) % ${Math.ceil(sizes.users / 10)} else 1 + (i - 1) % ${sizes.users} end as u
    from (select i, md5('${seed}:${what}:' || i) as x from generate_series($1::bigint, $2::bigint) i) made offset 0) rows`
  const walletCurrency = (u: string, k: string) =>
    `case when ${k} = 0 then 'BTC' else (array['ETH','USDT','LTC','BTC','SOL','XRP','USDC'])[1 + (${u} + ${k}) % 7] end`
  return [
    { table: 'users', sql: users(rows('user'), sizes) },
    { table: 'wallets', sql: wallets(rows('wallet'), sizes, id, walletCurrency) },
    { table: 'transactions', sql: transactions(rows('transaction'), sizes, id, walletCurrency, shape) },
    { table: 'trades', sql: trades(rows('trade'), sizes, id) },
    { table: 'profiles', sql: profiles(rows('profile'), id) },
  ]
}

type Id = (what: string, n: string) => string
type WalletCurrency = (u: string, k: string) => string

const users = (rows: string, sizes: Sizes) => `
  insert into public.users (id, email, password_hash, name, role, created_at)
  select x::uuid, lower(first || '.' || last) || i || '@example.org', '$2b$10$' || substr(x || x, 1, 53),
    first || ' ' || last, case when i % 500 = 0 then 'admin' else 'user' end,
    timestamp '2022-01-01' + i * interval '900 days' / ${sizes.users}
  from (select *,
      (array['Ada','Boris','Chiara','Deniz','Elif','Farid','Greta','Hugo','Ines','Jonas','Kaya'])[1 + r0 % 11] as first,
      (array['Adler','Bianchi','Costa','Demir','Eriksen','Fischer','Garcia','Horvat','Ito'])[1 + r1 % 9] as last
    from ${rows}) named`

// The first wallet of everybody is in the platform's custody; of the others a third is connected from outside.
const wallets = (rows: string, sizes: Sizes, id: Id, currency: WalletCurrency) => `
  insert into public.crypto_wallets (id, user_id, wallet_address, wallet_provider, chain_type, balance, currency,
    is_primary, is_connected, last_synced_at, created_at, updated_at)
  select x::uuid, ${id('user', 'owner')}, case when currency = 'BTC' then 'bc1q' else '0x' end || substr(x || x, 3, 40),
    provider, ${CHAINS}, case when r2 % 5 = 0 then 0 else (r1::numeric * 60 + r2 % 60) / 100000000 end, currency,
    k = 0, outside, case when outside then joined + interval '300 days' end, joined, joined + r3 % 300 * interval '1 day'
  from (select *, ${currency('owner', 'k')} as currency, k > 0 and r0 % 100 >= 67 as outside,
      timestamp '2022-01-01' + owner * interval '900 days' / ${sizes.users} as joined,
      case when k > 0 and r0 % 100 >= 67 then (array['metamask','ledger','walletconnect','trezor'])[1 + r4 % 4]
        when r0 % 100 < 45 then 'platform' when r0 % 100 < 60 then 'custodial' end as provider
    from (select *, 1 + (i - 1) % ${sizes.users} as owner, (i - 1) / ${sizes.users} as k from ${rows}) numbered) made`

const transactions = (rows: string, sizes: Sizes, id: Id, currency: WalletCurrency, shape: Shape) => `
  insert into public.crypto_transactions (id, user_id, wallet_id, transaction_hash, from_address, to_address, amount,
    currency, transaction_fee, status, transaction_type, timestamp, confirmations, block_number, gas_price, gas_limit,
    gas_used, metadata, created_at, updated_at)
  select x::uuid, ${id('user', 'u')}, case when r4 % 20 > 0 then ${id('wallet', `u + k * ${sizes.users}`)} end,
    case when chain then '0x' || x || reverse(x) end, case when kind = 'deposit' then '0x' || substr(x, 1, 40) end,
    case when kind = 'withdrawal' then '0x' || substr(reverse(x), 1, 40) end,
    (r1::numeric + 1) * (1 + r2 % 9) / 100000000, ${currency('u', 'k')},
    case when kind in ('withdrawal', 'buy', 'sell') then (r2 % 5000 + 100)::numeric / 100000000 end,
    status::${shape.transactionStatus}, kind, at, case when chain and status = 'completed' then 6 + r3 % 90 end,
    case when chain then 17000000 + r3 % 2000000 end, case when chain then (r4 % 90 + 10)::numeric / 1000000000 * 10 end,
    case when chain then 21000 end, case when chain then 21000 end,
    case when r4 % 5 = 0 then jsonb_build_object('source', 'web', 'request', substr(x, 1, 8)) end, at,
    at + r3 % 3600 * interval '1 second'
  from (select *, kind in ('deposit', 'withdrawal') as chain,
      timestamp '2023-01-01' + (r0::bigint * 60) % 60480000 * interval '1 second' as at from (select *,
      case when u + ${sizes.users} <= ${sizes.wallets} then r2 % 2 else 0 end as k,
      -- What the trades of the same number refer to.
      case when i <= ${Math.floor(sizes.trades / 2)} then case when i % 2 = 0 then 'buy' else 'sell' end
        when r3 % 100 < 50 then 'deposit' when r3 % 100 < 85 then 'withdrawal' when r3 % 100 < 93 then 'transfer'
        else 'fee' end as kind,
      case when r4 % 100 < 92 then 'completed' when r4 % 100 < 95 then 'pending' when r4 % 100 < 98 then 'failed'
        else 'cancelled' end as status
    from ${rows}) kinds) made`

const trades = (rows: string, sizes: Sizes, id: Id) => `
  insert into public.crypto_trades (id, user_id, transaction_id, pair, side, price, amount, total_value, fee,
    fee_currency, status, order_type, timestamp, metadata, created_at, updated_at)
  select x::uuid, ${id('user', 'u')}, case when status = 'completed' and i <= ${Math.floor(sizes.trades / 2)}
      and i <= ${sizes.transactions} then ${id('transaction', 'i')} end,
    pair, side, price, amount, round(price * amount, 8), round(price * amount * 0.001, 8), split_part(pair, '/', 2), status,
    case when one_sided then 'market' else 'limit' end, at,
    case when one_sided then jsonb_build_object('venue', 'book')
      when status = 'open' then jsonb_build_object('p2p', true, 'payment_methods', jsonb_build_array('sepa', 'wise'))
      else jsonb_build_object('p2p', true, case when side = 'sell' then 'buyer_id' else 'counterparty_id' end,
        ${id('user', `1 + (u + r4 % ${Math.max(1, sizes.users - 1)}) % ${sizes.users}`)}) end,
    at, at + r3 % 7200 * interval '1 second'
  from (select *, case when i % 2 = 0 then 'buy' else 'sell' end as side,
      timestamp '2023-01-01' + (r0::bigint * 60) % 60480000 * interval '1 second' as at,
      ((r2 % 100000) * 100 + 100000)::numeric / 100000000 as amount, r3 % 100 between 45 and 74 as one_sided,
      case when r3 % 100 < 75 then 'completed' when r3 % 100 < 83 then 'open' when r3 % 100 < 98 then 'cancelled'
        when r3 % 100 = 98 then 'pending' else 'paid' end as status,
      round((array[40000, 2100, 1, 70, 95, 0.6, 36000])[1 + r1 % 7] * (900 + r4 % 200) / 1000, 2) as price,
      (array['BTC/EUR','ETH/EUR','USDT/USD','LTC/EUR','SOL/USD','XRP/EUR','BTC/GBP'])[1 + r1 % 7] as pair
    from ${rows}) made`

// Every tenth person never opened the page where the profile is made. Statistics are what the trades bear out.
const profiles = (rows: string, id: Id) => `
  with counted as (
    select person, count(*) as trades, sum(total_value) as volume from (
      select user_id as person, total_value from public.crypto_trades where status = 'completed'
      union all
      select coalesce(metadata ->> 'buyer_id', metadata ->> 'counterparty_id')::uuid, total_value
      from public.crypto_trades where status = 'completed' and metadata ->> 'p2p' = 'true') sides
    group by person)
  insert into public.crypto_profiles (id, user_id, wallet_address, wallet_provider, kyc_status, kyc_verified_at,
    trading_volume, total_trades, average_rating, is_verified_trader, preferred_currencies, trading_pairs,
    risk_tolerance, investment_strategy, notification_preferences, security_settings, created_at, updated_at)
  select x::uuid, person, '0x' || substr(x, 1, 40), (array['platform','metamask',null])[1 + r0 % 3],
    case when r1 % 10 < 5 then 'verified' when r1 % 10 < 9 then 'pending' else 'rejected' end,
    case when r1 % 10 < 5 then joined + interval '3 days' end, coalesce(volume, 0), coalesce(trades, 0),
    case when trades > 5 then (35 + r2 % 16)::numeric / 10 end, trades > 20 and r1 % 10 < 5,
    (array['{BTC,EUR}','{ETH,USDT,EUR}','{BTC}'])[1 + r2 % 3]::text[], '{BTC/EUR,ETH/EUR}'::text[],
    (array['low','medium','high'])[1 + r3 % 3], (array['hodl','day trading',null])[1 + r4 % 3],
    jsonb_build_object('email', r0 % 2 = 0, 'push', r1 % 2 = 0,
      'time_zone', (array['Europe/Berlin','UTC','America/New_York'])[1 + r3 % 3]),
    jsonb_build_object('two_factor', r4 % 4 = 0, 'login_alerts', true), joined, joined + interval '30 days'
  from (select *, ${id('user', 'n')} as person, timestamp '2022-02-01' + n % 900 * interval '1 day' as joined
    from (select *, i + (i - 1) / 9 as n from ${rows}) numbered) made left join counted using (person)`

/** The prices of the day, `$1` to `$3`: symbols, names, dollars. */
export function pricesFor(seed: number): string {
  return `insert into public.crypto_prices (id, symbol, name, price_usd, price_change_24h, volume_24h, market_cap,
    market_cap_rank, high_24h, low_24h, circulating_supply, total_supply, max_supply, last_updated, created_at)
  select md5('${seed}:price:' || rank)::uuid, symbol, name, price, (rank % 7 - 3) * 1.25, price * 1000000,
    price * 19000000, rank, round(price * 1.04, 8), round(price * 0.97, 8), 19000000, 21000000, 21000000,
    timestamp '2025-01-01 12:00:00', timestamp '2022-01-01'
  from unnest($1::text[], $2::text[], $3::numeric[]) with ordinality as known (symbol, name, price, rank)`
}
