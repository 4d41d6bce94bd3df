select 'ledger.transfers does not know openings' as problem
where not exists (
  select from pg_constraint where conname = 'transfers_kind' and conrelid = 'ledger.transfers'::regclass and convalidated
    and pg_get_constraintdef(oid) like '%opening%'
)
union all
select format('crypto_trades %s breaks the law %s', id, fairlock.broken_law(r))
from public.crypto_trades r where fairlock.broken_law(r) is not null;
