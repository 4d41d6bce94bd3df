-- How often an address, a person or an API key has asked in the running minute, summed over all API processes. What is
-- lost in a crash is one minute's counting: hence unlogged. One row a bucket, rewritten in place.
create unlogged table fairlock.request_counts (
  -- A hash: the table holds no addresses in clear.
  bucket text primary key check (length(bucket) <= 50),
  -- Minutes since 1970.
  minute integer not null,
  count  integer not null check (count >= 0)
) with (fillfactor = 50);
