"""``/metrics``: the counters of this process, and what the warehouse knows at the moment of the scrape."""

from collections.abc import Iterable, Iterator
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from factory_pipelines.edge import reports
from factory_pipelines.edge.streams.metrics import camera_metrics, plate_metrics
from factory_pipelines.identity.service import IdentityService

_POOL_GAUGES = ("pool_size", "pool_available", "requests_waiting")


class _Gauges(Collector):
    """Measured once, for one scrape."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def expose(app: Any) -> tuple[bytes, str]:
    """The text exposition of everything ``app.state`` counts, and its content type."""
    surroundings = CollectorRegistry()
    surroundings.register(_Gauges(_measure(app)))
    return generate_latest(app.metrics.registry) + generate_latest(surroundings), CONTENT_TYPE_PLAIN_0_0_4


def _measure(app: Any) -> Iterator[Metric]:
    now = app.clock()
    report = reports.ask_warehouse(app.warehouse, now)
    yield GaugeMetricFamily("factory_warehouse_up", "1 when the warehouse answers.", value=report.state == "ok")
    if (age_s := reports.pull_age_s(report.newest_pull, now)) is not None:
        yield GaugeMetricFamily("factory_pull_age_seconds", "Time since the newest pull.", value=age_s)
    if report.deliveries is not None:
        yield from _deliveries(report.deliveries)
    yield from _pools({"reader": app.warehouse.pool_stats(), "writer": app.writer.pool_stats()})
    yield GaugeMetricFamily("factory_read_cache_bytes", "Size of the read cache.", value=app.read_cache.size_bytes)
    yield GaugeMetricFamily("factory_audit_lines_dropped", "Audit lines lost.", value=app.audit.dropped)
    if app.cameras is not None:
        yield from camera_metrics(app.cameras)
        yield from plate_metrics(app.plates)
    if app.identity is not None:
        yield from _identity(app.identity)
    yield from _system(reports.system_resources(app.settings.home_dir))


def _identity(service: IdentityService) -> Iterator[Metric]:
    tally = service.matchers.tally
    calls = CounterMetricFamily("factory_face_calls", "Calls of Rekognition.", labels=["operation", "outcome"])
    for labels, count in tally.calls().items():
        calls.add_metric(labels, count)
    yield calls
    retries = CounterMetricFamily("factory_face_retries", "Retries of them.", labels=["operation", "reason"])
    for labels, count in tally.retries().items():
        retries.add_metric(labels, count)
    yield retries
    yield CounterMetricFamily("factory_face_paced_seconds", "Waited for the shared rate.", value=tally.paced_s)
    yield GaugeMetricFamily("factory_face_searches_waiting", "Pictures on disk.", value=service.waiting_searches)
    for collection, state in service.matchers.circuits().items():
        gauge = GaugeMetricFamily("factory_face_circuit_closed", "0: left alone.", labels=["collection"])
        gauge.add_metric([collection], state == "closed")
        yield gauge


def _deliveries(deliveries: list[dict[str, Any]]) -> Iterator[Metric]:
    messages = GaugeMetricFamily(
        "factory_alert_deliveries", "Messages of the last 24 hours.", labels=["channel", "status"]
    )
    for row in deliveries:
        messages.add_metric([row["channel"], row["status"]], row["messages"])
    yield messages
    if (rate_pct := reports.delivery_rate_pct(deliveries, "whatsapp")) is not None:
        yield GaugeMetricFamily(
            "factory_whatsapp_delivery_ratio", "Finished WhatsApp messages that arrived.", value=rate_pct / 100
        )


def _pools(pools: dict[str, dict[str, int]]) -> Iterator[Metric]:
    gauge = GaugeMetricFamily("factory_warehouse_pool", "Connections of each pool.", labels=["role", "what"])
    for role, stats in pools.items():
        for what in _POOL_GAUGES:
            gauge.add_metric([role, what], stats.get(what, 0))
    yield gauge


def _system(resources: dict[str, Any]) -> Iterator[Metric]:
    for name, value in resources.items():
        if value is not None:
            yield GaugeMetricFamily(f"factory_system_{name}", "Of this machine or process.", value=value)
