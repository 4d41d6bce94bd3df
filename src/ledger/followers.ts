import type { Check } from './checks.ts'

const wallets: Check = {
  name: 'wallets show their accounts',
  invariant: 'I5',
  counts: 'public.crypto_wallets',
  distance: 2,
  findings: `
    select null::bigint as transfer, coalesce(w.created_at, a.created_at) as at,
      case when w.id is null then 'ledger.accounts' else 'public.crypto_wallets' end as "table",
      coalesce(w.id, a.id)::text as id,
      case when w.id is null then 'a trader''s account without its wallet'
        when a.id is null then format('a wallet with %s %s, but without an account', w.balance, w.currency)
        when w.balance is distinct from a.balance then
          format('shows %s %s, but its account holds %s', w.balance, w.currency, a.balance)
        else format('is in %s of %s, its account in %s of %s', w.currency, w.user_id, a.currency, a.user_id) end as what
    from crypto_wallets w
    full join (select * from ledger.accounts where kind = 'trader') a on a.id = w.id
    where (w.id, w.balance, w.user_id, w.currency) is distinct from (a.id, a.balance, a.user_id, a.currency)`,
}

const escrows: Check = {
  name: 'escrows hold and pay once',
  invariant: 'I6',
  counts: 'public.crypto_escrows',
  distance: 2,
  findings: `
    with moved as (
      select own.account_id as escrow_id,
        count(distinct own.id) filter (where t.kind = 'hold') as holds,
        count(distinct own.id) filter (where t.kind <> 'hold') as ends,
        sum(o.amount) filter (where o.id = own.id) as balance,
        sum(o.amount) filter (where o.id = own.id and t.kind = 'hold') as held,
        sum(o.amount) filter (where t.kind <> 'hold' and a.user_id = e.buyer_id) as released,
        sum(o.amount) filter (where t.kind <> 'hold' and a.user_id = e.seller_id) as refunded,
        sum(o.amount) filter (where t.kind <> 'hold' and a.kind = 'fees') as fee
      from crypto_escrows e join ledger.entries own on own.account_id = e.id
      join ledger.transfers t on t.id = own.transfer_id
      join ledger.entries o on o.transfer_id = t.id join ledger.accounts a on a.id = o.account_id
      group by own.account_id
    ), found as (
      select e.*, coalesce(m.holds, 0) as holds, coalesce(m.ends, 0) as ends, coalesce(m.balance, 0) as balance,
        coalesce(m.held, 0) as held, coalesce(m.released, 0) as released, coalesce(m.refunded, 0) as refunded,
        coalesce(m.fee, 0) as fee, a.balance as account_balance
      from crypto_escrows e left join moved m on m.escrow_id = e.id
      left join ledger.accounts a on a.id = e.id and a.kind = 'escrow'
    ), judged as (
      select f.*, case
        when f.holds <> (f.status <> 'pending')::int then format('is %s, but coins were held %s times', f.status, f.holds)
        when f.ends <> (f.status in ('released', 'refunded'))::int then
          format('is %s, but coins were paid out %s times', f.status, f.ends)
        when f.held <> case f.status when 'pending' then 0 else f.amount end then
          format('is %s of %s, but %s was held', f.status, f.amount, f.held)
        when coalesce(f.account_balance, 0) <> case when f.status in ('funded', 'disputed') then f.amount else 0 end then
          format('is %s of %s, but its account holds %s', f.status, f.amount, coalesce(f.account_balance, 0))
        when (f.released_amount, f.refunded_amount, f.fee_amount) <> (f.released, f.refunded, f.fee) then
          format('says %s released, %s refunded and %s fee, but the ledger paid %s, %s and %s',
            f.released_amount, f.refunded_amount, f.fee_amount, f.released, f.refunded, f.fee)
        when f.status in ('released', 'refunded') and f.released_amount + f.refunded_amount + f.fee_amount <> f.amount then
          format('paid out %s of %s', f.released_amount + f.refunded_amount + f.fee_amount, f.amount)
        end as what
      from found f
    )
    select null::bigint as transfer, created_at as at, 'public.crypto_escrows' as "table", id::text as id, what
    from judged where what is not null`,
}

const trades: Check = {
  name: 'trades and escrows agree',
  invariant: 'I7',
  counts: 'public.crypto_trades',
  distance: 2,
  // A trade from before Fairlock has neither an offer nor an escrow.
  findings: `
    with judged as (
      select t.id, t.created_at, case
        when e.id is null then format('is %s without an escrow', t.status)
        when t.escrow_id is distinct from e.id then format('names the escrow %s, but has %s', t.escrow_id, e.id)
        when (t.status, e.status) <> ('pending', 'pending') and not exists (
          select from fairlock.trade_transitions m where (m.to_status, m.escrow_to) = (t.status, e.status)
        ) then format('is %s, but its escrow %s', t.status, e.status)
        when (t.user_id, t.buyer_id) is distinct from (e.seller_id, e.buyer_id) then 'has other sides than its escrow'
        when e.currency <> split_part(t.pair, '/', 1) then format('of %s has an escrow in %s', t.pair, e.currency)
        when e.amount <> t.amount + t.seller_fee then
          format('of %s and a fee of %s has an escrow of %s', t.amount, t.seller_fee, e.amount)
        when e.status = 'released' and e.refunded_amount = 0 and e.fee_amount <> t.seller_fee + t.buyer_fee then
          format('costs %s, but %s was charged', t.seller_fee + t.buyer_fee, e.fee_amount)
        end as what
      from crypto_trades t left join crypto_escrows e on e.trade_id = t.id
      where t.offer_id is not null or t.escrow_id is not null or e.id is not null
    )
    select null::bigint as transfer, created_at as at, 'public.crypto_trades' as "table", id::text as id, what
    from judged where what is not null
    union all
    select null, e.created_at, 'public.crypto_escrows', e.id::text, format('its trade %s does not exist', e.trade_id)
    from crypto_escrows e left join crypto_trades t on t.id = e.trade_id where t.id is null`,
}

const statements: Check = {
  name: 'statements show the entries',
  invariant: 'I5',
  counts: 'public.crypto_transactions',
  distance: 3,
  // Compared per wallet, cause (the trade, or else the transfer) and direction. A sell leaves the wallet's available
  // coins as they are: they left it with the hold. Rows without a category are from before Fairlock.
  findings: `
    with shown as (
      select x.wallet_id, coalesce(x.trade_id::text, x.metadata ->> 'transfer') as cause,
        x.transaction_type = 'hold' or x.amount < 0 as leaves, min(x.created_at) as at,
        (array_agg(x.id order by x.created_at, x.id))[1] as id,
        sum(case x.transaction_type when 'hold' then -x.amount else x.amount end) as amount
      from crypto_transactions x
      where x.transaction_type in ('hold', 'refund', 'buy', 'adjustment') and x.status = 'completed'
        and x.category is not null
      group by 1, 2, 3
    ), booked as (
      select e.account_id, coalesce(t.trade_id::text, t.id::text) as cause, e.amount < 0 as leaves,
        min(t.created_at) as at, sum(e.amount) as amount
      from ledger.entries e join ledger.accounts a on a.id = e.account_id and a.kind = 'trader'
      join ledger.transfers t on t.id = e.transfer_id
      group by 1, 2, 3
    )
    select null::bigint as transfer, coalesce(s.at, b.at) as at,
      case when s.id is null then 'public.crypto_wallets' else 'public.crypto_transactions' end as "table",
      coalesce(s.id, b.account_id)::text as id,
      format('for %s the statement says %s, the ledger %s', coalesce(s.cause, b.cause, 'no known cause'),
        coalesce(s.amount::text, 'nothing'), coalesce(b.amount::text, 'nothing')) as what
    from shown s full join booked b on b.account_id = s.wallet_id and b.cause = s.cause and b.leaves = s.leaves
    where s.amount is distinct from b.amount`,
}

const offers: Check = {
  name: 'offers count what was taken',
  invariant: 'I10',
  counts: 'fairlock.offers',
  distance: 3,
  findings: `
    with taken as (
      select offer_id, sum(amount) as amount from crypto_trades
      where offer_id is not null and status in ('pending', 'funded', 'paid', 'disputed', 'completed') group by offer_id
    )
    select null::bigint as transfer, o.created_at as at, 'fairlock.offers' as "table", o.id::text as id,
      format('says %s of %s is taken, but its live and completed trades come to %s',
        o.taken_amount, o.total_amount, coalesce(t.amount, 0)) as what
    from fairlock.offers o left join taken t on t.offer_id = o.id
    where o.taken_amount <> coalesce(t.amount, 0) or o.taken_amount > o.total_amount`,
}

const profiles: Check = {
  name: 'profiles count completed trades',
  invariant: 'I6',
  counts: 'public.crypto_profiles',
  distance: 3,
  // Who came from an earlier platform may have traded there, so only people registered here are counted exactly.
  findings: `
    with done as (
      select person, count(*) as trades, count(escrow_id) as escrows from (
        select user_id as person, escrow_id from crypto_trades where status = 'completed' and same_as is null
        union all select buyer_id, escrow_id from crypto_trades where status = 'completed' and same_as is null
      ) sides group by person
    )
    select null::bigint as transfer, p.created_at as at, 'public.crypto_profiles' as "table", p.id::text as id,
      format('of %s counts %s trades and %s escrows, but %s and %s were completed', p.user_id, p.total_trades,
        p.successful_escrows, coalesce(d.trades, 0), coalesce(d.escrows, 0)) as what
    from crypto_profiles p left join done d on d.person = p.user_id
    where p.successful_escrows <> coalesce(d.escrows, 0) or p.total_trades < coalesce(d.trades, 0)
      or p.total_trades > coalesce(d.trades, 0) and p.user_id in (
        select subject_id from audit.events where action = 'person.registered')`,
}

const fees: Check = {
  name: 'fees are those of the escrows',
  invariant: 'I6',
  counts: `public.crypto_escrows where status = 'released'`,
  distance: 4,
  findings: `
    with charged as (
      select currency, sum(fee_amount) as amount from crypto_escrows where status = 'released' group by currency
    ), earned as (
      select currency, balance as amount from ledger.balances where kind = 'fees'
    )
    select null::bigint as transfer, null::timestamptz as at, 'ledger.accounts' as "table",
      ledger.system_account('fees', currency)::text as id,
      format('the fees account of %s holds %s, but the released escrows paid %s', currency,
        coalesce(e.amount, 0), coalesce(c.amount, 0)) as what
    from charged c full join earned e using (currency) where coalesce(c.amount, 0) <> coalesce(e.amount, 0)`,
}

/** What follows from the ledger: the rows that mirror it, and what is added up from those. */
export const FOLLOWERS = [wallets, escrows, trades, statements, offers, profiles, fees]
