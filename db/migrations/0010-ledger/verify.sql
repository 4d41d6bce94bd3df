select 'table ' || name || ' is missing' as problem
from unnest(array['ledger.accounts', 'ledger.transfers', 'ledger.entries', 'ledger.roll_up_mark']) name
where to_regclass(name) is null;
