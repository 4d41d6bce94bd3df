select 'table ' || name || ' is missing' as problem
from unnest(array['fairlock.dispute_assignments', 'fairlock.dispute_rulings', 'fairlock.dispute_entries']) name
where to_regclass(name) is null
union all
select 'crypto_disputes has no ' || name
from unnest(array['opened_by', 'stage', 'answer_due_at', 'answered_at', 'ruling_due_at', 'escalated_at', 'lost_by']) name
where not exists (
  select from pg_attribute where attrelid = 'public.crypto_disputes'::regclass and attname = name and not attisdropped
)
union all
select 'fairlock.settings has no second_arbitrator_amounts'
where not exists (
  select from pg_attribute where attrelid = 'fairlock.settings'::regclass and attname = 'second_arbitrator_amounts'
    and not attisdropped
);
