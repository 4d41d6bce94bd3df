export type Tampering = {
  what: string
  /** SQL that changes one thing and returns the id of the row that is to be named. */
  sql: string
  invariant: string
  table: string
}

const entryOf = (kind: string, account: string, order = 'asc') =>
  `(select e.id from ledger.entries e join ledger.transfers t on t.id = e.transfer_id
    join ledger.accounts a on a.id = e.account_id where t.kind = '${kind}' and a.kind = '${account}'
    order by e.id ${order} limit 1)`
const wallet = `(select wallet_id from crypto_transactions where transaction_type = 'buy' order by created_at limit 1)`
const escrow = (status: string) =>
  `(select id from crypto_escrows where status = '${status}' order by created_at limit 1)`

/** One change each that no client could make; it is made with every trigger switched off. */
export const TAMPERINGS: Tampering[] = [
  ...['hold', 'release', 'refund'].flatMap((kind) =>
    ['trader', 'escrow'].map((account) => ({
      what: `the amount in the ${account} account of a ${kind}`,
      sql: `update ledger.entries set amount = amount + 1, balance_after = balance_after + 1
            where id = ${entryOf(kind, account)} returning id`,
      invariant: 'I1',
      table: 'ledger.entries',
    })),
  ),
  {
    what: 'the amount of the newest entry, which only the account contradicts',
    sql: `update ledger.entries set amount = amount + 1, balance_after = balance_after + 1
          where id = ${entryOf('release', 'trader', 'desc')} returning id`,
    invariant: 'I1',
    table: 'ledger.entries',
  },
  {
    what: 'the amount of a fee',
    sql: `update ledger.entries set amount = amount * 2 where id = ${entryOf('release', 'fees')} returning id`,
    invariant: 'I1',
    table: 'ledger.entries',
  },
  ...['trader', 'escrow', 'fees'].map((account) => ({
    what: `the entry of the ${account} account in a release is deleted`,
    sql: `delete from ledger.entries where id = ${entryOf('release', account)} returning transfer_id as id`,
    invariant: 'I1',
    table: 'ledger.transfers',
  })),
  {
    what: 'both entries of a hold, so that they still add up to zero',
    sql: `with one as (update ledger.entries set amount = amount * 2, balance_after = balance_after + amount
            where transfer_id = (select min(id) from ledger.transfers where kind = 'hold'))
          select min(n.id) as id from ledger.entries n join ledger.entries e on e.account_id = n.account_id and e.id < n.id
          where e.transfer_id = (select min(id) from ledger.transfers where kind = 'hold')`,
    invariant: 'I2',
    table: 'ledger.entries',
  },
  {
    what: 'the accounts of two entries are swapped',
    sql: `with two as (
            select min(e.id) as a, max(e.id) as b from ledger.entries e join ledger.transfers t on t.id = e.transfer_id
            where t.id in (select id from ledger.transfers where kind = 'hold' order by id limit 2) and e.amount < 0
          ), swapped as (
            update ledger.entries e set account_id = o.account_id from two, ledger.entries o
            where (e.id, o.id) in ((two.a, two.b), (two.b, two.a))
          )
          select a as id from two`,
    invariant: 'I2',
    table: 'ledger.entries',
  },
  {
    what: 'an entry comes under another currency',
    sql: `update ledger.entries set currency = 'XMR' where id = ${entryOf('refund', 'trader')} returning id`,
    invariant: 'I2',
    table: 'ledger.entries',
  },
  {
    what: 'a transfer is deleted',
    sql: `with gone as (delete from ledger.transfers where id = (select min(id) from ledger.transfers where kind = 'refund')
            returning id)
          select min(e.id) as id from ledger.entries e join gone on gone.id = e.transfer_id`,
    invariant: 'I2',
    table: 'ledger.entries',
  },
  {
    what: 'an account is deleted',
    sql: `with gone as (delete from ledger.accounts where id = ${escrow('released')} returning id)
          select min(e.id) as id from ledger.entries e join gone on gone.id = e.account_id`,
    invariant: 'I2',
    table: 'ledger.entries',
  },
  {
    what: 'a fee carries a running balance',
    sql: `update ledger.entries set balance_before = 0, balance_after = amount
          where id = ${entryOf('release', 'fees')} returning id`,
    invariant: 'I2',
    table: 'ledger.entries',
  },
  {
    what: 'a stray transfer without entries',
    sql: `insert into ledger.transfers (kind, reason) values ('adjustment', 'stray') returning id`,
    invariant: 'I1',
    table: 'ledger.transfers',
  },
  {
    what: 'a transfer names a trade that does not exist',
    sql: `update ledger.transfers set trade_id = gen_random_uuid()
          where id = (select min(id) from ledger.transfers where kind = 'release') returning id`,
    invariant: 'I1',
    table: 'ledger.transfers',
  },
  {
    what: 'a transfer calls itself something else',
    sql: `update ledger.transfers set kind = 'release'
          where id = (select min(id) from ledger.transfers where kind = 'refund') returning id`,
    invariant: 'I1',
    table: 'ledger.transfers',
  },
  {
    what: 'a transfer names another trade',
    sql: `update ledger.transfers set trade_id = (select max(trade_id::text)::uuid from ledger.transfers where kind = 'hold')
          where id = (select min(id) from ledger.transfers where kind = 'hold') returning id`,
    invariant: 'I1',
    table: 'ledger.transfers',
  },
  {
    what: 'an escrow is paid out a second time',
    sql: `with again as (
            insert into ledger.transfers (kind, trade_id) select 'refund', trade_id from crypto_escrows
            where id = ${escrow('refunded')} returning id
          ), legs as (
            insert into ledger.entries (transfer_id, account_id, currency, amount, balance_before, balance_after)
            select again.id, a.id, a.currency, l.amount, a.balance, a.balance + l.amount
            from again, crypto_escrows e join crypto_wallets w on w.user_id = e.seller_id and w.currency = e.currency,
              lateral (values (e.id, -e.amount), (w.id, e.amount)) l (account, amount), ledger.accounts a
            where e.id = ${escrow('refunded')} and a.id = l.account returning id, amount
          )
          select id from legs where amount < 0`,
    invariant: 'I3',
    table: 'ledger.entries',
  },
  {
    what: 'an account below zero',
    sql: `alter table ledger.accounts drop constraint accounts_never_negative;
          update ledger.accounts set balance = -1 where id = ${wallet} returning id`,
    invariant: 'I3',
    table: 'ledger.accounts',
  },
  {
    what: "the balance of a trader's account",
    sql: `update ledger.accounts set balance = balance + 0.00000001 where id = ${wallet} returning id`,
    invariant: 'I2',
    table: 'ledger.accounts',
  },
  {
    what: 'a roll-up that leaves out an entry',
    sql: `update ledger.accounts set rolled_up_to = rolled_up_to + 1000
          where kind = 'fees' and currency = 'BTC' returning id`,
    invariant: 'I2',
    table: 'ledger.accounts',
  },
  {
    what: 'an escrow is deleted',
    sql: `delete from crypto_escrows where id = ${escrow('funded')} returning id`,
    invariant: 'I6',
    table: 'ledger.accounts',
  },
  {
    what: 'the balance of a wallet',
    sql: `update crypto_wallets set balance = balance + 1 where id = ${wallet} returning id`,
    invariant: 'I5',
    table: 'public.crypto_wallets',
  },
  {
    what: 'a wallet without an account',
    sql: `insert into crypto_wallets (user_id, currency) select id, 'XMR' from users limit 1 returning id`,
    invariant: 'I5',
    table: 'public.crypto_wallets',
  },
  {
    what: 'a wallet is deleted',
    sql: `delete from crypto_wallets where id = ${wallet} returning id`,
    invariant: 'I5',
    table: 'ledger.accounts',
  },
  ...['funded', 'pending'].map((status) => ({
    what: `the amount of a ${status} escrow`,
    sql: `update crypto_escrows set amount = amount + 1 where id = ${escrow(status)} returning ${
      status === 'funded' ? 'id' : 'trade_id as id'
    }`,
    invariant: status === 'funded' ? 'I6' : 'I7',
    table: status === 'funded' ? 'public.crypto_escrows' : 'public.crypto_trades',
  })),
  {
    what: 'an escrow says it paid more fee and less to the buyer',
    sql: `update crypto_escrows set fee_amount = fee_amount + 0.00000001, released_amount = released_amount - 0.00000001
          where id = ${escrow('released')} returning id`,
    invariant: 'I6',
    table: 'public.crypto_escrows',
  },
  {
    what: 'a live escrow says it was refunded',
    sql: `update crypto_escrows set status = 'refunded', refunded_at = now(), refunded_amount = amount
          where id = ${escrow('funded')} returning id`,
    invariant: 'I6',
    table: 'public.crypto_escrows',
  },
  {
    what: 'a trade is completed while its escrow still holds the coins',
    sql: `update crypto_trades set status = 'completed', completed_at = now(), deadline = null
          where id = (select trade_id from crypto_escrows where id = ${escrow('funded')}) returning id`,
    invariant: 'I7',
    table: 'public.crypto_trades',
  },
  {
    what: 'the buyer of a trade',
    sql: `update crypto_trades set buyer_id = (select user_id from crypto_profiles where display_name like 'admin%'),
            taker_id = user_id
          where id = (select trade_id from crypto_escrows where id = ${escrow('refunded')}) returning id`,
    invariant: 'I7',
    table: 'public.crypto_trades',
  },
  ...['hold', 'refund', 'buy', 'adjustment'].map((type) => ({
    what: `the amount of a line of type ${type} in a statement`,
    sql: `update crypto_transactions set amount = amount * 2
          where id = (select id from crypto_transactions where transaction_type = '${type}' limit 1) returning id`,
    invariant: 'I5',
    table: 'public.crypto_transactions',
  })),
  {
    what: 'a line is missing in a statement',
    sql: `delete from crypto_transactions where id = (select id from crypto_transactions where transaction_type = 'buy' limit 1)
          returning wallet_id as id`,
    invariant: 'I5',
    table: 'public.crypto_wallets',
  },
  ...[
    'exchange_rate = exchange_rate + 0.00000001',
    'fiat_value = fiat_value + 0.01',
    `fiat_currency = 'USD'`,
    'network_fee = null',
    'destination_name = null',
  ].map((change) => ({
    what: `what a line of a statement says of itself: ${change}`,
    sql: `update crypto_transactions set ${change}
          where id = (select id from crypto_transactions where transaction_type = 'sell' limit 1) returning id`,
    invariant: 'I5',
    table: 'public.crypto_transactions',
  })),
  {
    what: 'the fee in a line of a statement',
    sql: `update crypto_transactions set platform_fee = platform_fee * 2
          where id = (select id from crypto_transactions where transaction_type = 'sell' limit 1) returning trade_id as id`,
    invariant: 'I6',
    table: 'public.crypto_trades',
  },
  {
    what: 'what was taken of an offer',
    sql: `update fairlock.offers set taken_amount = taken_amount - 0.01 where pair = 'BTC/EUR' returning id`,
    invariant: 'I10',
    table: 'fairlock.offers',
  },
  {
    what: 'how many trades somebody completed',
    sql: `update crypto_profiles set total_trades = total_trades + 1 where display_name like 'dan%' returning id`,
    invariant: 'I6',
    table: 'public.crypto_profiles',
  },
  {
    what: 'a rating in its trade',
    sql: `update crypto_trades t set seller_rating = 5 from crypto_profiles p
          where seller_rating is not null and p.user_id = t.user_id returning p.id`,
    invariant: 'I13',
    table: 'public.crypto_profiles',
  },
  {
    what: 'the average that somebody shows',
    sql: `update crypto_profiles set average_rating = 5 where rating_count > 0 and average_rating < 5 returning id`,
    invariant: 'I13',
    table: 'public.crypto_profiles',
  },
  {
    what: 'how much somebody traded',
    sql: `update crypto_profiles set volumes = '{"BTC": "99.00000000"}' where display_name like 'dan%' returning id`,
    invariant: 'I13',
    table: 'public.crypto_profiles',
  },
  {
    what: 'what somebody is blamed for',
    sql: `update fairlock.faults set kind = 'not_paid' where kind = 'not_funded' returning id`,
    invariant: 'I13',
    table: 'fairlock.faults',
  },
  {
    what: 'a dispute that is over, whose trade does not say so',
    sql: `update crypto_disputes set status = 'pending', stage = 'open', resolved_at = null, resolved_by = null
          where status = 'resolved' returning id`,
    invariant: 'I8',
    table: 'public.crypto_disputes',
  },
  {
    what: 'a ruling that paid another amount',
    sql: `update fairlock.dispute_rulings r set buyer_amount = buyer_amount + 0.00000001 from crypto_disputes d
          where d.id = r.dispute_id and r.state = 'settled' returning d.escrow_id as id`,
    invariant: 'I6',
    table: 'public.crypto_escrows',
  },
  {
    what: 'how many trades of somebody were disputed',
    sql: `update crypto_profiles set disputed_trades = disputed_trades + 1 where display_name like 'dan%' returning id`,
    invariant: 'I7',
    table: 'public.crypto_profiles',
  },
  {
    what: 'what counts against the limits of somebody',
    sql: `update crypto_profiles set current_daily_volume = current_daily_volume - 1
          where display_name like 'dan%' and current_daily_volume > 1 returning id`,
    invariant: 'I11',
    table: 'public.crypto_profiles',
  },
  {
    what: 'what somebody may trade in a month',
    sql: `update crypto_profiles set monthly_limit = monthly_limit + 1 where display_name like 'dan%' returning id`,
    invariant: 'I11',
    table: 'public.crypto_profiles',
  },
  {
    what: 'what was withdrawn from a wallet today',
    sql: `update crypto_wallets set withdrawn_today = 1, withdrawal_day = current_date where id = ${wallet} returning id`,
    invariant: 'I11',
    table: 'public.crypto_wallets',
  },
]
