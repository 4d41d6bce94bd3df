-- The outbox: news of what happened, in the transaction of its cause. It says what and about whom, never how anybody is
-- told; src/notifications takes the rows away.
grant select, insert, delete on fairlock.outbox to fairlock_engine;

alter table fairlock.outbox enable row level security, force row level security;
create policy "the engine writes and takes news" on fairlock.outbox to fairlock_engine using (true);

set local role fairlock_engine;

-- Publishes a piece of news for these people: facts and ids, no secret and nobody's words. The trade's
-- guard writes its row itself: a call would cost every release a little more.
create function fairlock.publish(p_kind text, p_people uuid[], p_trade uuid, p_data jsonb default '{}') returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into fairlock.outbox (kind, people, trade_id, data)
  values (p_kind, array_remove(p_people, null), p_trade, coalesce(p_data, '{}'));
end $$;
reset role;
