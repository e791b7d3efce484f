"""What the edge counts (FP-12), for Prometheus at ``/metrics`` and for people at ``/api/rtms/status``.

Counters live in this process; what the warehouse knows (deliveries, the newest pull) is asked for by each scrape. A
figure that cannot be had is absent, never zero.
"""

import time
from collections import deque
from collections.abc import Callable
from threading import Lock

from prometheus_client import CollectorRegistry, Counter, GCCollector, Histogram, PlatformCollector, ProcessCollector

_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_FAST_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
RECENT_WINDOW_S = 900


class Recent:
    """The last ``size`` durations of one kind, for quantiles that a person reads."""

    def __init__(self, size: int = 500) -> None:
        """Older ones are forgotten."""
        self._durations_s: deque[float] = deque(maxlen=size)

    def add(self, duration_s: float) -> None:
        """Remembers one duration."""
        self._durations_s.append(duration_s)

    def summary_ms(self) -> dict[str, float | int | None]:
        """``count``, ``last_ms``, ``p50_ms``, ``p95_ms`` and ``max_ms``; None where nothing was measured."""
        ordered = sorted(self._durations_s)
        if not ordered:
            return {"count": 0, "last_ms": None, "p50_ms": None, "p95_ms": None, "max_ms": None}
        return {
            "count": len(ordered),
            "last_ms": 1000 * self._durations_s[-1],
            "p50_ms": 1000 * ordered[len(ordered) // 2],
            "p95_ms": 1000 * ordered[len(ordered) * 95 // 100],
            "max_ms": 1000 * ordered[-1],
        }


class _ErrorTally:
    """Requests, refusals and failures of the last quarter of an hour, by minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._minutes: deque[list[int]] = deque(maxlen=RECENT_WINDOW_S // 60)
        self._lock = Lock()

    def add(self, status: int) -> None:
        minute = int(self._clock() // 60)
        with self._lock:
            if not self._minutes or self._minutes[-1][0] != minute:
                self._minutes.append([minute, 0, 0, 0])
            counts = self._minutes[-1]
            counts[1] += 1
            counts[2] += 400 <= status < 500
            counts[3] += status >= 500

    def totals(self) -> tuple[int, int, int]:
        oldest = int(self._clock() // 60) - RECENT_WINDOW_S // 60
        with self._lock:
            rows = [counts for counts in self._minutes if counts[0] > oldest]
        return sum(r[1] for r in rows), sum(r[2] for r in rows), sum(r[3] for r in rows)


class EdgeMetrics:
    """Everything that is counted as it happens. Each application has its own registry."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` counts seconds."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._requests = Counter(
            "factory_http_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self._latency = Histogram(
            "factory_http_request_duration_seconds",
            "Time to the first byte of the answer.",
            ["route"],
            buckets=_FAST_S,
            registry=self.registry,
        )
        self._query = Histogram(
            "factory_warehouse_query_seconds",
            "Transactions of the API in the warehouse.",
            ["role"],
            buckets=_FAST_S,
            registry=self.registry,
        )
        self._analysis = Histogram(
            "factory_analysis_seconds",
            "Computing an answer that was not in the cache.",
            ["question"],
            buckets=_FAST_S,
            registry=self.registry,
        )
        self._cache = Counter(
            "factory_read_cache", "Answers from the read cache (hit) or computed (miss).", ["outcome"],
            registry=self.registry,
        )  # fmt: skip
        self._tally = _ErrorTally(clock)
        self.recent_queries = Recent()
        self.recent_analyses = Recent()

    def request(self, method: str, route: str | None, status: int, duration_s: float) -> None:
        """Counts one answered request; ``route`` is None for a path that leads nowhere."""
        route = route or "unrouted"
        self._requests.labels(method if method in _METHODS else "OTHER", route, str(status)).inc()
        self._latency.labels(route).observe(duration_s)
        self._tally.add(status)

    def transaction(self, role: str) -> Callable[[float], None]:
        """Hears the seconds of each transaction of ``role``."""
        histogram = self._query.labels(role)

        def heard(duration_s: float) -> None:
            histogram.observe(duration_s)
            self.recent_queries.add(duration_s)

        return heard

    def analysis(self, question: str, duration_s: float) -> None:
        """Counts one computed answer."""
        self._cache.labels("miss").inc()
        self._analysis.labels(question).observe(duration_s)
        self.recent_analyses.add(duration_s)

    def cache_hit(self) -> None:
        """Counts one answer out of the cache."""
        self._cache.labels("hit").inc()

    def cache_counts(self) -> dict[str, int]:
        """``hits`` and ``misses`` since the start."""
        return {
            "hits": int(self.registry.get_sample_value("factory_read_cache_total", {"outcome": "hit"}) or 0),
            "misses": int(self.registry.get_sample_value("factory_read_cache_total", {"outcome": "miss"}) or 0),
        }

    def error_rates(self) -> dict[str, float | int | None]:
        """Requests of the last 15 minutes and the share refused (4xx) and failed (5xx); None without requests."""
        requests, refused, failed = self._tally.totals()
        return {
            "window_s": RECENT_WINDOW_S,
            "requests": requests,
            "refused_pct": 100 * refused / requests if requests else None,
            "failed_pct": 100 * failed / requests if requests else None,
        }
