-- keep fairlock.key_encryption_keys
-- keep fairlock.data_keys
-- keep fairlock.rewrap
drop table fairlock.rewrap;
drop table fairlock.data_keys;
drop table fairlock.key_encryption_keys;
