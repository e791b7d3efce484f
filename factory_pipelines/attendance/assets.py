"""Attendance as Dagster assets: shift instances, the ledger of punches and payroll lines, written as one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from factory_pipelines.attendance.tables import (
    EMPLOYEE_ATTENDANCE,
    PAYROLL_LINES,
    PUNCH_FILES,
    PUNCH_LEDGER,
    PUNCHES,
)
from factory_pipelines.orchestration.partitions import PRODUCTION_DAYS, selected_days
from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.pool import Warehouse

OWNERS = ["team:people"]


@dg.asset(
    key=PUNCHES.key,
    metadata=PUNCHES.metadata(),
    group_name="attendance",
    kinds={"http", "timescaledb"},
    owners=OWNERS,
    code_version="1",
    partitions_def=PRODUCTION_DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def punches(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[Any]:
    """What the terminals said, each event once; written by the API as it arrives, never deleted. Here it is counted."""
    first, last = selected_days(context)
    clock = load_settings().plant.clock()
    params = {"punched_from": clock.window(first)[0], "punched_to": clock.window(last)[1]}
    (found,) = warehouse.rows("attendance/count_punches", params)
    times = {name: str(found[name]) for name in ("newest", "reported_until") if found[name] is not None}
    return dg.MaterializeResult(metadata={"dagster/row_count": found["punches"], "people": found["people"], **times})


@dg.asset(
    key=PUNCH_FILES.key,
    metadata=PUNCH_FILES.metadata(),
    group_name="attendance",
    kinds={"csv", "timescaledb"},
    owners=OWNERS,
    code_version="1",
)
def punch_files(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[Any]:
    """Files that terminals export into the inbox, each taken once by its content; stored whole or not at all."""
    from factory_pipelines.attendance.inbox import import_inbox

    settings = load_settings()
    done = import_inbox(warehouse, settings, now=datetime.now(UTC))
    counts = {name: sum(getattr(one, name) for one in done) for name in ("rows", "accepted", "duplicates", "refused")}
    reasons = [one.reason for one in done if one.reason is not None]
    inbox = str(settings.attendance.inbox) if settings.attendance.inbox else "none (FACTORY_ATTENDANCE__INBOX)"
    return dg.MaterializeResult(
        metadata={"inbox": inbox, "files": len(done), **counts, "refused_files": "\n".join(reasons) or "none"}
    )


def _output(table: Any, description: str, deps: list[dg.AssetKey]) -> dg.AssetSpec:
    return dg.AssetSpec(
        table.key,
        description=description,
        metadata=table.metadata(),
        group_name="attendance",
        kinds={"python", "timescaledb"},
        owners=OWNERS,
        code_version="1",
        deps=deps,
    )


@dg.multi_asset(
    specs=[
        _output(EMPLOYEE_ATTENDANCE, "One row a person and shift, by the day it began.", [PUNCHES.key]),
        _output(PUNCH_LEDGER, "What became of every punch: its shift, or why it has none.", [PUNCHES.key]),
        _output(PAYROLL_LINES, "What is paid, and adjustments of frozen periods.", [EMPLOYEE_ATTENDANCE.key]),
    ],
    name="attendance",
    partitions_def=PRODUCTION_DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def attendance_tables(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> Iterator[dg.MaterializeResult[Any]]:
    """The selected days of everybody, and every other day that new punches touched; one transaction.

    Repeating it changes nothing; punches that come late, twice or in another order give the same rows.
    """
    from factory_pipelines.attendance.recompute import recompute_days

    first, last = selected_days(context)
    done = recompute_days(warehouse, load_settings(), first, last, now=datetime.now(UTC))
    shared = {"person_days": done.days}
    yield dg.MaterializeResult(
        asset_key=EMPLOYEE_ATTENDANCE.key, metadata={"dagster/row_count": done.instances, **shared}
    )
    yield dg.MaterializeResult(asset_key=PUNCH_LEDGER.key, metadata={"dagster/row_count": done.punches, **shared})
    yield dg.MaterializeResult(
        asset_key=PAYROLL_LINES.key,
        metadata={"dagster/row_count": done.lines, "adjustments": done.adjustments, **shared},
    )
