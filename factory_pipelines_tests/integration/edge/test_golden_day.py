"""The golden day, pulled, computed and asked for over HTTP, against plain Python over the raw rows."""

from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path

from fastapi.testclient import TestClient
from psycopg import sql

from factory_pipelines.production.ingest import pull_day
from factory_pipelines.production.rtms_csv import CsvRtms
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.edge.shop_floor import compute

GOLDEN = Path(__file__).parents[2] / "golden" / "production"
DAY = date(2025, 9, 10)


def test_the_answer_is_the_arithmetic_of_the_raw_rows(client: TestClient, warehouse: Warehouse) -> None:
    pull_day(warehouse, CsvRtms(GOLDEN), DAY, now=datetime(2025, 9, 10, 12, tzinfo=UTC))
    compute(warehouse, DAY)
    raw = warehouse.rows(sql.SQL("SELECT * FROM rtms.session_wise_production"))
    assert len(raw) == 28
    best: dict[str, int] = defaultdict(int)
    for row in raw:
        best[row["new_oper_seq"]] = max(best[row["new_oper_seq"]], row["prodn_pcs"])
    assert 0 in best.values()  # nothing was made yet: nobody is behind anybody
    measured = [row for row in raw if row["eff100"]]
    pieces, target = sum(r["prodn_pcs"] for r in measured), sum(r["eff100"] for r in measured)
    below = {r["rtms_row_id"] for r in measured if 100 * r["prodn_pcs"] / r["eff100"] < 85}
    breaches = {
        r["rtms_row_id"]
        for r in measured
        if r["rtms_row_id"] in below and best[r["new_oper_seq"]] and r["prodn_pcs"] / best[r["new_oper_seq"]] < 0.85
    }

    data = client.get("/api/rtms/analyze", params={"day": DAY.isoformat()}).json()["data"]
    found = data["ai_analysis"]
    assert data["freshness"]["is_current"] is True
    assert found["overall_efficiency"] == 100 * pieces / target
    assert found["totals"]["underperformer_count"] == len(found["underperformers"]) == len(below)
    assert sum(performer["is_alert_breach"] for performer in found["underperformers"]) == len(breaches)
    assert {name: operation["benchmark_pcs"] for name, operation in found["relative_efficiency"].items()} == best
    for level in data["hierarchy"].values():
        assert sum(member["prodn_pcs"] for member in level["members"]) == sum(row["prodn_pcs"] for row in raw)
