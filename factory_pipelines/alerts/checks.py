"""Checks of the outbox. They stop nothing: a message that failed must not keep others from going out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from factory_pipelines.orchestration.checks import schema_differences
from factory_pipelines.warehouse.pool import Warehouse

_KEY = dg.AssetKey(["alerts", "deliveries"])

# A doubtful send is news for a day; the flag itself stays in the table for good.
_DOUBTFUL_IS_NEWS_FOR = timedelta(days=1)

_SHOWN = 20

_COLUMNS = (
    "delivery_id",
    "created_at",
    "kind",
    "recipient_name",
    "recipient_problem",
    "channel",
    "status",
    "provider_status",
    "attempt_count",
    "doubtful",
    "error_code",
    "error_text",
    "body",
)


def message_table(rows: Sequence[Mapping[str, Any]]) -> dg.TableMetadataValue:
    """Messages as a table for the UI."""
    records = [dg.TableRecord({name: _cell(row[name]) for name in _COLUMNS}) for row in rows]
    return dg.MetadataValue.table(records, dg.TableSchema([dg.TableColumn(name, "string") for name in _COLUMNS]))


@dg.asset_check(asset=_KEY, description="Every message was sent, or is still tried; none was given up.")
def no_dead_letters(warehouse: dg.ResourceParam[Warehouse]) -> dg.AssetCheckResult:
    """Fails while a dead letter waits for somebody: mend its cause, then requeue it."""
    from factory_pipelines.alerts import ledger

    return _result(ledger.dead_letters(warehouse), dg.AssetCheckSeverity.ERROR)


@dg.asset_check(asset=_KEY, description="No message of the last 24 hours may have been sent more than once.")
def no_doubtful_sends(warehouse: dg.ResourceParam[Warehouse]) -> dg.AssetCheckResult:
    """Warns about attempts that ended without a known result."""
    from factory_pipelines.alerts import ledger

    since = datetime.now(UTC) - _DOUBTFUL_IS_NEWS_FOR
    return _result(ledger.doubtful_sends(warehouse, since), dg.AssetCheckSeverity.WARN)


@dg.asset_check(asset=_KEY, description="The outbox has exactly the declared columns, types and nullability.")
def schema_as_declared(warehouse: dg.ResourceParam[Warehouse]) -> dg.AssetCheckResult:
    """Compares the declaration with the database."""
    from factory_pipelines.alerts.tables import ALERT_DELIVERIES

    differences = schema_differences(warehouse, ALERT_DELIVERIES)
    return dg.AssetCheckResult(passed=not differences, metadata={"differences": dg.MetadataValue.json(differences)})


CHECKS = [no_dead_letters, no_doubtful_sends, schema_as_declared]


def _result(rows: Sequence[Mapping[str, Any]], severity: dg.AssetCheckSeverity) -> dg.AssetCheckResult:
    metadata: dict[str, Any] = {"failures": len(rows)}
    if rows:
        metadata["failing_rows"] = message_table(rows[:_SHOWN])
    return dg.AssetCheckResult(passed=not rows, severity=severity, metadata=metadata)


def _cell(value: Any) -> str | int | float | bool | None:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
