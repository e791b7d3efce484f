"""Production as Dagster assets: the RTMS pull, and the tables computed from it inside the warehouse."""

from datetime import UTC, datetime
from typing import Any

import dagster as dg

from factory_pipelines.orchestration.partitions import PRODUCTION_DAYS, selected_days
from factory_pipelines.orchestration.rebuild import rebuilt
from factory_pipelines.production import charts
from factory_pipelines.production.rtms import RtmsError, RtmsSource
from factory_pipelines.production.rtms_tables import SESSION_WISE_PRODUCTION, SUPERVISORS
from factory_pipelines.production.tables import (
    EFFICIENCY_BY_LEVEL,
    EMPLOYEE_EFFICIENCY,
    LINE_OUTPUT,
    OPERATION_BENCHMARK,
)
from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.pool import Warehouse

OWNERS = ["team:production"]

# A range of days is one run: ninety runs of a second each would cost ninety process starts.
_DAILY: dict[str, Any] = {
    "partitions_def": PRODUCTION_DAYS,
    "backfill_policy": dg.BackfillPolicy.single_run(),
    "owners": OWNERS,
    "code_version": "1",
}
_PULL: dict[str, Any] = {"group_name": "rtms", "kinds": {"sqlserver", "postgres"}}
_COMPUTED: dict[str, Any] = {**_DAILY, "group_name": "production", "kinds": {"sql", "timescaledb"}}


@dg.asset(key=SESSION_WISE_PRODUCTION.key, metadata=SESSION_WISE_PRODUCTION.metadata(), **_PULL, **_DAILY)
def session_wise_production(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse], rtms: dg.ResourceParam[RtmsSource]
) -> dg.MaterializeResult[Any]:
    """Production by employee, operation and device as RTMS has it now; repeating the pull changes nothing.

    Rows that break the contract are kept in `rtms.quarantine`, each with its reasons.
    """
    from factory_pipelines.production.ingest import pull_range

    first, last = selected_days(context)
    try:
        pulls = pull_range(warehouse, rtms, first, last, now=datetime.now(UTC))
    except RtmsError as error:
        raise _failure(error) from error
    # A pull that changed nothing leaves the version, and so everything downstream, as fresh as it was.
    version = warehouse.rows("production/pull_version", {"first": first, "last": last})[0]["version"]
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version),
        metadata={
            "dagster/row_count": sum(p.rows_accepted for p in pulls),
            "rows_read": sum(p.rows_read for p in pulls),
            "rows_refused": sum(p.rows_refused for p in pulls),
            "rows_changed": sum(p.rows_inserted + p.rows_updated + p.rows_deleted for p in pulls),
            "source": rtms.name,
        },
    )


@dg.asset(key=SUPERVISORS.key, metadata=SUPERVISORS.metadata(), **_PULL, owners=OWNERS, code_version="1")
def supervisors(
    warehouse: dg.ResourceParam[Warehouse], rtms: dg.ResourceParam[RtmsSource]
) -> dg.MaterializeResult[Any]:
    """Who answers for a part of a line, and under which phone number."""
    from factory_pipelines.production.ingest import pull_supervisors

    try:
        result = pull_supervisors(warehouse, rtms, now=datetime.now(UTC))
    except RtmsError as error:
        raise _failure(error) from error
    return dg.MaterializeResult(
        metadata={"dagster/row_count": result.rows_accepted, "rows_refused": result.rows_refused}
    )


@dg.asset(
    key=OPERATION_BENCHMARK.key,
    metadata=OPERATION_BENCHMARK.metadata(),
    deps=[session_wise_production],
    **_COMPUTED,
)
def operation_benchmark(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult[Any]:
    """The best of each operation: what 100 % relative efficiency means, and how many people it rests on."""
    return rebuilt(context, warehouse, OPERATION_BENCHMARK)


@dg.asset(
    key=EMPLOYEE_EFFICIENCY.key,
    metadata=EMPLOYEE_EFFICIENCY.metadata(),
    deps=[session_wise_production, operation_benchmark],
    **_COMPUTED,
)
def employee_efficiency(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult[Any]:
    """Efficiency, relative efficiency and band of everybody, one row per RTMS row."""
    result = rebuilt(context, warehouse, EMPLOYEE_EFFICIENCY)
    return _with(result, {"people_by_band": charts.people_by_band(warehouse, selected_days(context)[1])})


@dg.asset(
    key=EFFICIENCY_BY_LEVEL.key,
    metadata=EFFICIENCY_BY_LEVEL.metadata(),
    deps=[session_wise_production, employee_efficiency],
    **_COMPUTED,
)
def efficiency_by_level(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult[Any]:
    """Efficiency of every unit, floor, line, style, part, operation, device and employee: sums over sums."""
    # The view of that name adds devices and employees to the groups kept here.
    return rebuilt(context, warehouse, EFFICIENCY_BY_LEVEL, into="efficiency_of_groups")


@dg.asset(key=LINE_OUTPUT.key, metadata=LINE_OUTPUT.metadata(), deps=[session_wise_production], **_COMPUTED)
def line_output(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[Any]:
    """What left each line's final operations, and how efficiently the line worked."""
    result = rebuilt(context, warehouse, LINE_OUTPUT)
    last = selected_days(context)[1]
    # The trend moves once a day; drawing it every ten minutes would fill the event log with the same picture.
    is_over = last < load_settings().plant.clock().production_day(datetime.now(UTC))
    return _with(result, charts.lines_of_day(warehouse, last, with_trend=is_over))


def _with(result: dg.MaterializeResult[Any], metadata: dict[str, Any]) -> dg.MaterializeResult[Any]:
    return dg.MaterializeResult(metadata={**(result.metadata or {}), **metadata})


def _failure(error: RtmsError) -> dg.Failure:
    """Says whether trying again can help, so that a wrong password is not tried all day."""
    return dg.Failure(str(error), metadata={"remedy": error.remedy}, allow_retries=error.retryable)
