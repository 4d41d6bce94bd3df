-- Records: trades of the platform that Fairlock took over. They ended there and belong to no offer, often only one of the
-- two sides is known. Nothing can be done with them, so nobody meets them among their trades: the policies leave them out,
-- and this is the one way to read them.
set local role fairlock_engine;

-- The acting person's records, newest first, after the row that a page ended with. Of one of whom the other side is not
-- known, the record says which side they were on. Where both sides' rows told of one sale it is there once.
create function fairlock.past_trades(p_limit integer, p_at timestamptz, p_id uuid)
returns table (at text, id uuid, body jsonb)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  with me as (select fairlock.acting_user() as id), mine as (
    (select t.id, t.created_at from public.crypto_trades t
      where t.user_id = (select me.id from me) and t.offer_id is null and t.same_as is null
        and (p_at is null or (t.created_at, t.id) < (p_at, p_id))
      order by t.created_at desc, t.id desc limit p_limit)
    union all
    (select t.id, t.created_at from public.crypto_trades t
      where t.buyer_id = (select me.id from me) and t.offer_id is null and t.same_as is null
        and (p_at is null or (t.created_at, t.id) < (p_at, p_id))
      order by t.created_at desc, t.id desc limit p_limit)
  )
  select to_char(t.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), t.id,
    jsonb_build_object('id', t.id, 'pair', t.pair,
      'side', case when t.buyer_id is null then t.side when t.buyer_id = (select me.id from me) then 'buy' else 'sell' end,
      'price', t.price::text, 'amount', t.amount::text, 'totalValue', t.total_value::text, 'fee', t.fee::text,
      'feeCurrency', t.fee_currency, 'status', t.status, 'at', fairlock.rfc3339(t.created_at))
  from mine join public.crypto_trades t using (id)
  order by mine.created_at desc, mine.id desc limit p_limit
$$;
grant execute on function fairlock.past_trades(integer, timestamptz, uuid) to fairlock_app;
reset role;
