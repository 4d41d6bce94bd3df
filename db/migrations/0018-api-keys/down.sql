-- keep fairlock.api_keys
drop table fairlock.api_keys;
