"""Figures for people: unknown is None, never zero."""

import pytest

from factory_pipelines.edge.metrics import EdgeMetrics, Recent
from factory_pipelines.edge.reports import delivery_rate_pct


def test_quantiles_of_nothing_are_unknown() -> None:
    assert Recent().summary_ms() == {"count": 0, "last_ms": None, "p50_ms": None, "p95_ms": None, "max_ms": None}


def test_quantiles_look_at_the_last_ones_only() -> None:
    recent = Recent(size=100)
    for milliseconds in [9999, *range(1, 101)]:
        recent.add(milliseconds / 1000)
    summary = recent.summary_ms()
    assert summary == pytest.approx({"count": 100, "last_ms": 100, "p50_ms": 51, "p95_ms": 96, "max_ms": 100})


def test_error_rates_forget_after_a_quarter_of_an_hour() -> None:
    now = [0.0]
    metrics = EdgeMetrics(clock=lambda: now[0])
    assert metrics.error_rates()["failed_pct"] is None
    for status in (200, 200, 404, 503):
        metrics.request("GET", "/x", status, 0.01)
    assert metrics.error_rates() == {"window_s": 900, "requests": 4, "refused_pct": 25.0, "failed_pct": 25.0}
    now[0] = 901.0
    assert metrics.error_rates()["requests"] == 0


def test_an_invented_method_or_path_makes_no_new_series() -> None:
    metrics = EdgeMetrics()
    for number in range(50):
        metrics.request(f"METHOD{number}", None, 404, 0.01)
    labels = {"method": "OTHER", "route": "unrouted", "status": "404"}
    assert metrics.registry.get_sample_value("factory_http_requests_total", labels) == 50


@pytest.mark.parametrize(
    ("deliveries", "rate_pct"),
    [
        ([], None),
        ([("whatsapp", "queued", 3)], None),
        ([("log", "delivered", 9)], None),
        ([("whatsapp", "delivered", 3), ("whatsapp", "dead", 1), ("whatsapp", "queued", 5)], 75.0),
        ([("whatsapp", "delivered", 1), ("whatsapp", "sent", 1)], 50.0),
    ],
    ids=["nothing", "only waiting", "another channel", "three of four", "sent is not yet delivered"],
)
def test_delivery_rate(deliveries: list[tuple[str, str, int]], rate_pct: float | None) -> None:
    rows = [{"channel": c, "status": s, "messages": n} for c, s, n in deliveries]
    assert delivery_rate_pct(rows, "whatsapp") == rate_pct
    assert delivery_rate_pct(None, "whatsapp") is None
