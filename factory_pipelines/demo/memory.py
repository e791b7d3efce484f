"""What a demo's home remembers: the first day of its history and the key of its API.

Every command run in that home must mean the same factory, so the command line recalls them for all.
"""

import json
import os
import secrets
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from factory_pipelines.settings import Settings, load_settings

_KEY_FILE = "demo-api-key"
_STATE_FILE = "demo.json"


def recall() -> Settings:
    """This environment's settings; in a demo's home with what that demo remembers. Variables that are set stay."""
    settings = load_settings()
    file = settings.home_dir / _STATE_FILE
    if settings.rtms.source != "demo" or not file.exists():
        return settings
    os.environ.setdefault("FACTORY_RTMS__FIRST_DAY", json.loads(file.read_text())["first_day"])
    os.environ.setdefault("FACTORY_API__KEYS", json.dumps([f"demo:{api_key(settings.home_dir)}"]))
    return load_settings()


def begin() -> Settings:
    """Makes this process a demo's, and its home one that remembers."""
    os.environ["FACTORY_RTMS__SOURCE"] = "demo"
    settings = load_settings()
    settings.home_dir.mkdir(parents=True, exist_ok=True)
    file = settings.home_dir / _STATE_FILE
    if not file.exists():
        # Fixed at the first start, because partitions begin there.
        file.write_text(json.dumps({"first_day": _first_day(settings).isoformat()}))
    return recall()


def api_key(home: Path) -> str:
    """The demo's own API key, made at its first use and readable by its owner only."""
    file = home / _KEY_FILE
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(24))
    return file.read_text()


def _first_day(settings: Settings) -> date:
    today = settings.plant.clock().production_day(datetime.now(UTC))
    return today - timedelta(days=settings.demo.days)
