select format('public.%s.%s has no time zone', relname, attname) as problem
from pg_attribute
join pg_class on pg_class.oid = attrelid
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and attnum > 0 and not attisdropped
  and (relname like 'crypto\_%' or relname = 'users') and atttypid = 'timestamp'::regtype;
