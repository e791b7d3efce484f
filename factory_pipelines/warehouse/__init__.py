"""The warehouse: one PostgreSQL or TimescaleDB that holds everything.

Belongs here: addresses and roles, the connection pool, COPY, migrations, the embedded server, backup, named SQL files.
Does not belong here: the tables of a domain (``sql/migrations``), a domain's queries (``sql/<domain>``), anything of
Dagster.
"""
