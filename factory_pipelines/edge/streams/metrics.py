"""The cameras of this process for Prometheus, measured at the moment of the scrape."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

if TYPE_CHECKING:
    from factory_pipelines.edge.streams.anpr import GateCameras
    from factory_pipelines.edge.streams.worker import CameraWorker


def camera_metrics(worker: "CameraWorker") -> Iterator[Metric]:
    """Pictures, ages and reconnects of each camera, and what waits for the database."""
    yield from _streams(worker)
    yield from _vision(worker)
    store = worker.store
    yield GaugeMetricFamily("factory_camera_journal_records", "Records that wait on disk.", value=store.waiting)
    yield GaugeMetricFamily("factory_camera_journal_bytes", "Their size.", value=store.waiting_bytes)
    yield CounterMetricFamily("factory_camera_records_stored", "Records handed over.", value=store.stored)
    yield CounterMetricFamily("factory_camera_records_lost", "Records the disk did not take.", value=store.lost)
    yield CounterMetricFamily(
        "factory_camera_events_refused", "Events that wait among the refusals.", value=store.refused
    )


def plate_metrics(cameras: "GateCameras") -> Iterator[Metric]:
    """What the gate's cameras read, what they could not read and why, and how long reading took."""
    looks = CounterMetricFamily("factory_plate_looks", "Pictures in which a plate was looked for.", labels=["camera"])
    reads = CounterMetricFamily("factory_plate_reads", "Plates of the grammar that were read.", labels=["camera"])
    decided = CounterMetricFamily("factory_plate_vehicles_decided", "Vehicles decided upon.", labels=["camera"])
    busy = CounterMetricFamily("factory_plate_ocr_seconds", "Time spent on finding and reading.", labels=["camera"])
    refused = CounterMetricFamily(
        "factory_plate_refusals", "Looks and vehicles without a plate, by reason.", labels=["camera", "reason"]
    )
    for name, watcher in cameras.watchers().items():
        looks.add_metric([name], watcher.looks)
        reads.add_metric([name], watcher.reads)
        decided.add_metric([name], watcher.decided)
        busy.add_metric([name], watcher.busy_s)
        for reason, count in watcher.refusals.items():
            refused.add_metric([name, reason], count)
    yield from (looks, reads, decided, busy, refused)


def _streams(worker: "CameraWorker") -> Iterator[Metric]:
    up = GaugeMetricFamily("factory_camera_up", "1 while the newest picture is fresh.", labels=["camera"])
    age = GaugeMetricFamily("factory_camera_frame_age_seconds", "Age of the newest picture.", labels=["camera"])
    fps = GaugeMetricFamily("factory_camera_fps", "Pictures that arrive in a second.", labels=["camera"])
    captured = CounterMetricFamily("factory_camera_frames_captured", "Pictures that arrived.", labels=["camera"])
    dropped = CounterMetricFamily(
        "factory_camera_frames_dropped",
        "Pictures nobody looked at: damaged, skipped (not due by fps), overwritten (vision was busy).",
        labels=["camera", "reason"],
    )
    reconnects = CounterMetricFamily("factory_camera_reconnects", "Times it was opened again.", labels=["camera"])
    hanging = GaugeMetricFamily("factory_camera_readers_hanging", "Readers given up.", labels=["camera"])
    for status in worker.statuses():
        name = [status.name]
        up.add_metric(name, status.is_fresh)
        # A figure that cannot be had is absent, never zero.
        if status.age_s is not None:
            age.add_metric(name, status.age_s)
        if status.fps is not None:
            fps.add_metric(name, status.fps)
        captured.add_metric(name, status.captured)
        for reason in ("damaged", "skipped", "overwritten"):
            dropped.add_metric([status.name, reason], getattr(status, reason))
        reconnects.add_metric(name, status.reconnects)
        hanging.add_metric(name, status.hanging)
    yield from (up, age, fps, captured, dropped, reconnects, hanging)


def _vision(worker: "CameraWorker") -> Iterator[Metric]:
    processed = CounterMetricFamily("factory_camera_frames_processed", "Pictures looked at.", labels=["camera"])
    failed = CounterMetricFamily("factory_camera_frames_failed", "Pictures that broke vision.", labels=["camera"])
    busy = CounterMetricFamily("factory_camera_vision_seconds", "Time spent looking.", labels=["camera"])
    age = GaugeMetricFamily(
        "factory_camera_processed_age_seconds", "Age of the last picture when it had been looked at.", labels=["camera"]
    )
    for name, watcher in sorted(worker.watchers().items()):
        processed.add_metric([name], watcher.processed)
        failed.add_metric([name], watcher.failed)
        busy.add_metric([name], watcher.busy_s)
        if watcher.last_age_s is not None:
            age.add_metric([name], watcher.last_age_s)
    yield from (processed, failed, busy, age)
