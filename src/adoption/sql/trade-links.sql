-- The transactions of these records tell which trade they are of, and what they are worth by its price. A transaction that
-- two records name belongs to the first; where both tell of the same sale, one of them points at the other and counts
-- nothing. Each half of a sale that knows only its own side counts for that side.
create or replace function fairlock_adoption.link_trades(p_ids uuid[]) returns void
language plpgsql
as $$
begin
  update fairlock_next.crypto_transactions x set trade_id = null
  from fairlock_next.crypto_trades t
  where x.trade_id = any (p_ids) and t.id = x.trade_id and t.transaction_id is distinct from x.id and x.category is null;
  with firsts as (
    select distinct on (transaction_id) id, transaction_id, pair, price from fairlock_next.crypto_trades
    where id = any (p_ids) and transaction_id is not null order by transaction_id, id
  )
  update fairlock_next.crypto_transactions x set trade_id = f.id,
    exchange_rate = case when c.code is null then x.exchange_rate else f.price end,
    fiat_value = case when c.code is null then x.fiat_value else round(abs(y.amount) * f.price, c.decimals) end,
    fiat_currency = coalesce(c.code, x.fiat_currency)
  from firsts f join fairlock_next.crypto_transactions y on y.id = f.transaction_id
  left join fairlock.currencies c on c.code = split_part(f.pair, '/', 2) and y.currency = split_part(f.pair, '/', 1)
    and abs(y.amount) * f.price < 999999999999
  where x.id = y.id and x.category is null and (x.trade_id is null or x.trade_id = f.id);
  update fairlock_next.crypto_trades t set same_as = null,
    reference_value = case t.status when 'completed'
      then fairlock_adoption.dollars(t.pair, t.amount, t.total_value, t.timestamp,
        fairlock.limit_rate(split_part(t.pair, '/', 2)), fairlock.reference_rate(split_part(t.pair, '/', 1))) end
  where t.same_as = any (p_ids) or t.id = any (p_ids) and t.same_as is not null;
  with twins as (
    select t.id as mine, p.id as other,
      array_remove(array[t.user_id, t.buyer_id], null) <@ array[p.user_id, p.buyer_id] as inside,
      array_remove(array[p.user_id, p.buyer_id], null) <@ array[t.user_id, t.buyer_id] as outside
    from fairlock_next.crypto_trades t
    join fairlock_next.crypto_transactions x on x.id = t.transaction_id
    join fairlock_next.crypto_trades p on p.id = x.trade_id and p.id <> t.id
    where t.id = any (p_ids) and t.status = 'completed' and p.same_as is null
      and (p.pair, p.price, p.amount, p.status) = (t.pair, t.price, t.amount, t.status)
  ), halves as (
    select distinct on (1) case when inside then mine else other end as half,
      case when inside then other else mine end as whole
    from twins where inside or outside order by 1, 2
  ), set_apart as (
    update fairlock_next.crypto_trades t set same_as = h.whole, reference_value = null
    from halves h where t.id = h.half and not exists (select from halves two where two.half = h.whole)
    returning t.user_id, t.buyer_id
  )
  insert into fairlock_adoption.to_recount (user_id)
  select distinct person from set_apart, unnest(array[user_id, buyer_id]) person where person is not null
  on conflict do nothing;
end $$;
