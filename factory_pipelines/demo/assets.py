"""The demo as Dagster assets: what happens in the simulated plant is sent on, and the scoreboard looks back."""

from collections.abc import Sequence
from dataclasses import astuple, fields
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from factory_pipelines.demo.scores import Score
from factory_pipelines.orchestration.tables import Column, Table
from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.pool import Warehouse

SCOREBOARD = Table(
    "demo",
    "scoreboard",
    {
        "computed_at": Column("timestamp with time zone", "When the comparison was made."),
        "name": Column("text", "What was measured."),
        "value": Column("double precision", "The measured value; NULL where there was nothing to measure.", True),
        "unit": Column("text", "Unit of value and bar."),
        "bar": Column("double precision", "What the value is held against; NULL where it is only told.", True),
        "met": Column("boolean", "Whether the bar is met; NULL without value or bar.", True),
        "detail": Column("text", "What was compared, over what, and what the error is."),
        "organization_id": Column("uuid", "Whose row this is."),
    },
)

FEED = Table(
    "demo",
    "feed",
    {
        "organization_id": Column("uuid", "Whose row this is."),
        "fed_from": Column("timestamp with time zone", "The history of people begins here."),
        "fed_until": Column("timestamp with time zone", "Everything before this has been sent."),
        "vehicles_from": Column("timestamp with time zone", "The history of vehicles begins here."),
    },
)

# Named by key: the demo looks at these tables, it does not belong to their domain.
_COMPARED = [
    dg.AssetKey(["rtms", "session_wise_production"]),
    dg.AssetKey(["production", "line_output"]),
    dg.AssetKey(["production", "efficiency_model"]),
    dg.AssetKey(["production", "efficiency_forecast"]),
    dg.AssetKey(["attendance", "employee_attendance"]),
    dg.AssetKey(["attendance", "punch_ledger"]),
    dg.AssetKey(["gate", "gate_events"]),
    dg.AssetKey(["occupancy", "headcounts"]),
]


@dg.asset(
    key=FEED.key,
    group_name="demo",
    kinds={"python", "postgres"},
    owners=["team:platform"],
    code_version="1",
    metadata=FEED.metadata(),
)
def feed(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[Any]:
    """Punches, door crossings and vehicles of the simulated plant, sent to attendance, occupancy and the gate.

    Everything from the last time up to now, through the domains' own doors; repeating it, or killing it anywhere,
    doubles nothing.
    """
    from factory_pipelines.demo.feed import feed as send

    fed = send(warehouse, load_settings(), datetime.now(UTC))
    return dg.MaterializeResult(
        metadata={
            "fed_until": str(fed.until),
            "punches": fed.punches,
            "occupancy_events": fed.occupancy_events,
            "vehicles": fed.vehicles,
        }
    )


@dg.asset(
    key=SCOREBOARD.key,
    deps=_COMPARED,
    group_name="demo",
    kinds={"python", "postgres"},
    owners=["team:platform"],
    code_version="1",
    metadata=SCOREBOARD.metadata(),
)
def scoreboard(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[Any]:
    """Our error on every claim: tables, alerts and forecasts compared with the simulated factory's truth.

    Each run adds its scores to `demo.scoreboard`; `factory score` prints the same.
    """
    from factory_pipelines.demo import charts
    from factory_pipelines.demo.scoreboard import gather, score_all

    now = datetime.now(UTC)
    evidence = gather(warehouse, load_settings(), now)
    scores = score_all(evidence)
    keep(warehouse, scores, now)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(scores),
            "bars_met": sum(score.met is True for score in scores),
            "bars_missed": sum(score.met is False for score in scores),
            "scores": _as_table(scores),
            "messages": charts.messages(evidence.replay),
            "forecast_against_truth": charts.forecast_against_truth(evidence.forecasts),
        }
    )


def keep(warehouse: Warehouse, scores: Sequence[Score], now: datetime) -> None:
    """Adds the scores to ``demo.scoreboard``."""
    from psycopg import sql

    from factory_pipelines.warehouse.copy import copy_rows

    columns = ["computed_at", *(field.name for field in fields(Score))]
    rows = [(now, *astuple(score)) for score in scores]
    with warehouse.transaction() as conn:
        copy_rows(conn, sql.Identifier(SCOREBOARD.schema, SCOREBOARD.name), columns, rows)


def _as_table(scores: Sequence[Score]) -> dg.TableMetadataValue:
    marks = {True: "✓", False: "✗", None: "–"}
    records = [
        dg.TableRecord(
            {
                "met": marks[score.met],
                "name": score.name,
                "value": "unknown" if score.value is None else f"{score.value:g} {score.unit}",
                "bar": "" if score.bar is None else f"{score.bar:g} {score.unit}",
                "detail": score.detail,
            }
        )
        for score in scores
    ]
    names = ("met", "name", "value", "bar", "detail")
    return dg.MetadataValue.table(records, dg.TableSchema([dg.TableColumn(name, "string") for name in names]))
