-- keep fairlock.request_counts
drop table fairlock.request_counts;
