-- Ratings. The number and the text are in the specification's columns of the trade: seller_rating and seller_feedback are
-- what the seller received, buyer_rating and buyer_feedback what the buyer received. fairlock.ratings has what came to
-- them later, and is what other people read them by.
grant select, insert on fairlock.ratings to fairlock_engine;
grant update (answer, feedback_hidden, answer_hidden) on fairlock.ratings to fairlock_engine;
grant select on fairlock.ratings to fairlock_app;
grant update (seller_rating, buyer_rating, seller_feedback, buyer_feedback) on public.crypto_trades to fairlock_engine;

alter table fairlock.ratings enable row level security, force row level security;
create policy "the engine keeps ratings" on fairlock.ratings to fairlock_engine using (true);
create policy "both sides see the rating" on fairlock.ratings for select to fairlock_app
  using (rated_id = (select fairlock.acting_user()) or rater_id = (select fairlock.acting_user()));
create policy "a grant shows staff ratings" on fairlock.ratings for select to fairlock_app
  using (rated_id = any (array(select fairlock.granted('trades'))) and fairlock.still_granted('trades', rated_id)
    or rater_id = any (array(select fairlock.granted('trades'))) and fairlock.still_granted('trades', rater_id)
    or trade_id = any (array(select fairlock.granted('case'))) and fairlock.still_granted('case', trade_id));

set local role fairlock_engine;

-- Adds a rating to what its receiver has. The profile's row is locked first, then the pair's: two ratings of one person
-- at once come one after the other, and no mean is ever computed from a number that somebody else is changing.
create function fairlock.count_rating(p_rated uuid, p_rater uuid, p_rating numeric) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  is_low boolean := p_rated < p_rater;
begin
  perform from public.crypto_profiles where user_id = p_rated for no key update;
  with pair as (
    insert into fairlock.counterparties as c (low_id, high_id, low_ratings, low_sum, high_ratings, high_sum)
    values (least(p_rated, p_rater), greatest(p_rated, p_rater), is_low::integer, case when is_low then p_rating else 0 end,
      (not is_low)::integer, case when is_low then 0 else p_rating end)
    on conflict (low_id, high_id) do update set low_ratings = c.low_ratings + excluded.low_ratings,
      low_sum = c.low_sum + excluded.low_sum, high_ratings = c.high_ratings + excluded.high_ratings,
      high_sum = c.high_sum + excluded.high_sum
    returning case when is_low then c.low_ratings else c.high_ratings end as ratings,
      case when is_low then c.low_sum else c.high_sum end as total
  ), change as (
    -- What this counterparty's mean was, and is. Rounded, so that the sum of all means is exact and in no order.
    select (ratings = 1)::integer as rater, round(total / ratings, 8)
      - case when ratings = 1 then 0 else round((total - p_rating) / (ratings - 1), 8) end as mean from pair
  )
  update public.crypto_profiles p set rating_count = rating_count + 1, rating_sum = rating_sum + p_rating,
    average_rating = round((rating_sum + p_rating) / (rating_count + 1), 2),
    rater_count = rater_count + c.rater, rater_means = rater_means + c.mean,
    weighted_rating = round((rater_means + c.mean) / (rater_count + c.rater), 2)
  from change c where p.user_id = p_rated;
end $$;

-- I13, whoever writes the columns: a rating is given once, after a sale, and never changes; with it the means of who
-- received it. A text comes with its rating and can only go, with a person who is erased.
create function fairlock.keep_rating() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r record;
begin
  for r in select * from (values
    (new.user_id, new.buyer_id, old.seller_rating, new.seller_rating, old.seller_feedback, new.seller_feedback),
    (new.buyer_id, new.user_id, old.buyer_rating, new.buyer_rating, old.buyer_feedback, new.buyer_feedback)
  ) sides (rated, rater, was, becomes, said, says) loop
    if r.was is not null and r.becomes is distinct from r.was then
      raise exception using errcode = 'FL094', message = 'a rating is given once and never changes';
    elsif r.says is distinct from r.said and r.says is not null and (r.was is not null or r.becomes is null) then
      raise exception using errcode = 'FL094', message = 'a feedback is written together with its rating';
    elsif r.was is null and r.becomes is not null then
      if new.status <> 'completed' or old.status <> 'completed' then
        raise exception using errcode = 'FL096', message = 'a trade is rated after its sale';
      elsif length(r.says) not between 1 and 500 then
        raise exception using errcode = '23514', constraint = 'crypto_trades_feedback',
          message = 'a feedback has 1 to 500 characters';
      end if;
      insert into fairlock.ratings (trade_id, rated_id, rater_id) values (new.id, r.rated, r.rater);
      perform fairlock.count_rating(r.rated, r.rater, r.becomes);
    end if;
  end loop;
  return null;
end $$;
grant execute on function fairlock.keep_rating() to session_user;

-- The acting side's rating of the other one.
create function fairlock.rate_trade(p_trade uuid, p_rating numeric, p_feedback text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  t record;
  v_until timestamptz;
begin
  select user_id as seller, buyer_id as buyer, status, completed_at, seller_rating, buyer_rating into t
  from public.crypto_trades where id = p_trade and offer_id is not null for no key update;
  if not found or me not in (t.seller, t.buyer) then
    return fairlock.refuse('not_found');
  elsif t.status <> 'completed' then
    return fairlock.refuse('move_not_allowed', jsonb_build_object('status', t.status, 'event', 'rate'));
  elsif (case me when t.buyer then t.seller_rating else t.buyer_rating end) is not null then
    return fairlock.refuse('already_rated');
  end if;
  v_until := t.completed_at + make_interval(days => (select rating_days from fairlock.settings));
  if v_until <= clock_timestamp() then
    return fairlock.refuse('deadline_passed', jsonb_build_object('deadline', fairlock.rfc3339(v_until)));
  elsif me = t.buyer then
    update public.crypto_trades set seller_rating = p_rating, seller_feedback = p_feedback, updated_at = clock_timestamp()
    where id = p_trade;
  else
    update public.crypto_trades set buyer_rating = p_rating, buyer_feedback = p_feedback, updated_at = clock_timestamp()
    where id = p_trade;
  end if;
  perform fairlock.record_event('rating.given', 'crypto_trades', p_trade);
  perform fairlock.publish('rating.given', array[t.seller, t.buyer], p_trade, jsonb_build_object(
    'rating', p_rating::numeric(3, 2)::text, 'actor', case me when t.buyer then 'buyer' else 'seller' end));
  return (select jsonb_build_object('me', me, 'body', body) from fairlock.trade_views where id = p_trade);
end $$;

-- The rated side's answer to what was written about them; once.
create function fairlock.answer_rating(p_trade uuid, p_text text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  t record;
  r fairlock.ratings;
begin
  select user_id as seller, buyer_id as buyer into t from public.crypto_trades
  where id = p_trade and offer_id is not null for no key update;
  if not found or me not in (t.seller, t.buyer) then
    return fairlock.refuse('not_found');
  end if;
  select * into r from fairlock.ratings where trade_id = p_trade and rated_id = me for no key update;
  if not found then
    return fairlock.refuse('nothing_to_answer');
  elsif r.answer is not null then
    return fairlock.refuse('already_answered');
  end if;
  update fairlock.ratings set answer = p_text where id = r.id;
  perform fairlock.record_event('rating.answered', 'crypto_trades', p_trade);
  perform fairlock.publish('rating.answered', array[t.seller, t.buyer], p_trade,
    jsonb_build_object('actor', case me when t.buyer then 'buyer' else 'seller' end));
  return (select jsonb_build_object('me', me, 'body', body) from fairlock.trade_views where id = p_trade);
end $$;

-- Takes a text away from everybody, or brings it back; the rating counts as before.
create function fairlock.hide_texts(p_rating uuid, p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  r fairlock.ratings;
begin
  if not (fairlock.has_role('admin') or fairlock.has_role('compliance')) then
    return fairlock.refuse('admin_only');
  end if;
  select * into r from fairlock.ratings where id = p_rating for no key update;
  if not found then
    return fairlock.refuse('not_found');
  elsif fairlock.acting_user() in (r.rated_id, r.rater_id) then
    return fairlock.refuse('own_request');
  end if;
  update fairlock.ratings set feedback_hidden = coalesce((p ->> 'feedbackHidden')::boolean, feedback_hidden),
    answer_hidden = coalesce((p ->> 'answerHidden')::boolean, answer_hidden)
  where id = p_rating returning * into r;
  return jsonb_build_object('id', r.id, 'feedbackHidden', r.feedback_hidden, 'answerHidden', r.answer_hidden);
end $$;

-- Ratings as everybody may read them: without the trade, its day and amount, and without who gave them.
create view fairlock.public_ratings as
  select r.id, r.rated_id, r.given_on, case r.rated_id when t.user_id then 'seller' else 'buyer' end as role,
    case r.rated_id when t.user_id then t.seller_rating else t.buyer_rating end as rating,
    case when not r.feedback_hidden then
      case r.rated_id when t.user_id then t.seller_feedback else t.buyer_feedback end end as feedback,
    case when not r.answer_hidden then r.answer end as answer, r.feedback_hidden, r.answer_hidden
  from fairlock.ratings r join public.crypto_trades t on t.id = r.trade_id;
grant select on fairlock.public_ratings to fairlock_app;
reset role;

create trigger ratings after update of seller_rating, buyer_rating, seller_feedback, buyer_feedback
  on public.crypto_trades for each row execute function fairlock.keep_rating();
