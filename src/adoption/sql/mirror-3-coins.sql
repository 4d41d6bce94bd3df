-- Coins: what Fairlock moves in a wallet that was carried, it moves in the old rows that the wallet was made of.

-- One statement that locks and reads the old rows of a wallet, one that writes a balance; both as the old columns are.
create or replace function fairlock_adoption.coins_sql(out rows_sql text, out write_sql text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with c as (
    select jsonb_object_agg(name, quote_ident(column_name)) as n,
      max(type) filter (where name = 'id') as key_type, max(declared) filter (where name = 'balance') as balance_type,
      max(type) filter (where name = 'updated_at') as time_type
    from fairlock_adoption.old_columns where table_name = 'crypto_wallets'
  )
  select
    -- Locked in the order of their keys, taken from in the order that a person would: the primary one, then the oldest.
    format('with held as materialized (
        select o.%1$s::text as key, case when o.%2$s is null then 0 else fairlock_adoption.money(o.%2$s::text) end as balance,
          %3$s as is_first, %4$s as since
        from public.crypto_wallets o
        where o.%1$s = any (array(
          select c.key::%5$s from fairlock_adoption.carried c
          where c.target_id = $1 and c.table_name = ''crypto_wallets'' and c.target = ''crypto_wallets''))
          and fairlock_adoption.custody(%6$s, %7$s, %8$s)
          -- Not of a wallet that the old application has given to somebody else, or to another currency, since.
          and fairlock_adoption.mapped(''currency'', o.%9$s::text) = $3 and exists (
            select from fairlock_adoption.carried u
            where u.table_name = ''users'' and u.key = o.%10$s::text and u.target_id = $2)
        order by o.%1$s for no key update of o
      )
      select key, balance from held order by is_first desc, since nulls last, key',
      n ->> 'id', n ->> 'balance', coalesce(format('coalesce(o.%s::text in (''t'', ''true'', ''1''), false)',
        n ->> 'is_primary'), 'false'), coalesce('o.' || (n ->> 'created_at'), 'null::timestamptz'), key_type,
      coalesce(format('o.%s::text', n ->> 'wallet_provider'), 'null'),
      coalesce(format('o.%s::text', n ->> 'chain_type'), 'null'),
      coalesce(format('o.%s::text', n ->> 'is_connected'), 'null'), n ->> 'currency', n ->> 'user_id'),
    format('update public.crypto_wallets set %1$s = $1::%2$s%3$s where %4$s operator(pg_catalog.=) $2::%5$s '
      'returning %1$s::text',
      n ->> 'balance', balance_type, case time_type
        when 'timestamp with time zone' then format(', %s = clock_timestamp()', n ->> 'updated_at')
        when 'timestamp without time zone' then format(', %s = clock_timestamp() at time zone %L', n ->> 'updated_at',
          (select coalesce(mapping ->> 'zone', 'UTC') from fairlock_adoption.state)) else '' end,
      n ->> 'id', key_type)
  from c
$$;

-- What the new books count of an old balance.
create or replace function fairlock_adoption.counted(p_balance numeric) returns numeric
language sql immutable set search_path = pg_catalog, pg_temp
as $$ select trunc(p_balance, 8) $$;

-- Writes a balance to an old row, and gives what the row holds then: nothing where the old database did not let it. A
-- binary fraction that would be rounded up is the one below it.
create or replace function fairlock_adoption.write_coins(p_sql text, p_key text, p_wanted numeric, p_type text)
returns numeric
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_after numeric := fairlock_adoption.money(fairlock_adoption.there(p_sql, p_wanted::text, p_key));
begin
  if v_after > p_wanted and p_type in ('real', 'double precision') then
    v_after := fairlock_adoption.money(fairlock_adoption.there(p_sql,
      (p_wanted * (1 - case p_type when 'real' then 1.2e-7 else 2.3e-16 end))::text, p_key));
  end if;
  return fairlock_adoption.counted(v_after);
end $$;

-- The same for coins that come: where a law of the old database refuses the balance, nothing of it is written, and noted.
create or replace function fairlock_adoption.offer_coins(
  p_wallet uuid, p_sql text, p_key text, p_wanted numeric, p_type text
) returns numeric
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  return fairlock_adoption.write_coins(p_sql, p_key, p_wanted, p_type);
exception when others then
  if sqlstate in ('40001', '40P01', '55P03') then
    raise exception using errcode = '40001', message = sqlerrm;
  end if;
  perform fairlock_adoption.note_failure('crypto_wallets', p_wallet, 'coins', sqlstate, sqlerrm);
  return null;
end $$;

-- Adds to the old rows of a wallet what was added to the wallet, or takes it from them. The ledger account is locked by
-- whoever posts, so nobody else of Fairlock's and no carry is at these rows. The old application may be: its locks are
-- waited for briefly, less long than PostgreSQL waits before it looks for a deadlock, and then Fairlock begins again. So
-- a deadlock of the two never costs the old application its transaction.
create or replace function fairlock_adoption.move_coins(p_wallet uuid, p_user uuid, p_currency text, p_delta numeric)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_sql record;
  v_settings text[] := fairlock_adoption.mirror_settings();
  v_timeout text := current_setting('lock_timeout');
  v_type text;
  v_scale integer;
  v_unheld numeric := coalesce((select amount from fairlock_adoption.unheld where wallet_id = p_wallet), 0);
  v_left numeric := p_delta;
  v_part numeric;
  v_wanted numeric;
  v_after numeric;
  v_keys text[] := '{}';
  v_balances numeric[] := '{}';
  r record;
begin
  select * into v_sql from fairlock_adoption.coins_sql();
  select type, scale into v_type, v_scale from fairlock_adoption.old_columns
  where table_name = 'crypto_wallets' and name = 'balance';
  perform set_config('lock_timeout', '300ms', true), fairlock_adoption.begin_mirror('coins');
  begin
    for r in execute v_sql.rows_sql using p_wallet, p_user, p_currency loop
      -- What is no amount any more is quarantined by the next carry, and gives nothing until then.
      continue when r.balance is null or r.balance in ('NaN', 'Infinity', '-Infinity') or r.balance < 0;
      v_keys := v_keys || r.key;
      v_balances := v_balances || r.balance;
    end loop;
  exception when lock_not_available then
    raise exception using errcode = '40001', message = 'the old application holds the wallet';
  end;
  if p_delta < 0 and p_delta + v_unheld + coalesce((
      select sum(fairlock_adoption.counted(b)) from unnest(v_balances) b), 0) < 0 then
    raise exception using errcode = '23514', constraint = 'accounts_never_negative',
      message = 'the old application has spent these coins';
  end if;
  for i in 1 .. cardinality(v_keys) loop
    v_part := case when p_delta > 0 then v_left else greatest(v_left, -fairlock_adoption.counted(v_balances[i])) end;
    exit when v_left = 0;
    continue when v_part = 0;
    v_wanted := case when v_scale is null then v_balances[i] + v_part else trunc(v_balances[i] + v_part, v_scale) end;
    if p_delta > 0 then
      v_after := fairlock_adoption.offer_coins(p_wallet, v_sql.write_sql, v_keys[i], v_wanted, v_type);
      continue when v_after is null;
    else
      v_after := fairlock_adoption.write_coins(v_sql.write_sql, v_keys[i], v_wanted, v_type);
      -- Coins that the old row still shows could be spent there once more.
      if v_after is null or v_after > fairlock_adoption.counted(v_balances[i]) + v_part then
        raise exception using errcode = '23514', constraint = 'accounts_never_negative',
          message = 'the old database does not let these coins go';
      end if;
    end if;
    -- What the column did not take stays beside it; what a trigger gave on top is the old application's, and carried.
    v_part := v_part - (v_after - fairlock_adoption.counted(v_balances[i]));
    v_unheld := v_unheld + greatest(v_part, 0);
    if v_part < 0 then
      insert into fairlock_adoption.marks (table_name, key, written) values ('crypto_wallets', v_keys[i], true);
    end if;
    v_left := case when p_delta > 0 then 0
      else v_left - greatest(v_left, -fairlock_adoption.counted(v_balances[i])) end;
  end loop;
  v_unheld := v_unheld + v_left;
  if v_unheld <> 0 or exists (select from fairlock_adoption.unheld where wallet_id = p_wallet) then
    insert into fairlock_adoption.unheld (wallet_id, amount) values (p_wallet, v_unheld)
    on conflict (wallet_id) do update set amount = excluded.amount;
  end if;
  perform set_config('lock_timeout', v_timeout, true), fairlock_adoption.end_mirror(v_settings);
end $$;

create or replace function fairlock_adoption.mirror_wallet() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_group jsonb;
begin
  if not fairlock_adoption.is_mirroring() then
    -- A Fairlock that is still connected, while the old application is alone: it would spend what that one may spend, too.
    if tg_op = 'UPDATE' and exists (select from fairlock_adoption.state where phase in ('adopted', 'expanding', 'parked'))
      and not (coalesce(current_setting('fairlock.carrying', true), '') = 'on' and session_user <> 'fairlock_app') then
      raise exception using errcode = '57P03', message = 'the old application is alone with these coins',
        hint = 'fairlock db up brings Fairlock back.';
    end if;
    return null;
  elsif tg_op = 'UPDATE' then
    perform fairlock_adoption.move_coins(new.id, new.user_id, new.currency, new.balance - old.balance);
    return null;
  end if;
  -- A wallet of the kind that most of those in custody are, or it would not count as one.
  select g into v_group from fairlock_adoption.state, jsonb_array_elements(mapping -> 'wallets') g
  where (g ->> 'custody')::boolean order by (g ->> 'wallets')::bigint desc limit 1;
  perform fairlock_adoption.insert_old('crypto_wallets', 'crypto_wallets', new.id, jsonb_build_object(
    'user_id', fairlock_adoption.old_key('users', new.user_id), 'wallet_address', 'fairlock:' || new.id,
    'wallet_provider', v_group -> 'provider', 'chain_type', v_group -> 'chain', 'balance', 0,
    'currency', fairlock_adoption.old_word('currency', new.currency), 'is_primary', false,
    'is_connected', coalesce(v_group -> 'connected', 'false'), 'created_at', new.created_at, 'updated_at', new.updated_at));
  if new.balance <> 0 then
    perform fairlock_adoption.move_coins(new.id, new.user_id, new.currency, new.balance);
  end if;
  return null;
end $$;

do $$
begin
  if to_regclass('fairlock_next.crypto_wallets') is not null then
    create or replace trigger mirror after insert on fairlock_next.crypto_wallets
      for each row execute function fairlock_adoption.mirror_wallet();
    create or replace trigger mirror_coins after update of balance on fairlock_next.crypto_wallets
      for each row when (new.balance is distinct from old.balance) execute function fairlock_adoption.mirror_wallet();
  end if;
end $$;
