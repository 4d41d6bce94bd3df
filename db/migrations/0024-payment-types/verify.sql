select 'table fairlock.payment_method_types is missing' as problem
where to_regclass('fairlock.payment_method_types') is null;
