-- keep fairlock.notices
-- keep fairlock.password_reset_wishes
-- keep fairlock.password_resets
-- keep fairlock.email_changes
-- keep fairlock.credentials (withdrawals_paused_until)
-- keep fairlock.settings (withdrawal_pause_hours, email_change_delay_hours, session_idle_hours)
-- keep fairlock.sessions (device, signed_in_with, idle_until)
drop index fairlock.sessions_places;
drop table fairlock.email_changes;
drop table fairlock.password_resets;
drop table fairlock.password_reset_wishes;
drop table fairlock.notices;
alter table fairlock.sessions drop column device, drop column signed_in_with, drop column idle_until;
alter table fairlock.settings
  drop column withdrawal_pause_hours, drop column email_change_delay_hours, drop column session_idle_hours;
alter table fairlock.credentials drop column withdrawals_paused_until;
