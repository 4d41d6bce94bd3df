-- keep fairlock.access_grants
-- keep fairlock.duty_hours
-- keep fairlock.settings (grant_hours, break_glass_minutes, break_glass_review_days)
alter table fairlock.settings
  drop column grant_hours,
  drop column break_glass_minutes,
  drop column break_glass_review_days;
drop table fairlock.duty_hours;
drop table fairlock.access_grants;
