select 'fairlock.settings has no row' as problem where not exists (select from fairlock.settings);
