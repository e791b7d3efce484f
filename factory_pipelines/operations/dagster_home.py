"""The Dagster instance of this machine: its home folder, and the environment its processes need."""

import os
from pathlib import Path

from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.addresses import dagster_url

_PACKAGE = Path(__file__).resolve().parents[1]
_INSTANCE_FILES = ("dagster.yaml", "deploy/dagster-storage.yaml")


def configuration_file(name: str) -> Path:
    """``dagster.yaml``, ``workspace.yaml`` or a file under ``deploy/``: in the checkout, or inside the wheel.

    Raises:
        FileNotFoundError: when the installation lacks it.
    """
    for candidate in (_PACKAGE.parent / name, _PACKAGE / "_deploy" / name):
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(f"{name} is missing beside {_PACKAGE}: reinstall factory-pipelines")


def write_configuration(home: Path) -> None:
    """Writes ``dagster.yaml`` of a deployment into ``home``: our rules, and the storage they apply to."""
    parts = [configuration_file(name).read_text(encoding="utf-8") for name in _INSTANCE_FILES]
    (home / "dagster.yaml").write_text("\n".join(parts), encoding="utf-8")


def prepare(settings: Settings) -> dict[str, str]:
    """Makes the Dagster home under ``FACTORY_HOME`` and returns the variables that processes of the instance need."""
    home = settings.home_dir / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    write_configuration(home)
    return {
        "DAGSTER_HOME": str(home),
        "DAGSTER_STORAGE_DIR": str(home),
        "DAGSTER_PG_URL": dagster_url(settings),
        # Processes started in another folder must mean the same home.
        "FACTORY_HOME": str(settings.home_dir),
    }


def enter(settings: Settings) -> None:
    """Makes this process part of the instance; a ``DAGSTER_HOME`` that is already set is respected."""
    if "DAGSTER_HOME" not in os.environ:
        os.environ.update(prepare(settings))
