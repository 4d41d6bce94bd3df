/**
 * One law of the books as a query. It yields the rows that break it: `transfer` (the transfer the row belongs to, empty
 * for rows outside the ledger proper), `at`, `table`, `id` and `what`.
 */
export type Check = {
  name: string
  invariant: string
  /** What `rows` of the report counts. */
  counts: string
  /**
   * How far the row is from the entries, which everything else follows from: 1 accounts, 2 the rows that mirror them,
   * 3 what is added up from those, 4 totals. Findings with a transfer are entries and transfers and come before all.
   */
  distance: 1 | 2 | 3 | 4
  findings: string
}

/** The legs a transfer of each kind has, by kind of account and direction, in alphabetical order. */
const LEGS = `(values
  ('opening', 'custody- trader+'), ('adjustment', 'custody- trader+'), ('adjustment', 'custody+ trader-'),
  ('hold', 'escrow+ trader-'), ('refund', 'escrow- trader+'),
  ('release', 'escrow- fees+ trader+'), ('release', 'escrow- trader+'),
  ('split', 'escrow- fees+ trader+ trader+'), ('split', 'escrow- trader+ trader+'),
  ('split', 'escrow- fees+ trader+'), ('split', 'escrow- trader+')) legal (kind, legs)`

const zeroSum: Check = {
  name: 'transfers add up to zero',
  invariant: 'I1',
  counts: 'ledger.transfers',
  distance: 1,
  // The entry to blame is the one that the next entry of its account contradicts; where none is, and no leg is missing,
  // that of fees or custody, which no running balance protects; else the transfer itself.
  findings: `
    with wrong as (
      select transfer_id, currency, sum(amount) as excess from ledger.entries
      group by transfer_id, currency having sum(amount) <> 0 order by transfer_id limit $1
    ), legs as (
      select w.transfer_id, w.currency, e.id, a.kind in ('fees', 'custody') as appended,
        a.kind in ('trader', 'escrow') and e.balance_before + e.amount - w.excess = coalesce((
          select n.balance_before from ledger.entries n where n.account_id = e.account_id and n.id > e.id
          order by n.id limit 1), a.balance) as contradicted,
        count(*) filter (where a.kind in ('trader', 'escrow')) over (partition by w.transfer_id, w.currency) as chained
      from wrong w join ledger.entries e on e.transfer_id = w.transfer_id and e.currency = w.currency
      join ledger.accounts a on a.id = e.account_id
    )
    select w.transfer_id as transfer, t.created_at as at,
      case when blamed.id is null then 'ledger.transfers' else 'ledger.entries' end as "table",
      coalesce(blamed.id, w.transfer_id)::text as id,
      format('the entries of transfer %s (%s) add up to %s %s instead of zero',
        w.transfer_id, coalesce(t.kind, 'missing'), w.excess, w.currency) as what
    from wrong w left join ledger.transfers t on t.id = w.transfer_id
    left join lateral (
      select l.id from legs l where l.transfer_id = w.transfer_id and l.currency = w.currency
        and (l.contradicted or l.appended and l.chained >= case when t.kind in ('opening', 'adjustment') then 1 else 2 end)
      order by l.contradicted desc, l.id limit 1
    ) blamed on true`,
}

const chain: Check = {
  name: 'running balances',
  invariant: 'I2',
  counts: 'ledger.entries',
  distance: 1,
  findings: `
    select e.transfer_id as transfer, t.created_at as at, 'ledger.entries' as "table", e.id::text as id,
      case when e.appended then format('carries a balance, though account %s is only appended to', e.account_id)
        when e.balance_before is distinct from e.previous then
          format('begins at %s, but the entry before it left %s in account %s', coalesce(e.balance_before::text, 'nothing'),
            coalesce(e.previous::text, 'nothing'), e.account_id)
        else format('%s and %s do not make %s in account %s', e.balance_before, e.amount, e.balance_after, e.account_id)
      end as what
    from (
      select e.*, a.kind in ('fees', 'custody') as appended,
        lag(e.balance_after, 1, 0::numeric(38, 8)) over (partition by e.account_id order by e.id) as previous
      from ledger.entries e join ledger.accounts a on a.id = e.account_id
    ) e
    left join ledger.transfers t on t.id = e.transfer_id
    where case when e.appended then e.balance_before is not null or e.balance_after is not null
      else e.balance_before is distinct from e.previous or e.balance_after is distinct from e.previous + e.amount end`,
}

const entries: Check = {
  name: 'entries belong somewhere',
  invariant: 'I2',
  counts: 'ledger.entries',
  distance: 1,
  findings: `
    select e.transfer_id as transfer, t.created_at as at, 'ledger.entries' as "table", e.id::text as id,
      case when t.id is null then format('its transfer %s does not exist', e.transfer_id)
        when a.id is null then format('its account %s does not exist', e.account_id)
        else format('is in %s, its account %s in %s', e.currency, a.id, a.currency) end as what
    from ledger.entries e
    left join ledger.transfers t on t.id = e.transfer_id left join ledger.accounts a on a.id = e.account_id
    where t.id is null or a.id is null or a.currency <> e.currency`,
}

const transfers: Check = {
  name: 'transfers are whole',
  invariant: 'I1',
  counts: 'ledger.transfers',
  distance: 1,
  findings: `
    with found as (
      select t.id, bool_or(e.id is null) as empty, bool_or(t.trade_id is not null and tr.id is null) as no_trade,
        string_agg(a.kind || case when e.amount > 0 then '+' else '-' end, ' ' order by a.kind collate "C", e.id) as legs,
        bool_and(case a.kind
          when 'escrow' then a.id = tr.escrow_id
          when 'trader' then case t.kind when 'opening' then true when 'adjustment' then true
            when 'release' then a.user_id = tr.buyer_id
            when 'split' then a.user_id in (tr.user_id, tr.buyer_id) else a.user_id = tr.user_id end
          else a.id = ledger.system_account(a.kind, a.currency) end) as parties
      from ledger.transfers t left join crypto_trades tr on tr.id = t.trade_id
      left join ledger.entries e on e.transfer_id = t.id left join ledger.accounts a on a.id = e.account_id
      group by t.id
    )
    select t.id as transfer, t.created_at as at, 'ledger.transfers' as "table", t.id::text as id,
      case when f.empty then format('a %s without entries', t.kind)
        when f.no_trade then format('a %s of trade %s, which does not exist', t.kind, t.trade_id)
        when f.parties then format('a %s between %s', t.kind, coalesce(f.legs, 'no known accounts'))
        else format('a %s whose accounts are not those of trade %s', t.kind, t.trade_id) end as what
    from found f join ledger.transfers t on t.id = f.id
    where f.empty or f.no_trade or f.parties is not true
      or not exists (select from ${LEGS} where legal.kind = t.kind and legal.legs = f.legs)`,
}

const neverNegative: Check = {
  name: 'nobody is below zero',
  invariant: 'I3',
  counts: `ledger.accounts where kind in ('trader', 'escrow')`,
  distance: 1,
  findings: `
    select e.transfer_id as transfer, t.created_at as at, 'ledger.entries' as "table", e.id::text as id,
      format('leaves %s in account %s', e.balance_after, e.account_id) as what
    from ledger.entries e left join ledger.transfers t on t.id = e.transfer_id where e.balance_after < 0
    union all
    select null, a.created_at, 'ledger.accounts', a.id::text, format('holds %s %s', a.balance, a.currency)
    from ledger.accounts a where a.kind in ('trader', 'escrow') and a.balance < 0`,
}

const balances: Check = {
  name: 'balances are the sums of entries',
  invariant: 'I2',
  counts: 'ledger.accounts',
  distance: 1,
  // What came to fees and custody since their last roll-up is not in their balance yet.
  findings: `
    with sums as (
      select e.account_id, sum(e.amount) as amount
      from ledger.entries e join ledger.accounts a on a.id = e.account_id
      where a.kind in ('trader', 'escrow') or e.id <= a.rolled_up_to
      group by e.account_id
    )
    select null::bigint as transfer, a.created_at as at, 'ledger.accounts' as "table", a.id::text as id,
      format('%s account with a balance of %s %s, but its entries%s add up to %s', a.kind, a.balance, a.currency,
        case when a.kind in ('fees', 'custody') then ' up to ' || a.rolled_up_to end, coalesce(s.amount, 0)) as what
    from ledger.accounts a left join sums s on s.account_id = a.id where a.balance <> coalesce(s.amount, 0)`,
}

const accounts: Check = {
  name: 'accounts belong somewhere',
  invariant: 'I6',
  counts: `ledger.accounts where kind <> 'trader'`,
  distance: 1,
  findings: `
    select null::bigint as transfer, a.created_at as at, 'ledger.accounts' as "table", a.id::text as id,
      case when a.kind <> 'escrow' then format('is not the %s account of %s', a.kind, a.currency)
        when e.id is null then 'an escrow account without its escrow'
        else format('is in %s, its escrow in %s', a.currency, e.currency) end as what
    from ledger.accounts a left join crypto_escrows e on e.id = a.id
    where a.kind = 'escrow' and e.currency is distinct from a.currency
      or a.kind in ('fees', 'custody') and a.id <> ledger.system_account(a.kind, a.currency)`,
}

const totals: Check = {
  name: 'all accounts add up to zero',
  invariant: 'I4',
  counts: 'ledger.accounts',
  distance: 4,
  findings: `
    select null::bigint as transfer, null::timestamptz as at, 'ledger.accounts' as "table", b.currency as id,
      format('all accounts in %s add up to %s instead of zero', b.currency, sum(b.balance)) as what
    from ledger.balances b group by b.currency having sum(b.balance) <> 0`,
}

/** What the ledger says of itself. */
export const BOOKS = [entries, zeroSum, chain, transfers, neverNegative, balances, accounts]
export const TOTALS = totals
