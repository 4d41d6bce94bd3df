select 'the table fairlock.outside_wallets is missing' as problem where to_regclass('fairlock.outside_wallets') is null
