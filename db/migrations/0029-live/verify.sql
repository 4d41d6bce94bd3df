select 'table ' || name || ' is missing' as problem
from unnest(array['fairlock.live_events', 'fairlock.live_state', 'fairlock.news_set_aside',
                  'fairlock.announcements']) name
where to_regclass(name) is null;
