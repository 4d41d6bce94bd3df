select 'table fairlock.api_keys is missing' as problem where to_regclass('fairlock.api_keys') is null;
