-- What old numbers, words and moments of transactions and trades become, and what is wrong with them. The codes are those
-- of the table of dirt in docs/operating/migration.md.

-- Money as the new schema keeps it: cut off after the eighth decimal, which promises nobody more than they have. Nothing
-- when it is no number, not finite, or too large to keep.
create or replace function fairlock_adoption.cut(p_text text) returns numeric
language plpgsql immutable
as $$
declare
  m numeric := fairlock_adoption.money(p_text);
begin
  return case when m > -1000000000000 and m < 1000000000000 then trunc(m, 8) end;
end $$;

-- Why a text cannot be an amount that is more than nothing; nothing when it can. p_name begins the code.
create or replace function fairlock_adoption.amount_fault(p_name text, p_text text, p_may_be_negative boolean) returns text
language plpgsql immutable
as $$
declare
  m numeric := fairlock_adoption.money(p_text);
begin
  return case
    when m is null or m = 'NaN' then p_name || '_not_a_number'
    when m in ('Infinity', '-Infinity') then p_name || '_infinite'
    when abs(m) >= 1000000000000 then 'amount_too_large'
    when trunc(m, 8) = 0 or m < 0 and not p_may_be_negative then p_name || '_not_positive'
  end;
end $$;

-- The same for a fee, which may be nothing, and need not be there.
create or replace function fairlock_adoption.fee_fault(p_text text) returns text
language plpgsql immutable
as $$
declare
  m numeric := fairlock_adoption.money(p_text);
begin
  return case
    when p_text is null then null
    when m is null or m = 'NaN' then 'fee_not_a_number'
    when m in ('Infinity', '-Infinity') then 'fee_infinite'
    when m < 0 then 'fee_negative'
    when m >= 1000000000000 then 'amount_too_large'
  end;
end $$;

-- What is cut off of a number that can be kept but for its last decimals; nothing when nothing is.
create or replace function fairlock_adoption.rest(p_text text) returns text
language plpgsql immutable
as $$
declare
  m numeric := fairlock_adoption.money(p_text);
begin
  return case when abs(m) < 1000000000000 and m <> trunc(m, 8) then trim_scale(m - trunc(m, 8))::text end;
end $$;

-- A moment that can be: coins are from 2009 on, and clocks may differ by a day.
create or replace function fairlock_adoption.possible(p_at timestamptz) returns timestamptz
language sql stable
as $$ select case when p_at >= '2009-01-01 00:00+00' and p_at < now() + interval '1 day' then p_at end $$;

-- The document in a text, without what is nothing; p_text is of a column that may be text.
create or replace function fairlock_adoption.document(p_text text) returns jsonb
language sql immutable
as $$ select nullif(fairlock_adoption.try_jsonb(p_text), 'null') $$;

-- Which part of a fee went to the network: the gas that was used times its price, in the coin, its billionths (gwei) or
-- trillionths of its millionths (wei), whichever makes a part of the fee that is no mere speck; else the whole fee of a
-- movement on a chain, and nothing of one inside the platform.
create or replace function fairlock_adoption.network_part(p_fee numeric, p_type text, p_gas numeric) returns numeric
language sql immutable
as $$
  select case
    when p_fee is null then null
    when p_fee > 0 and p_gas between p_fee * 0.000001 and p_fee * 1.000001 then least(p_fee, round(p_gas, 8))
    when p_fee > 0 and p_gas * 1e-9 between p_fee * 0.000001 and p_fee * 1.000001 then least(p_fee, round(p_gas * 1e-9, 8))
    when p_fee > 0 and p_gas * 1e-18 between p_fee * 0.000001 and p_fee * 1.000001 then least(p_fee, round(p_gas * 1e-18, 8))
    when p_type in ('deposit', 'withdrawal', 'transfer') then p_fee
    else 0 end
$$;

-- The price of a coin in US dollars at a moment, where it was written down: of its minute, its hour or its day.
create or replace function fairlock_adoption.price_then(p_currency text, p_at timestamptz) returns numeric
language sql stable
as $$
  select coalesce(
    (select close from fairlock.price_history
     where currency = p_currency and not is_sample and at = date_trunc('minute', p_at, 'UTC')),
    (select close from fairlock.price_hours
     where currency = p_currency and not is_sample and at = date_trunc('hour', p_at, 'UTC')),
    (select close from fairlock.price_days
     where currency = p_currency and not is_sample and at = date_trunc('day', p_at, 'UTC')))
$$;
