-- What waits for staff, in numbers: how many, and since when the longest. No person is named.
set local role fairlock_engine;

create function fairlock.waiting(p_count bigint, p_since timestamptz) returns jsonb
language sql stable
as $$ select jsonb_build_object('waiting', p_count, 'longestSince', fairlock.rfc3339(p_since)) $$;

-- Each part for the roles that work on it; null for the others. What is about the acting person themselves somebody else
-- has to do, so it is not counted.
create function fairlock.desk() returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  v_reviews boolean := fairlock.may_review();
  v_arbitrates boolean := fairlock.has_role('admin') or fairlock.has_role('arbitrator');
  v_answer jsonb := '{"kycRequests": null, "paymentMethods": null, "disputes": null, "breakGlass": null, "accessRequests": null}';
begin
  if not (v_reviews or v_arbitrates or fairlock.has_role('support')) then
    return fairlock.refuse('staff_only');
  end if;
  if v_arbitrates then
    v_answer := v_answer || jsonb_build_object('disputes', (
      select fairlock.waiting(count(*), min(created_at)) from public.crypto_disputes
      where resolved_at is null and me not in (raised_by, against_user_id)));
  end if;
  if not v_reviews then
    return v_answer;
  end if;
  return v_answer || jsonb_build_object(
    'kycRequests', (
      select fairlock.waiting(count(*), min(asked_at))
        || jsonb_build_object('claimed', count(*) filter (where fairlock.is_claimed(r)),
          'claimedByYou', count(*) filter (where r.claimed_by = me and fairlock.is_claimed(r)))
      from fairlock.kyc_requests r where status = 'asked' and user_id <> me),
    'paymentMethods', (
      select fairlock.waiting(count(*), min(created_at)) from public.crypto_payment_methods
      where verification_status = 'pending' and user_id <> me),
    'breakGlass', (
      select fairlock.waiting(count(*), min(asked_at)) from fairlock.access_grants
      where break_glass and reviewed_at is null and staff_id <> me),
    'accessRequests', (
      select fairlock.waiting(count(*), min(asked_at)) from fairlock.access_grants
      where status = 'asked' and starts_at > now() - interval '1 day' and staff_id <> me));
end $$;
grant execute on function fairlock.desk() to fairlock_app;
reset role;
