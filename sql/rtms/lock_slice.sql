-- One writer at a time for one slice; taken before the source is asked, so that an older answer never overwrites a newer one.
SELECT pg_advisory_xact_lock(hashtextextended(%(slice)s || warehouse.current_organization()::text, 0));
