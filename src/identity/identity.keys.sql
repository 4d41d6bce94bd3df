-- API keys: signing in with one.
grant select, insert on fairlock.api_keys to fairlock_engine;
grant update (last_used_at, ended_at) on fairlock.api_keys to fairlock_engine;
grant delete on fairlock.api_keys to fairlock_engine;

alter table fairlock.api_keys enable row level security, force row level security;
create policy "the engine acts for everybody" on fairlock.api_keys to fairlock_engine using (true);

set local role fairlock_engine;

-- Whose key this is and what it may do; for fairlock.authenticate. A key works for nobody who is banned: what is in
-- escrow then can still end, by its owner's own hand.
create function fairlock.use_api_key(p_key uuid, p_token_hash bytea, p_address inet)
returns table (user_id uuid, scopes text)
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  k fairlock.api_keys;
begin
  select * into k from fairlock.api_keys
  where id = p_key and token_hash = p_token_hash and ended_at is null
    and (expires_at is null or expires_at > clock_timestamp());
  if not found or fairlock.is_banned(k.user_id) then
    raise exception using errcode = 'FL001', message = 'the API key is unknown, ended, over or of somebody banned';
  end if;
  -- An unknown address is in no list.
  if k.addresses is not null and not coalesce(p_address <<= any (k.addresses::inet[]), false) then
    raise exception using errcode = 'FL002', message = 'the API key may not be used from this address';
  end if;
  if k.last_used_at is null or k.last_used_at < clock_timestamp() - interval '5 minutes' then
    update fairlock.api_keys set last_used_at = clock_timestamp() where id = p_key;
  end if;
  return query select k.user_id, array_to_string(k.scopes, ' ');
end $$;
reset role;
