"""Operations: keeping the platform itself healthy, and telling somebody when it is not.

Belongs here: incidents (failed runs, failed checks, stale data, dead sensors), retention of Dagster's history, the
doctor, Dagster's home, the probe and the supervisor of long-lived processes. Does not: what a production supervisor is
told (``production``), how any message is sent (``alerts``).
"""
