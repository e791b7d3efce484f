"""Checks of a table, many in one step.

A domain writes one query a table that returns a row for each failure: ``check_name`` and ``failure`` (jsonb). No rows,
no failures. One step runs it and reports every check with its failing rows, so that twenty checks cost one query.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from factory_pipelines.orchestration.partitions import checked_days
from factory_pipelines.orchestration.tables import Table
from factory_pipelines.warehouse.pool import Warehouse

_SHOWN = 20

_SCHEMA_CHECK = "schema_as_declared"


def table_checks(
    table: Table,
    *,
    query: str,
    blocking: dict[str, str],
    warning: dict[str, str] | None = None,
    asset_key: dg.AssetKey | None = None,
) -> dg.AssetChecksDefinition:
    """All checks of one table as one step.

    Args:
        table: the table, whose declared columns are checked too.
        query: name of the SQL file; parameters ``first`` and ``last`` (production days), ``now``.
        blocking: check name → what it proves; a failure stops everything downstream.
        warning: likewise, but a failure only warns.
        asset_key: the asset that fills the table, where it has another name.
    """
    warning = warning or {}
    blocking = {_SCHEMA_CHECK: "The table has exactly the declared columns, types and nullability.", **blocking}
    asset_key = asset_key or table.key
    specs = [
        dg.AssetCheckSpec(name, asset=asset_key, description=text, blocking=name in blocking)
        for name, text in {**blocking, **warning}.items()
    ]

    @dg.multi_asset_check(specs=specs, name=f"{table.schema}_{table.name}_checks")
    def run_checks(
        context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> Iterator[dg.AssetCheckResult]:
        now = datetime.now(UTC)
        first, last = checked_days(context, now)
        failures: dict[str, list[Any]] = defaultdict(list)
        failures[_SCHEMA_CHECK] = schema_differences(warehouse, table)
        for row in warehouse.rows(query, {"first": first, "last": last, "now": now}):
            failures[row["check_name"]].append(row["failure"])
        if unknown := set(failures) - {spec.name for spec in specs}:
            raise ValueError(f"{query}.sql reports checks that are not declared: {', '.join(sorted(unknown))}")
        for spec in specs:
            severity = dg.AssetCheckSeverity.ERROR if spec.name in blocking else dg.AssetCheckSeverity.WARN
            yield _result(asset_key, spec.name, failures[spec.name], severity)

    return run_checks


def schema_differences(warehouse: Warehouse, table: Table) -> list[dict[str, Any]]:
    """Where the table in the database differs from its declaration; empty when it does not."""
    found = {
        row["column_name"]: (row["data_type"], row["nullable"])
        for row in warehouse.rows("warehouse/table_columns", {"schema": table.schema, "name": table.name})
    }
    declared = {
        name: (column.type, None if name in found and found[name][1] is None else column.nullable)
        for name, column in table.columns.items()
    }
    return [
        {"column": name, "declared": _spelled(declared.get(name)), "found": _spelled(found.get(name))}
        for name in sorted(declared.keys() | found.keys())
        if declared.get(name) != found.get(name)
    ]


def _spelled(column: tuple[str, bool | None] | None) -> str:
    if column is None:
        return "absent"
    return column[0] + (" NOT NULL" if column[1] is False else "")


def _result(
    asset_key: dg.AssetKey, name: str, failures: Sequence[dict[str, Any]], severity: dg.AssetCheckSeverity
) -> dg.AssetCheckResult:
    metadata: dict[str, Any] = {"failures": len(failures)}
    if failures:
        names = list(failures[0])
        records = [dg.TableRecord({n: _cell(f.get(n)) for n in names}) for f in failures[:_SHOWN]]
        metadata["failing_rows"] = dg.MetadataValue.table(
            records, dg.TableSchema([dg.TableColumn(n, "string") for n in names])
        )
    return dg.AssetCheckResult(
        asset_key=asset_key, check_name=name, passed=not failures, severity=severity, metadata=metadata
    )


def _cell(value: Any) -> str | int | float | bool | None:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
