select 'table ' || name || ' is missing' as problem
from unnest(array['audit.events', 'audit.blocks', 'audit.leaves', 'audit.signing_keys', 'audit.signatures']) name
where to_regclass(name) is null
union all
select 'audit.events is not partitioned' from pg_class
where oid = to_regclass('audit.events') and relkind <> 'p';
