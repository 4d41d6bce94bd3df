select 'index ' || name || ' is missing or not valid' as problem
from unnest(array['users_email_lower', 'crypto_profiles_display_name', 'crypto_trades_live_takes']) name
where not exists (
  select from pg_index i join pg_class c on c.oid = i.indexrelid where c.relname = name and i.indisvalid
);
