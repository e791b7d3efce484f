-- What server this is, and how large its database has grown.
SELECT
    current_setting('server_version') AS postgres_version,
    warehouse.edition() AS timescaledb,
    pg_database_size(current_database()) AS database_bytes
