"""What the service says about itself."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from psycopg import sql

from factory_pipelines.edge.pages import operations
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.edge.conftest import PULLED_AT, Clock

API_PAGE = Path(__file__).parents[3] / "docs" / "api.md"


def test_the_root_is_json_for_programs_and_a_page_for_people(stranger: TestClient) -> None:
    facts = stranger.get("/").json()
    assert facts["status"] == "running"
    assert facts["plant_timezone"] == "Asia/Kolkata"
    assert facts["production_day"] == "2025-09-12"
    assert "GET /api/rtms/analyze" in facts["endpoints"]
    page = stranger.get("/", headers={"Accept": "text/html,application/xhtml+xml"})
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    for address in re.findall(r'href="([^"]+)"', page.text):
        assert stranger.get(address).status_code in {200, 503}


@pytest.mark.parametrize("path", ["/api/health", "/api/health/ready"])
def test_a_probe_that_wants_no_body_gets_none(path: str, stranger: TestClient) -> None:
    """Load balancers ask with HEAD."""
    asked, probed = stranger.get(path), stranger.head(path)
    assert (probed.status_code, probed.content) == (asked.status_code, b"")


def test_the_docs_page_lists_every_route_and_loads_nothing_from_elsewhere(stranger: TestClient) -> None:
    page = stranger.get("/docs").text
    for method, path, _ in operations(stranger.get("/openapi.json").json()):
        assert f"{method} {path}" in page
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page


def test_the_manual_names_every_route_and_every_error_code(stranger: TestClient) -> None:
    manual = API_PAGE.read_text()
    document = stranger.get("/openapi.json").json()
    for method, path, operation in operations(document):
        assert f"`{method} {path}`" in manual, f"docs/api.md does not describe {method} {path}"
        for answer in operation["responses"].values():
            example = answer.get("content", {}).get("application/json", {}).get("example") or {}
            if "error" in example:
                assert f"`{example['error']['code']}`" in manual


def test_every_error_in_the_document_has_the_one_body(stranger: TestClient) -> None:
    document = stranger.get("/openapi.json").json()
    for _, path, operation in operations(document):
        assert {"400", "405", "413", "422", "429", "431", "500", "503"} <= operation["responses"].keys()
        assert ("401" in operation["responses"]) == bool(operation["security"]), path
        for status, answer in operation["responses"].items():
            if status >= "400":
                schema = answer["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorAnswer"}


def test_health_is_liveness_and_on_request_readiness(stranger: TestClient, shop_floor: Warehouse, clock: Clock) -> None:
    alive = stranger.get("/api/health").json()
    assert (alive["status"], alive["data_age_s"]) == ("alive", None)
    for path in ("/api/health?ready=1", "/api/health/ready"):
        ready = stranger.get(path).json()
        assert (ready["status"], ready["data_age_s"], ready["is_stale"]) == ("ready", 300.0, False)
    clock.now += timedelta(hours=1)
    assert stranger.get("/api/health/ready").json()["is_stale"] is True


def test_system_info(client: TestClient) -> None:
    info = client.get("/api/system-info").json()
    assert info["plant"]["timezone"] == "Asia/Kolkata"
    assert info["plant"]["local_time"].startswith("2025-09-12T15:25:00")
    assert info["software"]["python_version"].startswith("3.")
    assert 0 < info["system"]["process_memory_bytes"] < info["system"]["memory_total_bytes"]


def test_status_of_an_empty_warehouse_is_degraded_and_unknown_not_zero(client: TestClient) -> None:
    status = client.get("/api/rtms/status").json()
    assert status["status"] == "degraded"
    assert status["problems"] == ["nothing was ever pulled"]
    assert status["latest_pull"] is None
    assert status["whatsapp"]["delivery_rate_pct"] is None
    assert status["analysis"]["p50_ms"] is None


def deliver(warehouse: Warehouse, channel: str, status: str, count: int) -> None:
    warehouse.execute(
        sql.SQL("""
            INSERT INTO alerts.alert_deliveries
                (dedupe_key, kind, recipient_key, body, status, channel, next_attempt_at, created_at, updated_at)
            SELECT %(channel)s || %(status)s || n, 'alert', 'x', 'x', %(status)s, %(channel)s, %(at)s, %(at)s, %(at)s
            FROM generate_series(1, %(count)s) AS n
        """),
        {"channel": channel, "status": status, "count": count, "at": PULLED_AT},
    )


def test_status_tells_what_is_tracked(client: TestClient, shop_floor: Warehouse, clock: Clock) -> None:
    deliver(shop_floor, "whatsapp", "delivered", 3)
    deliver(shop_floor, "whatsapp", "dead", 1)
    deliver(shop_floor, "log", "delivered", 5)
    client.get("/api/rtms/analyze")
    client.get("/no/such/route")
    status = client.get("/api/rtms/status").json()
    assert (status["status"], status["problems"]) == ("healthy", [])
    assert status["database"]["state"] == "ok"
    assert status["database"]["query_times"]["p50_ms"] > 0
    assert status["latest_pull"]["rows_read"] == 4
    assert status["latest_pull"]["age_s"] == 300.0
    assert status["analysis"]["count"] == 1
    assert status["whatsapp"]["delivery_rate_pct"] == 75.0
    assert status["error_rates"]["requests"] == 2
    assert status["error_rates"]["refused_pct"] == 50.0
    clock.now += timedelta(minutes=31)
    stale = client.get("/api/rtms/status").json()
    assert (stale["status"], stale["problems"]) == ("degraded", ["the newest pull is older than 30 minutes"])


def test_metrics(client: TestClient, shop_floor: Warehouse) -> None:
    deliver(shop_floor, "whatsapp", "delivered", 1)
    for _ in range(2):
        client.get("/api/rtms/analyze")
    response = client.get("/metrics")
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    samples = dict(line.rsplit(" ", 1) for line in response.text.splitlines() if not line.startswith("#"))
    route = 'route="/api/rtms/analyze"'
    assert samples[f'factory_http_requests_total{{method="GET",{route},status="200"}}'] == "2.0"
    assert samples[f"factory_http_request_duration_seconds_count{{{route}}}"] == "2.0"
    assert samples['factory_read_cache_total{outcome="hit"}'] == "1.0"
    assert samples['factory_analysis_seconds_count{question="analyze"}'] == "1.0"
    assert float(samples['factory_warehouse_query_seconds_count{role="reader"}']) >= 3
    assert samples["factory_warehouse_up"] == "1.0"
    assert samples["factory_pull_age_seconds"] == "300.0"
    assert samples["factory_whatsapp_delivery_ratio"] == "1.0"
    assert float(samples["factory_system_memory_total_bytes"]) > 0
    assert "factory_warehouse_pool" in response.text


@pytest.mark.usefixtures("warehouse")
def test_metrics_without_messages_claim_no_delivery_rate(client: TestClient) -> None:
    text = client.get("/metrics").text
    assert "factory_whatsapp_delivery_ratio" not in text
    assert "factory_pull_age_seconds" not in text
