select 'audit.events is missing' as problem where to_regclass('audit.events') is null;
