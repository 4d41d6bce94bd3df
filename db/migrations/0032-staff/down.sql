-- keep fairlock.kyc_requests
-- keep fairlock.bans
-- keep fairlock.offers (hidden_until)
alter table fairlock.offers drop column hidden_until;
drop table fairlock.bans;
drop table fairlock.kyc_requests;
