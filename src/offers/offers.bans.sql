-- I12 in the tables themselves: who is banned makes and opens no offer and is in no new trade, and the offers they have
-- are off the market until the ban is over, by the clock.
grant update (hidden_until) on fairlock.offers to fairlock_engine;

set local role fairlock_engine;

-- Makes whatever this person is about to start finish first, and what would come after it wait for the caller's end:
-- their takes and new offers, and takes of their offers. For whoever bans.
create function fairlock.hold_new_business(p_user uuid) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('takes of ' || p_user, 0));
  perform pg_advisory_xact_lock(hashtextextended('offers of ' || p_user, 0));
  perform from fairlock.offers where maker_id = p_user and status <> 'closed' order by id for no key update;
end $$;

create function fairlock.refuse_banned_maker() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if fairlock.is_banned(new.maker_id) then
    raise exception using errcode = 'FL012', message = 'who is banned puts nothing on the market';
  end if;
  return new;
end $$;

create function fairlock.refuse_banned_side() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  -- What an older platform recorded has ended already.
  if not (new.offer_id is null and fairlock.is_carrying()) and exists (select from public.crypto_profiles
      where user_id in (new.user_id, new.buyer_id) and banned_until > clock_timestamp()) then
    raise exception using errcode = 'FL012', message = 'who is banned begins no trade';
  end if;
  return new;
end $$;

-- However banned_until came to change.
create function fairlock.hide_offers() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update fairlock.offers set hidden_until = new.banned_until
  where maker_id = new.user_id and status <> 'closed' and hidden_until is distinct from new.banned_until;
  return null;
end $$;
grant execute on function fairlock.refuse_banned_maker(), fairlock.refuse_banned_side(), fairlock.hide_offers()
  to session_user;

-- Bans from before there was this column.
update fairlock.offers o set hidden_until = p.banned_until from public.crypto_profiles p
where p.user_id = o.maker_id and p.banned_until > now() and o.status <> 'closed' and o.hidden_until is null;
reset role;

create trigger no_offer_while_banned before insert on fairlock.offers
  for each row execute function fairlock.refuse_banned_maker();
create trigger no_reopening_while_banned before update of status on fairlock.offers
  for each row when (new.status = 'open' and old.status <> 'open') execute function fairlock.refuse_banned_maker();
create trigger no_trade_while_banned before insert on public.crypto_trades
  for each row execute function fairlock.refuse_banned_side();
create trigger hide_offers after update of banned_until on public.crypto_profiles
  for each row when (new.banned_until is distinct from old.banned_until) execute function fairlock.hide_offers();
