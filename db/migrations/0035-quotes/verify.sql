select 'fairlock.market_quotes is missing' as problem where to_regclass('fairlock.market_quotes') is null
