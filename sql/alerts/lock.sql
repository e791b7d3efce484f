-- One writer of alert state per organization at a time; released when the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('alerts:' || warehouse.current_organization()::text, 0))
