"""Identity as Dagster assets: what the edge writes, the erasures, and the retention of snapshots."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
from pydantic import Field

from factory_pipelines.identity.tables import CONSENTS, ERASURES, FACES, RECOGNITIONS
from factory_pipelines.orchestration.partitions import PRODUCTION_DAYS
from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.pool import Warehouse

OWNERS = ["team:people"]
_ERRORS_SHOWN = 20

# Written by the edge as people agree, enrol and pass: Dagster knows these, checks them, and does not make them.
consents = dg.AssetSpec(
    key=CONSENTS.key,
    description="Who agreed to be recognised, for what, until when. Written by the edge.",
    group_name="identity",
    kinds={"postgres"},
    owners=OWNERS,
    metadata=CONSENTS.metadata(),
)
faces = dg.AssetSpec(
    key=FACES.key,
    deps=[CONSENTS.key],
    description="Enrolled faces, none without a consent. Written by the edge.",
    group_name="identity",
    kinds={"postgres"},
    owners=OWNERS,
    metadata=FACES.metadata(),
)
recognitions = dg.AssetSpec(
    key=RECOGNITIONS.key,
    deps=[FACES.key],
    description="Every searched picture and what came of it. Written by the edge.",
    group_name="identity",
    kinds={"timescaledb"},
    owners=OWNERS,
    metadata=RECOGNITIONS.metadata(),
    partitions_def=PRODUCTION_DAYS,
)


@dg.asset(
    key=ERASURES.key,
    deps=[CONSENTS.key, FACES.key, RECOGNITIONS.key],
    group_name="identity",
    kinds={"postgres", "aws"},
    owners=OWNERS,
    code_version="1",
    metadata=ERASURES.metadata(),
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=6), warn_window=timedelta(hours=3)),
)
def erasures(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[Any]:
    """Ends consents whose time is over, and forgets everybody who has none left; goes on with what was held up."""
    # Here, because numpy and the matchers cost every process that loads the code location their time.
    from factory_pipelines.identity.erasure import expire, work_off
    from factory_pipelines.identity.matchers import Matchers, snapshot_store

    settings = load_settings()
    expired = expire(warehouse, datetime.now(UTC))
    matchers = Matchers(settings.identity, warehouse)
    states = work_off(warehouse, matchers.of, snapshot_store(settings), lambda: datetime.now(UTC))
    held_up = [state for state in states if state.completed_at is None]
    for state in held_up:
        context.log.warning("erasure %s waits: %s", state.erasure_id, state.waits_for)
    return dg.MaterializeResult(
        metadata={
            "people_without_consent": len(expired),
            "erasures_completed": len(states) - len(held_up),
            "erasures_waiting": len(held_up),
        }
    )


class SnapshotRetentionConfig(dg.Config):
    """How one clean-up runs; the nightly schedule uses the defaults."""

    dry_run: bool = Field(default=False, description="Only count what would be deleted.")
    retention_days: int | None = Field(
        default=None, ge=1, description="Keep snapshots for so many days; default: FACTORY_IDENTITY__RETENTION_DAYS."
    )


@dg.asset(
    key=["identity", "snapshot_retention"],
    group_name="identity",
    kinds={"filesystem"},
    owners=OWNERS,
    code_version="1",
)
def snapshot_retention(
    context: dg.AssetExecutionContext, config: SnapshotRetentionConfig, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult[Any]:
    """Deletes snapshots of all kinds that are too old; a file that cannot be deleted does not stop the others."""
    from factory_pipelines.identity.matchers import snapshot_store
    from factory_pipelines.identity.retention import clean_snapshots

    settings = load_settings()
    days = config.retention_days or settings.identity.retention_days
    today = settings.plant.clock().production_day(datetime.now(UTC))
    store = snapshot_store(settings)
    done = clean_snapshots(warehouse, store, today=today, days=days, dry_run=config.dry_run)
    for path, why in done.errors.items():
        context.log.warning("%s: %s", path, why)
    metadata: dict[str, Any] = {
        "dry_run": config.dry_run,
        "retention_days": days,
        "files_deleted": done.files_deleted,
        "bytes_freed": done.bytes_freed,
        "files_kept": done.files_kept,
        "errors": len(done.errors),
    }
    if done.errors:
        rows = [dg.TableRecord({"path": path, "why": why}) for path, why in list(done.errors.items())[:_ERRORS_SHOWN]]
        columns = [dg.TableColumn("path", "string"), dg.TableColumn("why", "string")]
        metadata["first_errors"] = dg.MetadataValue.table(rows, dg.TableSchema(columns))
    return dg.MaterializeResult(metadata=metadata)
