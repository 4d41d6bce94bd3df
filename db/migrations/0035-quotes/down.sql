-- keep fairlock.market_quotes
-- keep fairlock.settings (quote_max_age_seconds, quote_least_sources, quote_most_spread_percent, reference_max_age_hours)
drop table fairlock.market_quotes;
alter table fairlock.settings
  drop column quote_max_age_seconds, drop column quote_least_sources, drop column quote_most_spread_percent,
  drop column reference_max_age_hours;
