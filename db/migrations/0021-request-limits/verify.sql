select 'table fairlock.request_counts is missing' as problem where to_regclass('fairlock.request_counts') is null;
