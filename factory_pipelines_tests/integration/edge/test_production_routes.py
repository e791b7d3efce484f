"""The analysis and the hierarchy: figures by hand, filters, freshness, and a cache that is never behind its pull."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from factory_pipelines.production.api_models import LEVEL_NAMES, AnalysisAnswer, HierarchyAnswer
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.edge.conftest import PULLED_AT, Clock
from factory_pipelines_tests.integration.edge.shop_floor import DAY, ROWS, compute, pull


def analysis(client: TestClient, **params: Any) -> dict[str, Any]:
    response = client.get("/api/rtms/analyze", params=params)
    assert response.status_code == 200, response.text
    AnalysisAnswer.model_validate_json(response.content)
    return response.json()["data"]


def level(client: TestClient, name: str, **params: Any) -> dict[str, Any]:
    response = client.get(f"/api/rtms/hierarchy/{name}", params=params)
    assert response.status_code == 200, response.text
    HierarchyAnswer.model_validate_json(response.content)
    return response.json()["data"]


def names(page: dict[str, Any]) -> list[str]:
    return [member["name"] for member in page["members"]]


@pytest.mark.usefixtures("shop_floor")
def test_the_analysis_has_the_seeds_shape_and_the_figures_of_the_tables(client: TestClient) -> None:
    data = analysis(client)
    found = data["ai_analysis"]
    assert found["overall_efficiency"] == 90.0
    assert [(p["emp_code"], p["efficiency_pct"]) for p in found["underperformers"]] == [("e2", 80.0)]
    assert [(p["emp_code"], p["efficiency_pct"]) for p in found["overperformers"]] == [("e1", 100.0)]
    assert found["underperformers"][0]["is_alert_breach"] is True
    stitch = found["relative_efficiency"]["A1-Stitch"]
    assert (stitch["benchmark_pcs"], stitch["benchmark_size"], stitch["best_emp_code"]) == (100, 2, "e1")
    assert [e["relative_efficiency_pct"] for e in stitch["employees"]] == [100.0, 80.0]
    assert found["totals"]["bands"] == {"Excellent": 1, "Good": 1, "Needs Improvement": 1, "Critical": 0}
    assert (found["totals"]["row_count"], found["totals"]["rows_without_target"]) == (4, 1)
    assert found["ai_insights"]["summary"] == "A good day."
    assert found["ai_insights"]["recommendations"] == ["Help e2."]
    assert found["ai_insights"]["predictions"] == {"L1": 91.5}
    assert data["written_by"] == "template"
    assert list(data["hierarchy"]) == LEVEL_NAMES
    assert names(data["hierarchy"]["LineName"]) == ["L1", "L2"]
    assert data["production_day"] == "2025-09-12"
    assert datetime.fromisoformat(data["as_of"]) == PULLED_AT
    assert data["freshness"]["age_s"] == 300.0
    assert data["freshness"]["is_current"] is True
    assert data["freshness"]["is_stale"] is False


@pytest.mark.usefixtures("shop_floor")
def test_a_filter_chooses_who_is_shown_but_not_whom_they_are_compared_with(client: TestClient) -> None:
    found = analysis(client, LineName="L1", EmpCode="e2")["ai_analysis"]
    assert found["overall_efficiency"] == 80.0
    assert list(found["relative_efficiency"]) == ["A1-Stitch"]
    assert found["relative_efficiency"]["A1-Stitch"]["benchmark_pcs"] == 100
    nobody = analysis(client, UnitCode="no such unit")["ai_analysis"]
    assert nobody["overall_efficiency"] is None
    assert nobody["underperformers"] == []


@pytest.mark.usefixtures("shop_floor")
def test_long_lists_are_cut_and_say_where_the_rest_is(client: TestClient) -> None:
    data = analysis(client, limit=1, members_limit=1, UnitCode="U1")
    assert len(data["ai_analysis"]["relative_efficiency"]["A1-Stitch"]["employees"]) == 1
    lines = data["hierarchy"]["LineName"]
    assert (len(lines["members"]), lines["member_count"]) == (1, 2)
    assert names(client.get(lines["more"]).json()["data"]) == ["L1", "L2"]
    assert data["hierarchy"]["UnitCode"]["more"] is None


@pytest.mark.usefixtures("shop_floor")
@pytest.mark.parametrize("name", LEVEL_NAMES)
def test_every_level_is_filterable_at_every_level(client: TestClient, name: str) -> None:
    values = {
        "UnitCode": "U1", "FloorName": "FLOOR-1", "LineName": "L2", "StyleNo": "STYLE-2", "PartName": "Front",
        "NewOperSeq": "B2-Hem", "DeviceID": "D3", "EmpName": "Name of e3",
    }  # fmt: skip
    for filtered, value in values.items():
        members = level(client, name, **{filtered: value})["members"]
        assert members, filtered
        assert all(member["path"].get(filtered, value) == value for member in members)
        # Device and employee leave only e3; a coarser filter never leaves more pieces than the whole floor made.
        pieces = sum(member["prodn_pcs"] for member in members)
        assert pieces == 90 if filtered in {"DeviceID", "EmpName"} else pieces <= 275


@pytest.mark.usefixtures("shop_floor")
def test_a_filter_below_the_level_narrows_its_sums(client: TestClient) -> None:
    page = level(client, "UnitCode", StyleNo="STYLE-1")
    assert page["members"] == [
        {
            "name": "U1",
            "path": {"UnitCode": "U1"},
            "emp_code": None,
            "prodn_pcs": 180,
            "eff100": 200.0,
            "efficiency_pct": 90.0,
            "band": "Good",
            "row_count": 2,
        }
    ]


@pytest.mark.usefixtures("shop_floor")
def test_pages_of_a_level_are_disjoint_and_complete(client: TestClient) -> None:
    pages = [level(client, "EmpName", limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [page["member_count"] for page in pages] == [4, 4, 4]
    assert [len(page["members"]) for page in pages] == [2, 2, 0]
    assert len({str(member["path"]) for page in pages for member in page["members"]}) == 4


@pytest.mark.usefixtures("shop_floor")
def test_an_unknown_level_is_answered_with_the_eight_names(client: TestClient) -> None:
    response = client.get("/api/rtms/hierarchy/Country")
    assert response.status_code == 404
    error = response.json()["error"]
    assert (error["code"], error["field"]) == ("level_unknown", "level")
    assert all(name in error["detail"] for name in LEVEL_NAMES)
    assert level(client, "line_name")["level"] == level(client, "linename")["level"] == "LineName"


@pytest.mark.usefixtures("shop_floor")
@pytest.mark.parametrize(
    "attack",
    ["L1' OR '1'='1", "L1'; DROP TABLE rtms.pulls; --", "%' UNION SELECT phone_number FROM rtms.supervisors --", "%s"],
)
def test_sql_in_a_filter_is_a_name_that_nobody_has(client: TestClient, attack: str) -> None:
    assert level(client, "LineName", LineName=attack)["members"] == []
    assert analysis(client, LineName=attack)["ai_analysis"]["totals"]["row_count"] == 0
    assert names(level(client, "LineName")) == ["L1", "L2"]


@pytest.mark.usefixtures("shop_floor")
@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"day": "yesterday"}, "day"),
        ({"day": "0"}, "day"),
        ({"limit": "0"}, "limit"),
        ({"unit": "U1"}, "unit"),
        ({"LineName": "L1\x00"}, "LineName"),
    ],
    ids=["no day", "a number is no day", "nothing asked for", "unknown parameter", "control character"],
)
def test_a_wrong_parameter_is_named(client: TestClient, params: dict[str, str], field: str) -> None:
    response = client.get("/api/rtms/analyze", params=params)
    assert response.status_code == 422
    assert response.json()["error"]["field"] == field


def test_a_day_never_pulled_is_not_a_day_of_zeros(client: TestClient, warehouse: Warehouse) -> None:
    response = client.get("/api/rtms/analyze")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "day_not_pulled")
    pull(warehouse, ROWS, PULLED_AT)
    response = client.get("/api/rtms/hierarchy/UnitCode", params={"day": "2025-01-01"})
    assert response.status_code == 404
    assert "2025-09-12" in response.json()["error"]["detail"]


def test_between_pull_and_computation_the_answer_says_which_pull_it_shows(
    client: TestClient, shop_floor: Warehouse
) -> None:
    assert analysis(client)["freshness"]["is_current"] is True
    later = PULLED_AT + timedelta(minutes=10)
    newest = pull(shop_floor, [replace(ROWS[0], prodn_pcs=70), *ROWS[1:]], later)
    behind = analysis(client)
    assert behind["freshness"]["pull_id"] == newest
    assert behind["freshness"]["is_current"] is False
    assert datetime.fromisoformat(behind["as_of"]) == PULLED_AT
    assert behind["ai_analysis"]["overall_efficiency"] == 90.0
    # Half computed is not computed.
    compute(shop_floor, tables=["operation_benchmark"])
    assert analysis(client)["freshness"]["is_current"] is False
    compute(shop_floor)
    caught_up = analysis(client)
    assert caught_up["freshness"]["is_current"] is True
    assert datetime.fromisoformat(caught_up["as_of"]) == later
    assert caught_up["ai_analysis"]["overall_efficiency"] == 80.0
    assert caught_up["ai_analysis"]["ai_insights"]["is_current"] is False


def test_the_cache_answers_until_a_newer_pull_and_never_after(client: TestClient, shop_floor: Warehouse) -> None:
    counts = client.app.state.metrics.cache_counts
    for _ in range(3):
        analysis(client)
    assert counts() == {"hits": 2, "misses": 1}
    for pieces in (71, 72, 73):
        pull(shop_floor, [replace(ROWS[0], prodn_pcs=pieces), *ROWS[1:]], PULLED_AT + timedelta(minutes=pieces))
        compute(shop_floor)
        expected = 100 * (pieces + 80 + 90) / 300
        assert analysis(client)["ai_analysis"]["overall_efficiency"] == expected
        assert level(client, "UnitCode")["members"][0]["efficiency_pct"] == expected
    analysis(client, LineName="L1")
    assert counts()["misses"] == 8  # a question of its own, three pulls of two questions, the first


def test_readers_among_writers_never_see_the_past_or_a_mixture(client: TestClient, shop_floor: Warehouse) -> None:
    done = [100]  # what e1 has made, as far as it is computed
    answered = threading.Semaphore(0)

    def produce() -> None:
        for pieces in range(101, 121):
            assert answered.acquire(timeout=60), "nobody reads"  # however slow the machine, both sides take part
            pull(shop_floor, [replace(ROWS[0], prodn_pcs=pieces), *ROWS[1:]], PULLED_AT + timedelta(minutes=pieces))
            compute(shop_floor)
            done.append(pieces)

    def read() -> int:
        before = done[-1]
        data = analysis(client)
        (shown,) = {p["prodn_pcs"] for p in data["ai_analysis"]["overperformers"] if p["emp_code"] == "e1"}
        assert before <= shown <= done[-1] + 1
        assert data["ai_analysis"]["overall_efficiency"] == 100 * (shown + 170) / 300
        assert data["hierarchy"]["UnitCode"]["members"][0]["prodn_pcs"] == shown + 175
        if data["freshness"]["is_current"] and shown > 100:
            assert datetime.fromisoformat(data["as_of"]) == PULLED_AT + timedelta(minutes=shown)
        answered.release()
        return int(shown)

    with ThreadPoolExecutor(4) as threads:
        producer = threads.submit(produce)
        seen = {read()}
        while not producer.done():
            readers = [threads.submit(read) for _ in range(3)]
            seen.update(reader.result() for reader in readers)
        producer.result()
    assert read() == 120
    assert len(seen) > 3


def test_the_age_is_of_this_moment_also_out_of_the_cache(
    client: TestClient, shop_floor: Warehouse, clock: Clock
) -> None:
    analysis(client)
    clock.now += timedelta(minutes=30)
    freshness = analysis(client)["freshness"]
    assert freshness["age_s"] == 35 * 60
    assert freshness["is_stale"] is True
    # A finished day does not grow stale.
    clock.now = datetime(2025, 9, 14, 12, tzinfo=UTC)
    assert analysis(client)["freshness"]["is_stale"] is False


def test_the_default_day_is_the_newest_that_was_pulled(client: TestClient, shop_floor: Warehouse) -> None:
    pull(shop_floor, ROWS[:1], PULLED_AT + timedelta(hours=1), day=date(2025, 9, 10))  # a backfill
    assert analysis(client)["production_day"] == DAY.isoformat()
    earlier = analysis(client, day="2025-09-10")
    assert earlier["ai_analysis"]["overall_efficiency"] is None
    assert earlier["as_of"] is None
