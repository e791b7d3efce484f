"""The doctor's look at this machine: disk, clock, ports, keys and passwords."""

import os
import shutil
import socket
from datetime import UTC, datetime
from pathlib import Path

from factory_pipelines.operations.credentials import well_known_passwords
from factory_pipelines.operations.findings import Finding, Status
from factory_pipelines.operations.probe import complaint
from factory_pipelines.settings import Settings

_GIB = 1 << 30
_LITTLE_BYTES, _TOO_LITTLE_BYTES = 5 * _GIB, 1 * _GIB
_PROBE_S = 2.0


def disk(settings: Settings) -> list[Finding]:
    """Room where the embedded database, Dagster's home, logs and models are."""
    place = next(folder for folder in [settings.home_dir, *settings.home_dir.parents] if folder.exists())
    usage = shutil.disk_usage(place)
    detail = f"{usage.free / _GIB:.1f} GiB of {usage.total / _GIB:.0f} GiB free at {settings.home_dir}"
    remedy = "Make room, or point FACTORY_HOME to a larger disk; FACTORY_RETENTION__RUN_DAYS bounds Dagster's history"
    if usage.free < _TOO_LITTLE_BYTES:
        return [Finding("disk", "fail", detail, remedy)]
    if usage.free < _LITTLE_BYTES:
        return [Finding("disk", "warn", detail, remedy)]
    if not _is_writable(place):
        return [Finding("disk", "fail", f"{place} cannot be written to", "Change its owner, or set FACTORY_HOME")]
    return [Finding("disk", "ok", detail)]


def clock(settings: Settings) -> list[Finding]:
    """What time the plant has; whether that is right, only a person can say."""
    now = datetime.now(UTC)
    local = now.astimezone(settings.plant.clock().zone)
    day = settings.plant.clock().production_day(now)
    detail = f"{local:%Y-%m-%d %H:%M} in {settings.plant.timezone}, production day {day}"
    if now.year < 2025:
        return [Finding("clock", "fail", f"{detail}: this machine lives in the past", "Set its clock; switch NTP on")]
    return [Finding("clock", "ok", detail)]


def ports(settings: Settings) -> list[Finding]:
    """Whether UI and API can be served, or are."""
    ui, api = settings.ui, settings.api
    return [
        _port("ui port", ui.host, ui.port, "/server_info", "FACTORY_UI__PORT"),
        _port("api port", api.host, api.port, "/", "FACTORY_API__PORT"),
    ]


def api_keys(settings: Settings) -> list[Finding]:
    """Outside the demo every route of the API needs a key."""
    count = len(settings.api.keys)
    if count:
        names = sorted(key.partition(":")[0] if ":" in key else "(without a name)" for key in settings.api.keys)
        return [Finding("api keys", "ok", f"{count}: {', '.join(names)}")]
    if settings.rtms.source == "demo":
        return [Finding("api keys", "off", "none set; the demo makes its own")]
    remedy = "Set FACTORY_API__KEYS='[\"dashboard:<output of: openssl rand -hex 24>\"]'"
    return [Finding("api keys", "fail", "none: the API will not start", remedy)]


def known_passwords(settings: Settings) -> list[Finding]:
    """Passwords that stand in manuals; outside the demo nothing starts with one."""
    known = sorted(set(well_known_passwords(settings)))
    if not known:
        return [Finding("passwords", "ok", "none of the well-known ones")]
    remedy = "Choose another on that server and here, for example the output of `openssl rand -hex 24`"
    status: Status = "warn" if settings.rtms.source == "demo" else "fail"
    return [Finding("passwords", status, f"well-known default password in {', '.join(known)}", remedy)]


def _port(name: str, host: str, port: int, path: str, setting: str) -> Finding:
    address = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - only compared
    if _is_free(host, port):
        return Finding(name, "ok", f"{port} is free")
    if complaint(f"http://{address}:{port}{path}", _PROBE_S) is None:
        return Finding(name, "ok", f"{port} is serving")
    return Finding(name, "warn", f"{port} is taken by something else", f"Stop it, or choose another with {setting}")


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError:
            return False
    return True


def _is_writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK)
