-- keep fairlock.chat_channels
-- keep fairlock.messages
-- keep fairlock.settings (chat_open_days_after_end)
alter table fairlock.settings drop column chat_open_days_after_end;
drop table fairlock.messages;
drop table fairlock.chat_channels;
