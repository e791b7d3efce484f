"""The headcount of a simulated plant against the truth: a small version of ``benchmarks/headcount.py``."""

from datetime import date, timedelta

from psycopg import sql

from factory_pipelines.demo.presence import Presence
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.headcount_run import run_days


def test_three_days_round_the_clock_stay_near_the_truth(warehouse: Warehouse, settings: Settings) -> None:
    presence = Presence(7, clock=settings.plant.clock(), scale=0.25, miss_in=0.01, miss_out=0.03)
    measured = run_days(warehouse, settings, presence, date(2025, 9, 9), 3, timedelta(minutes=60))
    # A quarter of the plant for three days, from a cold start: the bars of the benchmark do not hold here yet.
    assert measured.relative_pct(measured.error) < 3
    assert measured.relative_pct(measured.reset_error) > 2.5 * measured.relative_pct(measured.error)
    assert measured.least >= 0
    assert sum(measured.is_within) / len(measured.is_within) > 0.93
    assert measured.listed / measured.employees >= 0.995
    assert measured.lines / measured.employees < 1.3
    reasons = warehouse.rows(
        sql.SQL("SELECT area_id, reason, count(*) AS nights FROM occupancy.headcount_corrections GROUP BY 1, 2")
    )
    nights = {(row["area_id"], row["reason"]): row["nights"] for row in reasons}
    assert nights["office", "nobody_expected"] == 3
    assert nights["utilities", "reconciled"] == 3
    assert ("utilities", "nobody_expected") not in nights
