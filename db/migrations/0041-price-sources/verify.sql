select 'fairlock.price_sources is missing' as problem where to_regclass('fairlock.price_sources') is null
