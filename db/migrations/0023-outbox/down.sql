-- keep fairlock.outbox
drop table fairlock.outbox;
