-- keep fairlock.settings
drop table fairlock.trade_transitions;
drop table fairlock.settings;
