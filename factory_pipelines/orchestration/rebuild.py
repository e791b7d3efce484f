"""What every table computed in SQL does when it is materialized."""

from typing import Any

import dagster as dg

from factory_pipelines.orchestration.partitions import selected_days
from factory_pipelines.orchestration.tables import Table
from factory_pipelines.warehouse.pool import Warehouse


def rebuilt(
    context: dg.AssetExecutionContext, warehouse: Warehouse, table: Table, *, into: str | None = None
) -> dg.MaterializeResult[Any]:
    """Replaces the run's production days of ``table`` with what ``sql/<schema>/<name>.sql`` inserts.

    Args:
        context: of the asset, which is partitioned by production day.
        warehouse: open to the writer.
        table: names the schema and the query.
        into: the table that is written, where the query's is a view on it.
    """
    from psycopg import sql

    from factory_pipelines.warehouse.slices import rebuild_days

    first, last = selected_days(context)
    target = sql.Identifier(table.schema, into or table.name)
    rows = rebuild_days(warehouse, target, first, last, f"{table.schema}/{table.name}")
    return dg.MaterializeResult(metadata={"dagster/row_count": rows})
