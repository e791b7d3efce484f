"""The last hour as the ten-minute pulls would have seen it: what a fresh demo has to show at any time of the day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from psycopg import sql

from factory_pipelines.demo.first_hour import pull_last_hour
from factory_pipelines.settings import DemoSettings, Settings
from factory_pipelines.warehouse.pool import Warehouse

SMALL = Settings(demo=DemoSettings(scale=0.3))
FRIDAY_NOON = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)  # 12:00 in the plant
MONDAY_DAWN = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # 06:30 in the plant, after a Sunday


def pulls(warehouse: Warehouse) -> list[tuple[date, datetime]]:
    rows = warehouse.rows(sql.SQL("SELECT production_day, started_at FROM rtms.pulls ORDER BY pull_id"))
    return [(row["production_day"], row["started_at"]) for row in rows]


def test_seven_pulls_ten_minutes_apart_lead_up_to_now(warehouse: Warehouse) -> None:
    breaches = pull_last_hour(warehouse, SMALL, FRIDAY_NOON)
    assert pulls(warehouse) == [
        (date(2026, 11, 20), FRIDAY_NOON - timedelta(minutes=10 * (6 - number))) for number in range(7)
    ]
    [counted] = warehouse.rows(
        sql.SQL("SELECT count(*) AS n FROM production.employee_efficiency"
                " WHERE efficiency_pct < 85 AND relative_efficiency_pct < 85")
    )  # fmt: skip
    assert breaches == counted["n"] > 0
    [alerts] = warehouse.rows(sql.SQL("SELECT count(*) AS n FROM alerts.alerts WHERE status = 'open'"))
    assert alerts["n"] > 0, "sustained over an hour, somebody must have been told"


@pytest.mark.parametrize(
    ("now", "day", "end"),
    [
        (MONDAY_DAWN, date(2026, 11, 21), datetime(2026, 11, 21, 14, 30, tzinfo=UTC)),
        (datetime(2026, 11, 20, 20, 0, tzinfo=UTC), date(2026, 11, 20), datetime(2026, 11, 20, 14, 30, tzinfo=UTC)),
    ],
    ids=["before work begins: the last working day", "after work: the end of today"],
)
def test_outside_working_hours_it_is_the_end_of_the_last_working_day(
    warehouse: Warehouse, now: datetime, day: date, end: datetime
) -> None:
    pull_last_hour(warehouse, SMALL, now)
    assert pulls(warehouse)[-1] == (day, end)
    assert {production_day for production_day, _ in pulls(warehouse)} == {day}
