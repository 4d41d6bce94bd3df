select 'fairlock.kyc_levels is missing' as problem where to_regclass('fairlock.kyc_levels') is null
union all
select 'a KYC level has no limits: ' || level from unnest(array['none', 'basic', 'full', 'institution']) level
where level not in (select k.level from fairlock.kyc_levels k)
