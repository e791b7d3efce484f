"""What the edge tells about itself and its surroundings; a figure that cannot be had is None."""

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import psycopg

from factory_pipelines.warehouse.pool import Warehouse, WarehouseUnavailableError

DELIVERY_WINDOW = timedelta(hours=24)


@dataclass(frozen=True)
class WarehouseReport:
    """What the warehouse said, or why it did not."""

    state: str
    """``ok``, ``unavailable``, or ``not_migrated``."""
    server: Mapping[str, Any] | None = None
    newest_pull: Mapping[str, Any] | None = None
    deliveries: list[dict[str, Any]] | None = None


def product_version() -> str:
    """Version of this package."""
    return version("factory-pipelines")


def ask_warehouse(warehouse: Warehouse, now: datetime) -> WarehouseReport:
    """Server, newest pull and deliveries of the last 24 hours, in three short queries."""
    try:
        return WarehouseReport(
            "ok",
            server=warehouse.rows("edge/server")[0],
            newest_pull=next(iter(warehouse.rows("edge/newest_pull")), None),
            deliveries=warehouse.rows("edge/deliveries", {"since": now - DELIVERY_WINDOW}),
        )
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedFunction):
        return WarehouseReport("not_migrated")
    except (WarehouseUnavailableError, psycopg.errors.QueryCanceled):
        return WarehouseReport("unavailable")


def delivery_rate_pct(deliveries: list[dict[str, Any]] | None, channel: str) -> float | None:
    """Share of the channel's finished messages that reached the phone; None while none is finished.

    ``sent`` counts as finished: the provider has it and has not said more.
    """
    counts = {row["status"]: row["messages"] for row in deliveries or [] if row["channel"] == channel}
    finished = sum(counts.get(status, 0) for status in ("sent", "delivered", "dead"))
    return 100 * counts.get("delivered", 0) / finished if finished else None


def pull_age_s(pull: Mapping[str, Any] | None, now: datetime) -> float | None:
    """Seconds since the pull was finished; None when there is none."""
    return (now - pull["finished_at"]).total_seconds() if pull and pull["finished_at"] else None


def start_measuring() -> None:
    """Processor use is measured from one look to the next: this is the first."""
    psutil.cpu_percent()


def system_resources(home: Path) -> dict[str, Any]:
    """Processor, memory and disk of this machine and of this process."""
    memory = psutil.virtual_memory()
    disk = psutil.disk_usage(str(_existing(home)))
    process = psutil.Process()
    return {
        "cpu_pct": psutil.cpu_percent(),
        "cpu_count": psutil.cpu_count() or None,
        "load_1_min": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "memory_total_bytes": memory.total,
        "memory_used_pct": memory.percent,
        "disk_total_bytes": disk.total,
        "disk_used_pct": disk.percent,
        "process_memory_bytes": process.memory_info().rss,
        "process_threads": process.num_threads(),
    }


def software() -> dict[str, str]:
    """What runs here."""
    return {
        "service_version": product_version(),
        "python_version": platform.python_version(),
        "implementation": sys.implementation.name,
        "operating_system": platform.platform(),
        "machine": platform.machine(),
    }


def _existing(path: Path) -> Path:
    """The folder or the nearest one above it that exists."""
    return next(folder for folder in (path, *path.parents) if folder.exists())
