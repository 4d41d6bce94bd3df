select 'table ' || name || ' is missing' as problem
from unnest(array['fairlock.recovery_codes', 'fairlock.passkeys', 'fairlock.passkey_challenges']) name
where to_regclass(name) is null
union all
select format('crypto_profiles %s has two_factor_enabled without a two_factor_secret', id)
from public.crypto_profiles where two_factor_enabled and two_factor_secret is null
union all
select format('credentials of %s say %s of a second factor', c.user_id, c.second_factor)
from fairlock.credentials c
where c.second_factor <> (
  exists (select from public.crypto_profiles p where p.user_id = c.user_id and p.two_factor_enabled)
  or exists (select from fairlock.passkeys k where k.user_id = c.user_id));
