"""From the efficiency table to alerts: a pull is decided upon once, as soon as its table is computed and not before."""

from datetime import UTC, date, datetime, timedelta

import pytest
from psycopg import sql

from factory_pipelines.alerts.breaches import Pull
from factory_pipelines.demo.first_hour import pull_last_hour
from factory_pipelines.production.ingest import pull_day
from factory_pipelines.production.lookout import breaches_of, evaluate_latest
from factory_pipelines.production.rtms_csv import CsvRtms
from factory_pipelines.settings import AlertSettings, DemoSettings, Settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.slices import rebuild_days

from .golden import EDGES, GOLDEN, code_location, run_supervisors

DAY = date.fromisoformat(EDGES)
NOON = datetime(2025, 9, 10, 6, 30, tzinfo=UTC)  # 12:00 in the plant
SEED = Settings(alerts=AlertSettings(policy="seed"))


def pull(warehouse: Warehouse, at: datetime) -> int | None:
    return pull_day(warehouse, CsvRtms(GOLDEN), DAY, now=at).pull_id


def compute(warehouse: Warehouse) -> None:
    for table in ("operation_benchmark", "employee_efficiency"):
        rebuild_days(warehouse, sql.Identifier("production", table), DAY, DAY, f"production/{table}")


def test_a_pull_waits_until_its_table_is_computed_and_is_decided_upon_once(warehouse: Warehouse) -> None:
    assert run_supervisors(code_location(warehouse)).success
    assert evaluate_latest(warehouse, SEED, NOON).breaches == 0, "nothing was pulled"
    pull(warehouse, NOON)
    assert evaluate_latest(warehouse, SEED, NOON).breaches == 0, "the table is still being computed"
    compute(warehouse)
    first = evaluate_latest(warehouse, SEED, NOON)
    assert first.ignored is None
    assert first.breaches > 0
    assert first.opened > 0
    assert first.messages > 0
    again = evaluate_latest(warehouse, SEED, NOON + timedelta(minutes=1))
    assert again.ignored
    assert (again.opened, again.messages) == (0, 0)


def test_breaches_name_the_supervisor_of_line_and_part(warehouse: Warehouse) -> None:
    assert run_supervisors(code_location(warehouse)).success
    pull(warehouse, NOON)
    compute(warehouse)
    found = {b.subject: b for b in breaches_of(warehouse, SEED, Pull(1, NOON, DAY))}
    assert (found["emp:30005"].recipient_name, found["emp:30005"].recipient_phone) == ("Supervisor 01", "9876543210")
    # Without a code the device is the subject; below 85 % of both target and best, whoever it is.
    assert {"device:RT00130", "device:RT00131"} <= set(found)
    assert "emp:30000" not in found, "at 95 % of the target nobody is in breach"
    assert "emp:30020" not in found, "the only one on an operation is its best"
    assert "emp:30023" not in found, "without a target nobody is low"


@pytest.mark.parametrize("order", ["rtms_row_id", "rtms_row_id DESC", "md5(rtms_row_id::text)"])
def test_the_order_of_rows_does_not_matter(warehouse: Warehouse, order: str) -> None:
    """Sums of floats depend on the order of their terms: compared as floats, a computed table might never look done."""
    pull(warehouse, NOON)
    warehouse.execute(sql.SQL("UPDATE rtms.session_wise_production SET eff100 = 0.1 + 1e3 / (rtms_row_id % 97 + 3)"))
    compute(warehouse)
    rows = sql.SQL("CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM production.employee_efficiency")
    with warehouse.transaction() as conn:
        conn.execute(rows)
        conn.execute("DELETE FROM production.employee_efficiency")
        # A name of this list's own.
        conn.execute(
            sql.SQL("INSERT INTO production.employee_efficiency SELECT * FROM kept ORDER BY ") + sql.SQL(order)
        )
    assert evaluate_latest(warehouse, SEED, NOON).ignored is None
    assert warehouse.rows("production/latest_pull", {"day": DAY})


def test_the_digest_sends_far_fewer_messages_than_there_are_breaches(warehouse: Warehouse) -> None:
    pull_last_hour(warehouse, Settings(demo=DemoSettings(scale=0.3)), datetime(2026, 11, 20, 6, 30, tzinfo=UTC))
    [sent] = warehouse.rows(sql.SQL("SELECT count(*) AS n FROM alerts.alert_deliveries"))
    [breaches] = warehouse.rows(sql.SQL("SELECT sum(breach_count) AS n FROM alerts.evaluations"))
    assert 0 < sent["n"] < breaches["n"] / 10
