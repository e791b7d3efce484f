"""A small day of production, put into the warehouse as a pull would."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from psycopg import sql

from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.slices import rebuild_days

DAY = date(2025, 9, 12)


@dataclass(frozen=True)
class Row:
    """One RTMS row, as far as the API looks at it."""

    line_name: str
    emp_code: str | None
    prodn_pcs: int
    eff100: float | None
    new_oper_seq: str = "A1-Stitch"
    style_no: str = "STYLE-1"
    part_name: str = "Front"
    unit_code: str = "U1"
    floor_name: str = "FLOOR-1"


# By hand: 270 pieces of 300 targeted are 90 %; the best of A1-Stitch made 100, the best of B2-Hem 90.
ROWS = (
    Row("L1", "e1", 100, 100.0),
    Row("L1", "e2", 80, 100.0),
    Row("L2", "e3", 90, 100.0, new_oper_seq="B2-Hem", style_no="STYLE-2"),
    Row("L2", None, 5, None, new_oper_seq="B2-Hem", style_no="STYLE-2"),
)

_INSERT = sql.SQL("""
    INSERT INTO rtms.session_wise_production
        (production_day, rtms_row_id, unit_code, floor_name, line_name, style_no, part_name, new_oper_seq, device_id,
         emp_code, emp_name, prodn_pcs, eff100, used_min, is_fin_part, is_fin_oper, source, pull_id, ingested_at)
    VALUES (%(day)s, %(row_id)s, %(unit_code)s, %(floor_name)s, %(line_name)s, %(style_no)s, %(part_name)s,
            %(new_oper_seq)s, %(device_id)s, %(emp_code)s, %(emp_name)s, %(prodn_pcs)s, %(eff100)s, 60, true, true,
            'test', %(pull_id)s, %(at)s)
    ON CONFLICT (organization_id, production_day, rtms_row_id) DO UPDATE
        SET prodn_pcs = excluded.prodn_pcs, eff100 = excluded.eff100, pull_id = excluded.pull_id
        WHERE (session_wise_production.prodn_pcs, session_wise_production.eff100)
            IS DISTINCT FROM (excluded.prodn_pcs, excluded.eff100)
""")
_PULL = sql.SQL("""
    INSERT INTO rtms.pulls (production_day, source, started_at, finished_at, rows_read, rows_accepted, rows_refused)
    VALUES (%(day)s, 'test', %(at)s, %(at)s, %(rows)s, %(rows)s, 0)
    RETURNING pull_id
""")
TABLES = ("operation_benchmark", "employee_efficiency")


def pull(warehouse: Warehouse, rows: Sequence[Row], at: datetime, day: date = DAY) -> int:
    """Raw rows and their pull, in one transaction; nothing is computed from them yet."""
    with warehouse.transaction() as conn:
        found = conn.execute(_PULL, {"day": day, "at": at, "rows": len(rows)}).fetchone()
        assert found is not None
        for number, row in enumerate(rows, start=1):
            name = f"Name of {row.emp_code}" if row.emp_code else None
            facts = {"row_id": number, "device_id": f"D{number}", "emp_name": name, "pull_id": found[0]}
            conn.execute(_INSERT, {**vars(row), **facts, "day": day, "at": at})
    return int(found[0])


def compute(warehouse: Warehouse, day: date = DAY, tables: Sequence[str] = TABLES) -> None:
    """The tables of production, as their assets make them."""
    for table in tables:
        rebuild_days(warehouse, sql.Identifier("production", table), day, day, f"production/{table}")


def write_insights(warehouse: Warehouse, at: datetime, day: date = DAY, summary: str = "A good day.") -> None:
    """The text about the day."""
    warehouse.execute(
        sql.SQL("""
            INSERT INTO production.insights
                (production_day, summary, recommendations, predictions, facts, written_by, created_at)
            VALUES (%(day)s, %(summary)s, '["Help e2."]', '{"L1": 91.5}', '{}', 'template', %(at)s)
        """),
        {"day": day, "summary": summary, "at": at},
    )
