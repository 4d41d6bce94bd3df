-- Open orders of the old platform become offers. The old application goes on showing them: what ends there is closed here.

-- What the metadata of an order says of how it may be taken. Nothing is made up: a field that is not there, or impossible,
-- is what it is for an order that says nothing; a way to pay that the catalogue does not know is told in `unknown`.
create or replace function fairlock_adoption.order_terms(
  p_metadata jsonb, p_amount numeric,
  out total numeric, out least_amount numeric, out most_amount numeric, out methods text[], out unknown text,
  out minutes integer, out terms text, out expires_at timestamptz
)
language plpgsql stable
as $$
declare
  v_words text[];
  v_said jsonb;
  v_filled numeric;
begin
  v_said := coalesce(p_metadata -> 'payment_methods', p_metadata -> 'paymentMethods', p_metadata -> 'payment_method_types',
    p_metadata -> 'paymentMethodTypes', p_metadata -> 'payment_method', p_metadata -> 'paymentMethod',
    p_metadata -> 'payment_type', p_metadata -> 'payment');
  v_words := case jsonb_typeof(v_said)
    when 'array' then array(select jsonb_array_elements_text(v_said))
    when 'string' then regexp_split_to_array(btrim(v_said #>> '{}'), '\s*[,;]\s*') else '{}' end;
  select array_agg(distinct m.slug) filter (where m.slug is not null), string_agg(w, ', ') filter (where m.slug is null)
  into methods, unknown
  from unnest(v_words) w
  cross join lateral (select lower(regexp_replace(btrim(w), '[^A-Za-z0-9]+', '_', 'g')) as word) s
  -- By its name only where it is no slug: the catalogue is short, but not for every order.
  cross join lateral (select coalesce(
    (select slug from fairlock.payment_method_types where slug = case s.word
      when 'bank' then 'bank_transfer' when 'wire' then 'bank_transfer' when 'wire_transfer' then 'bank_transfer'
      when 'banktransfer' then 'bank_transfer' when 'in_person' then 'cash' else s.word end),
    (select min(slug) from fairlock.payment_method_types where lower(name) = lower(btrim(w)))) as slug) m
  where btrim(w) <> '';
  v_filled := fairlock_adoption.cut(coalesce(p_metadata ->> 'filled_amount', p_metadata ->> 'filledAmount',
    p_metadata ->> 'filled'));
  total := p_amount - case when v_filled > 0 and v_filled < p_amount then v_filled else 0 end;
  least_amount := fairlock_adoption.cut(coalesce(p_metadata ->> 'min_amount', p_metadata ->> 'minAmount'));
  most_amount := fairlock_adoption.cut(coalesce(p_metadata ->> 'max_amount', p_metadata ->> 'maxAmount'));
  most_amount := case when most_amount > 0 then least(most_amount, total) else total end;
  -- An order without a least part is taken as a whole, as it was meant.
  least_amount := case when least_amount > 0 and least_amount <= most_amount then least_amount else most_amount end;
  minutes := coalesce((select m from fairlock_adoption.try_bigint(coalesce(p_metadata ->> 'payment_window_minutes',
    p_metadata ->> 'payment_window')) m where m between 10 and 20160), 30);
  terms := (select left(t, 4000) from coalesce(p_metadata ->> 'terms', p_metadata ->> 'instructions') t
    where btrim(t) <> '' and not fairlock_adoption.is_secret_value('terms', t));
  expires_at := fairlock_adoption.try_timestamptz(coalesce(p_metadata ->> 'expires_at', p_metadata ->> 'expiresAt'),
    fairlock_adoption.zone());
end $$;

-- Takes offers off the market whose orders have ended in the old application; trades that run on them go on.
create or replace function fairlock_adoption.close_orders(p_ids uuid[]) returns void
language sql
as $$
  update fairlock.offers set status = 'closed', closed_at = clock_timestamp(), updated_at = clock_timestamp(),
    version = version + 1
  where id = any (p_ids) and status <> 'closed'
$$;

do $$
begin
  if to_regtype('fairlock_adoption.open_order') is null then
    create type fairlock_adoption.open_order as (
      id uuid, person uuid, side text, pair text, price numeric, amount numeric, metadata jsonb, created_at timestamptz
    );
  end if;
end $$;

-- Writes the offers of open orders. An order whose metadata does not say how it is paid, or which has run out, is paused:
-- its maker has to look at it. One that is known already follows what the old application changed; a closed one stays so.
create or replace function fairlock_adoption.write_offers(p_orders fairlock_adoption.open_order[]) returns void
language plpgsql
as $$
begin
  -- Maker, side and pair of an offer never change: an order that turned round is another one, and nobody may take the first.
  perform fairlock_adoption.close_orders(array(
    select o.id from unnest(p_orders) n join fairlock.offers o on o.id = n.id
    where (o.maker_id, o.side, o.base_currency || '/' || o.quote_currency) is distinct from (n.person, n.side, n.pair)));
  update fairlock.offers o set price = n.price, total_amount = greatest(t.total, o.taken_amount),
    min_amount = t.least_amount, max_amount = t.most_amount,
    payment_method_types = coalesce(t.methods, o.payment_method_types), payment_window_minutes = t.minutes,
    terms = t.terms, expires_at = case when t.expires_at > now() then t.expires_at end,
    version = version + 1, updated_at = clock_timestamp()
  from (select n.* from unnest(p_orders) n join fairlock.offers known on known.id = n.id offset 0) n
  cross join lateral fairlock_adoption.order_terms(n.metadata, n.amount) t
  where o.id = n.id and o.status <> 'closed' and o.pricing = 'fixed'
    and (o.price, o.total_amount, o.min_amount, o.max_amount, o.payment_method_types, o.payment_window_minutes, o.terms)
      is distinct from (n.price, greatest(t.total, o.taken_amount), t.least_amount, t.most_amount,
        coalesce(t.methods, o.payment_method_types), t.minutes, t.terms);
  insert into fairlock.offers (id, maker_id, side, base_currency, quote_currency, pricing, price, total_amount,
    min_amount, max_amount, payment_method_types, payment_window_minutes, terms, status, expires_at, created_at, updated_at)
  select n.id, n.person, n.side, split_part(n.pair, '/', 1), split_part(n.pair, '/', 2), 'fixed', n.price, t.total,
    t.least_amount, t.most_amount, coalesce(t.methods, '{bank_transfer}'), t.minutes, t.terms,
    case when t.methods is null or t.expires_at <= now() then 'paused' else 'open' end,
    case when t.expires_at > now() then t.expires_at end, n.created_at, clock_timestamp()
  from (select * from unnest(p_orders) n
    where not exists (select from fairlock.offers known where known.id = n.id) offset 0) n
  cross join lateral fairlock_adoption.order_terms(n.metadata, n.amount) t;
end $$;
