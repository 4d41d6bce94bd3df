-- Old transactions become lines of statements without a category, which marks them as from before Fairlock: the ledger
-- knows nothing of them. docs/operating/migration.md says by which rules.

-- Whoever has to find the trades that name a transaction which was not there when they were carried.
create index if not exists set_aside_links on fairlock_adoption.set_aside (value)
  where table_name = 'crypto_trades' and column_name = 'transaction_id' and length(value) <= 100;

-- A number as the new schema keeps money: cut off after the eighth decimal, which promises nobody more than they have.
-- Nothing when it is none, not finite, or too large to keep.
create or replace function fairlock_adoption.amount(p_text text) returns numeric
language sql immutable
as $$
  select case when m > -1000000000000 and m < 1000000000000 then trunc(m, 8) end from fairlock_adoption.money(p_text) m
$$;

-- What is wrong with a text that should be money; nothing when nothing is, or when there is none.
create or replace function fairlock_adoption.fault_of_amount(p_text text) returns text
language sql immutable
as $$
  select case
    when p_text is null then null
    when m is null then 'not_a_number'
    when m in ('NaN', 'Infinity', '-Infinity') then 'not_finite'
    when m <= -1000000000000 or m >= 1000000000000 then 'too_large'
    when m < 0 then 'negative'
    when m <> trunc(m, 8) then 'too_many_decimals'
  end from fairlock_adoption.money(p_text) m
$$;

-- A code of a currency: as the mapping says, else as it is, in capitals.
create or replace function fairlock_adoption.currency(p_text text) returns text
language sql stable
as $$ select coalesce(fairlock_adoption.mapped('currency', p_text), nullif(upper(btrim(p_text)), '')) $$;

-- Which part of a fee went to the network. Gas that was used, times its price in the coin, in billionths or in
-- trillionths of a millionth of it (gwei and wei), whichever makes a part of the fee that is no mere speck; else the whole
-- of a movement on a chain, and nothing of one inside the platform.
create or replace function fairlock_adoption.network_part(p_fee numeric, p_type text, p_gas_used text, p_gas_price text)
returns numeric
language sql immutable
as $$
  select case when p_fee is not null then least(p_fee, coalesce(
    (select round(cost * unit, 8)
     from (values (1::numeric), (1e-9), (1e-18)) units (unit),
       lateral (select fairlock_adoption.money(p_gas_used) * fairlock_adoption.money(p_gas_price) as cost) gas
     where cost > 0 and cost < 'Infinity' and cost * unit between p_fee * 0.000001 and p_fee * 1.000001
     order by unit desc limit 1),
    case when p_type in ('deposit', 'withdrawal', 'transfer') then p_fee else 0 end)) end
$$;

-- The price of a coin in US dollars at a moment, where it was written down: of its minute, its hour or its day.
create or replace function fairlock_adoption.price_then(p_currency text, p_at timestamptz) returns numeric
language sql stable set timezone = 'UTC'
as $$
  select coalesce(
    (select close from fairlock.price_history
     where currency = p_currency and not is_sample and at = date_trunc('minute', p_at)),
    (select close from fairlock.price_hours where currency = p_currency and not is_sample and at = date_trunc('hour', p_at)),
    (select close from fairlock.price_days where currency = p_currency and not is_sample and at = date_trunc('day', p_at)))
$$;

-- Moments that no calendar has, as databases write them for "never".
create or replace function fairlock_adoption.moment(p_at timestamptz) returns timestamptz
language sql immutable
as $$ select case when p_at > '1970-01-01 00:00+00' and p_at < '2200-01-01 00:00+00' then p_at end $$;

-- Removes lines whose old rows are gone or can no longer be kept.
create or replace function fairlock_adoption.drop_transactions(p_ids uuid[]) returns void
language sql
as $$
  update fairlock_next.crypto_trades set transaction_id = null where transaction_id = any (p_ids);
  delete from fairlock_next.crypto_transactions where id = any (p_ids) and category is null
$$;

create or replace function fairlock_adoption.carry_crypto_transactions(p_keys text[]) returns fairlock_adoption.outcome
language sql
as $$ select fairlock_adoption.carry_in_parts('step_crypto_transactions', 'crypto_transactions', p_keys) $$;
