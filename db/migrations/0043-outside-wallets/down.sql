-- keep fairlock.outside_wallets
drop table fairlock.outside_wallets;
