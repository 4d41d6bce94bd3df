-- keep audit.events
drop table audit.events;
drop schema audit;
