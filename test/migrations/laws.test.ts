import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import pg from 'pg'
import { up } from '../../src/platform/migrator/index.ts'
import { freshDatabase, lastOfSpecification, scratchDirectory } from './support.ts'

// Each line breaks one law on rows that keep them all: constraint, then what to set, on which rows.
const wrong: Record<string, Array<[constraint: string, set: string, where?: string]>> = {
  crypto_profiles: [
    ['kyc_status', `kyc_status = 'verified'`],
    ['kyc_verified', 'kyc_verified_at = null', `kyc_status = 'basic'`],
    ['kyc_verified', 'kyc_verified_at = now()', `kyc_status = 'pending'`],
    ['counters', 'trading_volume = -1'],
    ['counters', `trading_volume = 'NaN'`],
    ['counters', `current_daily_volume = 'NaN'`],
    ['counters', 'current_monthly_volume = -0.00000001'],
    ['counters', 'total_trades = -1'],
    ['counters', 'successful_escrows = -1'],
    ['counters', 'disputed_trades = -1'],
    ['limits', 'daily_limit = -1'],
    ['limits', `monthly_limit = 'NaN'`],
    ['average_rating', 'average_rating = 0.99'],
    ['average_rating', 'average_rating = 5.01'],
  ],
  crypto_wallets: [
    ['balance', 'balance = -0.00000001'],
    ['balance', `balance = 'NaN'`],
    ['currency', `currency = 'btc'`],
    ['currency', `currency = ''`],
    ['limits', 'withdrawal_limit_daily = -1'],
    ['limits', `withdrawal_limit_monthly = 'NaN'`],
  ],
  crypto_transactions: [
    ['status', `status = 'confirmed'`],
    ['type', `transaction_type = 'swap'`],
    ['amount', 'amount = 0'],
    ['amount', 'amount = -1'],
    ['amount', `amount = 'NaN'`],
    ['amount', `transaction_type = 'adjustment', amount = 0`],
    ['currency', `currency = 'Btc'`],
    ['fees', 'transaction_fee = -1'],
    ['fees', `network_fee = 'NaN'`],
    ['fees', 'platform_fee = -1'],
    ['value', 'exchange_rate = 0'],
    ['value', 'fiat_value = -1'],
    ['chain', 'confirmations = -1'],
    ['chain', 'gas_used = -1'],
    ['chain', `gas_price = 'NaN'`],
  ],
  crypto_trades: [
    ['status', `status = 'open'`, `status = 'pending'`],
    ['side', `side = 'SELL'`],
    ['amounts', 'price = 0'],
    ['amounts', `price = 'NaN'`],
    ['amounts', 'amount = -1'],
    ['amounts', `amount = 'NaN'`],
    ['amounts', `total_value = 'NaN'`],
    ['fees', 'fee = -1'],
    ['fees', `seller_fee = 'NaN'`],
    ['fees', `offer_id = gen_random_uuid(), offer_version = 1, taker_id = buyer_id, fee = 1`],
    ['parties', 'buyer_id = user_id'],
    [
      'parties',
      `taker_id = '00000000-0000-4000-8000-00000000003c', offer_id = id, offer_version = 1`,
      `pair <> ''`,
    ],
    ['offer', 'offer_id = id'],
    ['offer', 'taker_id = buyer_id'],
    ['payment_window', 'payment_window_minutes = 9'],
    ['payment_window', 'payment_window_minutes = 20161'],
    ['deadline', 'deadline = null', `status = 'paid'`],
    ['deadline', 'deadline = now()', `status = 'completed'`],
    ['deadline', 'deadline = now()', `status = 'expired'`],
    ['funded', 'funded_at = now()', `status = 'pending'`],
    ['funded', 'funded_at = null', `status = 'paid'`],
    ['funded', 'escrow_id = null', `status = 'funded'`],
    ['paid', 'paid_at = now()', `status = 'funded'`],
    ['paid', 'paid_at = null', `status = 'disputed'`],
    ['completed', 'completed_at = null', `status = 'completed'`],
    ['completed', 'completed_at = now()', `status = 'paid'`],
    ['cancelled', 'cancelled_at = null', `status = 'cancelled'`],
    ['cancelled', 'cancelled_at = null', `status = 'expired'`],
    ['cancelled', 'cancelled_at = now()', `status = 'pending'`],
    ['dispute', `dispute_status = 'pending'`, `status = 'pending'`],
    ['dispute', `dispute_status = 'resolved'`, `status = 'disputed'`],
    ['dispute', `dispute_status = 'open'`, `dispute_id is not null`],
    ['dispute', `dispute_status = 'pending'`, `status = 'completed'`],
    ['ratings', 'seller_rating = 0', `status = 'completed'`],
    ['ratings', 'buyer_rating = 5.5', `status = 'completed'`],
    ['ratings', 'buyer_rating = 5', `status = 'paid'`],
    ['escrow_id_fkey', 'escrow_id = gen_random_uuid()'],
    ['dispute_id_fkey', 'dispute_id = gen_random_uuid()', `status = 'disputed'`],
    ['buyer_id_fkey', 'buyer_id = gen_random_uuid()'],
  ],
  crypto_escrows: [
    ['status', `status = 'open'`, `status = 'funded'`],
    ['amount', 'amount = 0', `status = 'pending'`],
    ['amount', `amount = 'NaN'`, `status = 'pending'`],
    ['currency', `currency = 'btc'`],
    ['parties', 'buyer_id = seller_id'],
    ['funded', 'funded_at = now()', `status = 'pending'`],
    ['funded', 'funded_at = null', `status = 'released'`],
    ['released', 'released_at = null', `status = 'released'`],
    ['released', 'released_at = now()', `status = 'funded'`],
    ['refunded', 'refunded_at = null', `status = 'refunded'`],
    ['refunded', 'refunded_at = now()', `status = 'released'`],
    ['disputed', 'disputed_at = null', `status = 'disputed'`],
    ['disputed', 'disputed_at = now()', `status = 'pending'`],
    ['closed', 'closed_at = now()', `status = 'funded'`],
    ['settled', 'released_amount = released_amount + 0.00000001', `status = 'released'`],
    ['settled', 'fee_amount = 0', `status = 'released'`],
    ['settled', 'released_amount = 0, refunded_amount = 9', `status = 'released'`],
    ['settled', 'refunded_amount = 9, fee_amount = 1', `status = 'refunded'`],
    ['settled', 'released_amount = 1', `status = 'funded'`],
    ['settled', `released_amount = 'NaN'`, `status = 'released'`],
    ['settled', 'released_amount = 20, fee_amount = -10', `status = 'released'`],
  ],
  crypto_disputes: [
    ['status', `status = 'open'`, `status = 'closed'`],
    ['parties', 'raised_by = against_user_id'],
    ['ended', 'resolved_at = now()', `status = 'pending'`],
    ['ended', 'resolved_at = null', `status = 'resolved'`],
    ['resolved', 'resolved_by = null', `status = 'resolved'`],
    ['resolved', 'resolution = null', `status = 'resolved'`],
    ['resolved', `status = 'closed'`, `status = 'resolved'`],
  ],
  crypto_payment_methods: [
    ['type', `type = ''`],
    ['type', `provider = ''`],
    ['verification_status', `verification_status = 'maybe'`, 'not is_verified'],
    ['verified', 'verified_at = null', 'is_verified'],
    ['verified', 'is_verified = false', 'is_verified'],
    ['verified', `verification_status = 'verified'`, 'not is_verified'],
  ],
  crypto_prices: [
    ['symbol', `symbol = 'btc'`],
    ['prices', 'price_usd = -1'],
    ['prices', `price_usd = 'NaN'`],
    ['prices', `price_eth = 'NaN'`],
    ['market', 'volume_24h = -1'],
    ['market', 'market_cap_rank = 0'],
    ['market', 'dominance_percentage = 100.01'],
    ['changes', `price_change_7d = 'NaN'`],
    ['changes', `sentiment_score = 'NaN'`],
    ['indicators', 'rsi_14 = 100.01'],
    ['indicators', `macd = 'NaN'`],
  ],
}

// A second row beside one that exists: the index that refuses it, and the columns that make it a row of its
// own.
const twice: Array<[index: string, table: string, where: string]> = [
  ['crypto_profiles_one_per_user', 'crypto_profiles', 'true'],
  ['crypto_wallets_one_per_currency', 'crypto_wallets', 'true'],
  ['idx_crypto_escrows_trade_id', 'crypto_escrows', 'true'],
  ['crypto_disputes_one_open', 'crypto_disputes', `status = 'pending'`],
  ['crypto_payment_methods_one_primary', 'crypto_payment_methods', 'is_primary'],
  ['crypto_prices_one_per_symbol', 'crypto_prices', 'true'],
]

test('each law refuses the row that breaks it, and no law is without such a row', async (t) => {
  const { database, owner } = await freshDatabase(t)
  await up({ ...database, to: lastOfSpecification, code: await scratchDirectory(t) })
  await owner.query(await readFile(new URL('fill.sql', import.meta.url), 'utf8'))

  const tried = new Set<string>()
  for (const [table, laws] of Object.entries(wrong)) {
    for (const [law, set, where] of laws) {
      const refusedBy = await refusal(
        owner,
        `update public.${table} set ${set}
         where id = (select id from public.${table} where ${where ?? 'true'} limit 1)`,
      )
      assert.equal(refusedBy, `${table}_${law}`, `${table}: ${set} where ${where}`)
      tried.add(refusedBy)
    }
  }
  for (const [index, table, where] of twice) {
    const refusedBy = await refusal(
      owner,
      `insert into public.${table}
       select (jsonb_populate_record(rows, jsonb_build_object('id', gen_random_uuid()))).*
       from public.${table} as rows where ${where} limit 1`,
    )
    assert.equal(refusedBy, index)
  }

  const all = await owner.query<{ name: string }>(
    `select conname as name from pg_constraint
     where contype = 'c' and connamespace = 'public'::regnamespace
       and pg_get_constraintdef(oid) not like 'CHECK (((%IS NOT NULL) AND (%IS NOT NULL)))'
       and pg_get_constraintdef(oid) not like 'CHECK ((buyer_id IS NOT NULL))'`,
  )
  assert.deepEqual(
    all.rows.map((row) => row.name).filter((name) => !tried.has(name)),
    [],
    'laws that no row here breaks',
  )
})

/** The constraint that refuses a statement; the statement never takes effect. */
async function refusal(client: pg.Client, sql: string): Promise<string | undefined> {
  await client.query('begin')
  try {
    const done = await client.query(sql)
    assert.equal(done.rowCount, 1, `no row to try it on: ${sql}`)
    return 'nothing'
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    assert.match(error.code ?? '', /^23/, error.message)
    return error.constraint
  } finally {
    await client.query('rollback')
  }
}
