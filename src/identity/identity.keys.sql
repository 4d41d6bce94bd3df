-- API keys: making and ending them, signing in with one, and what one may do.
grant select, insert on fairlock.api_keys to fairlock_engine;
grant update (last_used_at, ended_at) on fairlock.api_keys to fairlock_engine;
grant delete on fairlock.api_keys to fairlock_engine;
grant select (id, user_id, name, scopes, addresses, requests_per_minute, created_at, last_used_at, expires_at, ended_at)
  on fairlock.api_keys to fairlock_app;

alter table fairlock.api_keys enable row level security, force row level security;
create policy "the engine acts for everybody" on fairlock.api_keys to fairlock_engine using (true);
create policy "people see their API keys, but not through one" on fairlock.api_keys for select to fairlock_app
  using (user_id = (select fairlock.acting_user()) and (select fairlock.acting_key()) is null);

set local role fairlock_engine;

-- The scope that a key needs for a command. A command that is not named here is for sessions alone: whatever touches
-- security, other people or the house itself.
create function fairlock.scope_of(p_operation text) returns text
language sql immutable
as $$
  select case
    when p_operation in ('create_offer', 'change_offer', 'take_offer', 'create_price_lock', 'fund_trade', 'pay_trade',
      'release_trade', 'cancel_trade', 'add_file', 'add_evidence', 'rate_trade', 'answer_rating', 'mark_person',
      'unmark_person', 'post_message', 'read_messages', 'bind_payment_method', 'open_dispute', 'answer_dispute',
      'reply_in_dispute', 'appeal_dispute',
      -- No command: fairlock.show_payment_details asks for the scope by this name.
      'show_payment_details') then 'trade'
  end
$$;

-- Why the acting API key may not run this command; null when it may, and for sessions.
create function fairlock.refuse_scope(p_operation text) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case
    when fairlock.acting_key() is null then null
    when fairlock.scope_of(p_operation) is null then fairlock.refuse('session_only')
    when fairlock.scope_of(p_operation) <> all (string_to_array(current_setting('fairlock.scopes'), ' '))
      then fairlock.refuse('scope_missing', jsonb_build_object('scope', fairlock.scope_of(p_operation)))
  end
$$;

-- The network as it is compared: without host bits, and IPv4 that came in IPv6 clothes (::ffff:192.0.2.1) as IPv4.
create function fairlock.normal_network(p inet) returns cidr
language sql immutable
as $$
  select case when p <<= '::ffff:0:0/96'
    then network(set_masklen('0.0.0.0'::inet + (set_masklen(p, 128) - '::ffff:0:0'::inet), masklen(p) - 96))
    else network(p)
  end
$$;

-- Makes a key; the API has drawn its secret and sends the hash. At most twenty that work.
create function fairlock.create_api_key(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  k fairlock.api_keys;
begin
  -- Two requests at once count one after the other.
  perform from fairlock.credentials where user_id = me for no key update;
  if (select count(*) >= 20 from fairlock.api_keys
      where user_id = me and ended_at is null and (expires_at is null or expires_at > now())) then
    return fairlock.refuse('too_many_api_keys');
  elsif (p ->> 'expiresAt')::timestamptz <= now() then
    return fairlock.refuse('invalid_expiry', '{"field": "expiresAt"}');
  elsif p -> 'scopes' ? 'withdraw' and p -> 'addresses' is null then
    return fairlock.refuse('addresses_needed');
  end if;
  insert into fairlock.api_keys (id, user_id, name, token_hash, scopes, addresses, requests_per_minute, expires_at)
  values ((p ->> 'id')::uuid, me, p ->> 'name', decode(p ->> 'tokenHash', 'hex'),
    (select array_agg(s.scope) from unnest(array['read', 'trade', 'withdraw']) s(scope)
     where s.scope = 'read' or p -> 'scopes' ? s.scope),
    (select array_agg(distinct fairlock.normal_network(a.address::inet))
     from jsonb_array_elements_text(p -> 'addresses') a(address)),
    (p ->> 'requestsPerMinute')::integer, (p ->> 'expiresAt')::timestamptz)
  returning * into k;
  perform fairlock.record_event('api_key.created', 'api_keys', k.id, null,
    jsonb_build_object('scopes', k.scopes, 'addresses', cardinality(k.addresses)));
  perform fairlock.notify(me, 'key.created',
    jsonb_build_object('keyId', k.id, 'name', k.name, 'scopes', array_to_string(k.scopes, ', ')));
  return fairlock.api_key_json(k.id, k.name, k.scopes, k.addresses, k.requests_per_minute, k.created_at, null,
    k.expires_at);
end $$;

-- Ends one of the acting person's keys at once; refuses what is not theirs or over already.
create function fairlock.end_api_key(p_key uuid) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update fairlock.api_keys set ended_at = clock_timestamp()
  where id = p_key and user_id = fairlock.acting_user() and ended_at is null;
  if not found then
    return fairlock.refuse('not_found');
  end if;
  perform fairlock.record_event('api_key.ended', 'api_keys', p_key);
  return '{}';
end $$;

-- Ends every key of a person, for whoever closes an account or answers a theft, or those that may do more than read;
-- gives how many there were. With all of them the webhooks pause: a thief may have made those as well.
create function fairlock.end_api_keys(p_user uuid, p_readers_too boolean default true) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_ended uuid[];
begin
  with ended as (
    update fairlock.api_keys set ended_at = clock_timestamp()
    where user_id = p_user and ended_at is null and (p_readers_too or scopes <> '{read}') returning id
  ) select array_agg(id) into v_ended from ended;
  perform fairlock.record_event('api_key.ended', 'api_keys', id) from unnest(v_ended) id;
  if p_readers_too then
    update fairlock.webhooks set status = 'paused', updated_at = clock_timestamp() where user_id = p_user and status = 'live';
  end if;
  return coalesce(cardinality(v_ended), 0);
end $$;

-- A key as its owner sees it, without the secret, which nobody has.
create function fairlock.api_key_json(
  p_id uuid, p_name text, p_scopes text[], p_addresses cidr[], p_requests_per_minute integer, p_created_at timestamptz,
  p_last_used_at timestamptz, p_expires_at timestamptz
) returns jsonb
language sql stable
as $$
  select jsonb_build_object('id', p_id, 'name', p_name, 'scopes', p_scopes, 'addresses', p_addresses,
    'requestsPerMinute', p_requests_per_minute, 'createdAt', fairlock.rfc3339(p_created_at),
    'lastUsedAt', fairlock.rfc3339(p_last_used_at), 'expiresAt', fairlock.rfc3339(p_expires_at))
$$;
grant execute on function fairlock.api_key_json(uuid, text, text[], cidr[], integer, timestamptz, timestamptz, timestamptz)
  to fairlock_app;

-- Whose key this is and what it may do; for fairlock.authenticate. A key works for nobody who is banned: what is in
-- escrow then can still end, by its owner's own hand.
create function fairlock.use_api_key(p_key uuid, p_token_hash bytea, p_address inet)
returns table (user_id uuid, scopes text, requests_per_minute integer)
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
  if k.addresses is not null and not coalesce(
    fairlock.normal_network(p_address) <<= any (k.addresses::inet[]), false) then
    raise exception using errcode = 'FL002', message = 'the API key may not be used from this address';
  end if;
  if k.last_used_at is null or k.last_used_at < clock_timestamp() - interval '5 minutes' then
    update fairlock.api_keys set last_used_at = clock_timestamp() where id = p_key;
  end if;
  return query select k.user_id, array_to_string(k.scopes, ' '), k.requests_per_minute;
end $$;
reset role;
