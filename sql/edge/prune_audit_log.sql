-- Forgets what is older than the plant keeps its audit log.
SELECT edge.prune_audit_log(%(keep_days)s) AS removed
