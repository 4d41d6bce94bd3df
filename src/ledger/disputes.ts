import type { Check } from './checks.ts'

/** A dispute is open while its trade is disputed, the trade says of it what is so, and a ruling paid what it says. */
const ends: Check = {
  name: 'disputes end with their trades',
  invariant: 'I8',
  counts: 'public.crypto_disputes',
  distance: 2,
  findings: `
    select null::bigint as transfer, d.created_at as at, 'public.crypto_disputes' as "table", d.id::text as id,
      format('is %s, but trade %s is %s and says %s of it', d.status, t.id, t.status,
        coalesce(t.dispute_status, 'nothing')) as what
    from crypto_disputes d join crypto_trades t on t.id = d.trade_id
    where (d.status = 'pending') <> (t.status = 'disputed')
      or (t.dispute_id, t.dispute_status, t.dispute_reason) is distinct from (d.id, d.status, d.reason)
    union all
    select null, t.created_at, 'public.crypto_trades', t.id::text, 'is disputed, but has no dispute'
    from crypto_trades t
    where t.status = 'disputed' and not exists (select from crypto_disputes d where d.id = t.dispute_id)`,
}

const payouts: Check = {
  name: 'rulings paid what they say',
  invariant: 'I6',
  counts: `fairlock.dispute_rulings where state = 'settled'`,
  distance: 2,
  findings: `
    select null::bigint as transfer, r.ruled_at as at, 'public.crypto_escrows' as "table", e.id::text as id,
      format('paid %s, gave back %s and kept %s, but the ruling (%s) says %s, %s and %s', e.released_amount,
        e.refunded_amount, e.fee_amount, r.outcome, s.to_buyer, s.to_seller, s.buyer_fee + s.seller_fee) as what
    from fairlock.dispute_rulings r join crypto_disputes d on d.id = r.dispute_id
    join crypto_trades t on t.id = d.trade_id join crypto_escrows e on e.id = t.escrow_id
    cross join lateral fairlock.settlement(r.outcome, t.amount, t.seller_fee, t.buyer_fee, r.buyer_amount) s
    where r.state = 'settled' and (e.released_amount, e.refunded_amount, e.fee_amount)
      <> (s.to_buyer, s.to_seller, s.buyer_fee + s.seller_fee)`,
}

const counts: Check = {
  name: 'profiles count disputed trades',
  invariant: 'I7',
  counts: 'public.crypto_profiles',
  distance: 3,
  // Who came from an earlier platform may have had disputes there, so only people registered here are counted exactly.
  findings: `
    with had as (
      select person, count(*) as disputes from crypto_disputes d
      join crypto_trades t on t.id = d.trade_id cross join lateral (values (t.user_id), (t.buyer_id)) s (person)
      group by person
    )
    select null::bigint as transfer, p.created_at as at, 'public.crypto_profiles' as "table", p.id::text as id,
      format('of %s counts %s disputed trades, but there were %s', p.user_id, p.disputed_trades, coalesce(h.disputes, 0))
        as what
    from crypto_profiles p left join had h on h.person = p.user_id
    where p.disputed_trades < coalesce(h.disputes, 0) or p.disputed_trades > coalesce(h.disputes, 0)
      and p.user_id in (select subject_id from audit.events where action = 'person.registered')`,
}

export const DISPUTES = [ends, payouts, counts]
