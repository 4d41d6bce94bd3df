-- People who were erased: when and why. The row is what keeps anything new from being sealed for them.
create table fairlock.erasures (
  user_id   uuid primary key references public.users (id),
  erased_at timestamptz not null default now(),
  reason    text not null check (length(btrim(reason)) between 3 and 1000)
);

-- How many values a second a rewrap may seal anew; empty is as fast as it can.
alter table fairlock.rewrap add column max_rate integer check (max_rate between 1 and 999999);
