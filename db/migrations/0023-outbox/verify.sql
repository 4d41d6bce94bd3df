select 'table fairlock.outbox is missing' as problem where to_regclass('fairlock.outbox') is null
