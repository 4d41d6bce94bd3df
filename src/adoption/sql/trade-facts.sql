-- What is told of an old trade, what is wrong with it, and what of it has no place in its record or offer.

-- Who the metadata names as the other side, by the first of the mapping's keys that is there.
create or replace function fairlock_adoption.named_counterparty(p_metadata jsonb, p_keys text[]) returns text
language sql immutable
as $$
  select btrim(p_metadata ->> k) from unnest(p_keys) with ordinality keys (k, place)
  where jsonb_typeof(p_metadata) = 'object' and jsonb_typeof(p_metadata -> k) in ('string', 'number')
    and btrim(p_metadata ->> k) <> ''
  order by place limit 1
$$;

do $$
begin
  if to_regtype('fairlock_adoption.trade_facts') is null then
    -- What is known of an old trade beside its own row.
    create type fairlock_adoption.trade_facts as (
      status text, side text, pair text, metadata jsonb, person uuid, named text, counterparty uuid,
      transaction uuid, transaction_person uuid
    );
  end if;
end $$;

-- Why an old trade cannot be carried; nothing when it can.
create or replace function fairlock_adoption.refuse_trade(
  o fairlock_adoption.old_crypto_trades, f fairlock_adoption.trade_facts
) returns jsonb
language plpgsql stable
as $$
begin
  return (
    select nullif(coalesce(jsonb_agg(fairlock_adoption.reason(code, col, message)), '[]'), '[]') from (values
      (case when fairlock_adoption.try_uuid(o.key) is null then 'id_not_uuid' end, 'id', 'the id is no uuid'),
      (case when f.person is null then 'user_missing' end, 'user_id',
        coalesce('nobody has been carried as ' || o.user_id, 'it is nobody''s')),
      (case when f.status is null then 'status_unknown' end, 'status',
        format('the mapping does not know the status %L', o.status)),
      (case when f.status = 'live' then 'live_trade' end, 'status',
        format('it is %s: let the old application complete or cancel it', o.status)),
      (case when f.side is null then 'side_unknown' end, 'side', format('the mapping does not know the side %L', o.side)),
      (case when f.pair is null then 'pair_unknown' end, 'pair', format('%L are not two currencies of the mapping', o.pair)),
      (case when f.status = 'open' and not exists (
          select from fairlock.currencies b, fairlock.currencies q
          where b.code = split_part(f.pair, '/', 1) and b.kind = 'crypto' and q.code = split_part(f.pair, '/', 2)
            and q.kind = 'fiat') then 'pair_not_traded' end, 'pair',
        format('%s is not a coin against a currency: it cannot be offered', f.pair)),
      (fairlock_adoption.amount_fault('price', o.price, false), 'price',
        coalesce('the price is ' || o.price, 'there is none')),
      (fairlock_adoption.amount_fault('amount', o.amount, false), 'amount',
        coalesce('the amount is ' || o.amount, 'there is none')),
      (case when fairlock_adoption.cut(o.amount) * fairlock_adoption.cut(o.price) >= 1000000000000
          or f.status = 'open' and fairlock_adoption.cut(o.amount) > 900000000000 then 'amount_too_large' end,
        'total_value', 'price times amount is more than can be kept'),
      (case when f.status <> 'open' and f.counterparty = f.person then 'self_trade' end, 'metadata',
        'both sides are the same person'),
      (case when f.status not in ('open', 'live') and f.named is not null and f.counterparty is null
          then 'counterparty_missing' end, 'metadata', 'nobody has been carried as ' || f.named)
    ) faults (code, col, message) where code is not null
  );
end $$;

-- Price times amount, rounded as a take rounds it.
create or replace function fairlock_adoption.total_of(p_price numeric, p_amount numeric, p_pair text) returns numeric
language sql stable
as $$
  select round(p_price * p_amount,
    coalesce((select decimals from fairlock.currencies where code = split_part(p_pair, '/', 2)), 8))
$$;

-- What of an old trade has no place in the record or offer that is made of it.
create or replace function fairlock_adoption.trade_remnants(
  o fairlock_adoption.old_crypto_trades, f fairlock_adoption.trade_facts
) returns fairlock_adoption.remnant[]
language plpgsql stable
as $$
begin
  return (
    select array(
      select (o.key, col, code, value)::fairlock_adoption.remnant
      from fairlock_adoption.order_terms(case when f.status = 'open' then f.metadata end, 1) t
      -- Closed, or about to be because the order turned round.
      left join fairlock.offers closed on closed.id = fairlock_adoption.try_uuid(o.key) and f.status = 'open'
        and (closed.status = 'closed'
          or (closed.maker_id, closed.side, closed.base_currency || '/' || closed.quote_currency)
            is distinct from (f.person, f.side, f.pair))
      cross join lateral (values
        ('price', case when fairlock_adoption.rest(o.price) is not null then 'decimals_cut' end,
          fairlock_adoption.rest(o.price)),
        ('amount', case when fairlock_adoption.rest(o.amount) is not null then 'decimals_cut' end,
          fairlock_adoption.rest(o.amount)),
        ('total_value', case when o.total_value is not null and abs(fairlock_adoption.cut(o.total_value)
            - fairlock_adoption.total_of(fairlock_adoption.cut(o.price), fairlock_adoption.cut(o.amount), f.pair)) < 0.01
            is not true then 'total_differs' end, o.total_value),
        ('fee', fairlock_adoption.fee_fault(o.fee), o.fee),
        ('fee', case when fairlock_adoption.fee_fault(o.fee) is null and fairlock_adoption.rest(o.fee) is not null
          then 'decimals_cut' end, fairlock_adoption.rest(o.fee)),
        ('fee_currency', case when btrim(o.fee_currency) <> ''
          and fairlock_adoption.mapped('currency', o.fee_currency) is null
          then 'currency_unknown' end, o.fee_currency),
        ('transaction_id', case when f.status = 'open' or o.transaction_id is null then null
          when f.transaction is null then 'transaction_missing'
          when f.transaction_person not in (f.person, f.counterparty) or f.counterparty is null
            and f.transaction_person <> f.person then 'transaction_of_another' end, o.transaction_id),
        ('timestamp', case when fairlock_adoption.possible(o.timestamp) is null then
          case when o.timestamp is null and not o.extra ? 'timestamp' then 'time_missing' else 'time_impossible' end end,
          coalesce(o.timestamp::text, o.extra ->> 'timestamp')),
        ('created_at', case when fairlock_adoption.possible(o.created_at) is null then
          case when o.created_at is null and not o.extra ? 'created_at' then 'time_missing' else 'time_impossible' end end,
          coalesce(o.created_at::text, o.extra ->> 'created_at')),
        ('metadata', case when btrim(o.metadata) <> '' and fairlock_adoption.try_jsonb(o.metadata) is null
          then 'json_invalid' end, fairlock_adoption.without_secrets_in_text(o.metadata)),
        ('metadata', case when f.metadata is distinct from fairlock_adoption.without_secrets(f.metadata)
          then 'secret_in_clear' end, null),
        ('metadata', case when t.unknown is not null then 'payment_method_unknown' end, t.unknown),
        ('status', case when closed.id is not null then 'offer_closed' end, o.status),
        ('user_id', case when closed.maker_id <> f.person then 'offer_closed' end, o.user_id),
        ('side', case when closed.side <> f.side then 'offer_closed' end, o.side),
        ('pair', case when closed.base_currency || '/' || closed.quote_currency <> f.pair then 'offer_closed' end, o.pair),
        ('price', case when closed.price <> fairlock_adoption.cut(o.price) then 'offer_closed' end, o.price),
        ('amount', case when closed.total_amount <> fairlock_adoption.cut(o.amount) then 'offer_closed' end, o.amount),
        ('status', case when f.status = 'open' and exists (select from fairlock_next.crypto_trades
            where id = fairlock_adoption.try_uuid(o.key) and (offer_id is not null or escrow_id is not null))
          then 'record_kept' end, o.status),
        ('status', case when f.status <> 'open' and exists (select from fairlock.offers
            where id = fairlock_adoption.try_uuid(o.key) and taken_amount > 0) then 'traded_on_both_sides' end, o.status)
      ) remnants (col, code, value) where code is not null
    )
  );
end $$;

-- What a record was worth in US dollars: by its own price, where its money has a rate; else by what its coin was worth then,
-- or is now. Nothing where nobody can tell.
create or replace function fairlock_adoption.dollars(
  p_pair text, p_amount numeric, p_total numeric, p_at timestamptz, p_rate numeric, p_base_rate numeric
) returns numeric
language plpgsql stable
as $$
declare
  v_value numeric := p_total * p_rate;
begin
  if v_value is null then
    v_value := p_amount * coalesce(fairlock_adoption.price_then(split_part(p_pair, '/', 1), p_at), p_base_rate);
  end if;
  return case when v_value < 1000000000000 then round(v_value, 8) end;
end $$;
