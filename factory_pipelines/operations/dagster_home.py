"""The Dagster instance of this machine: its home folder, and the environment its processes need."""

import os
import shutil
from pathlib import Path

from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.addresses import dagster_url

_PACKAGE = Path(__file__).resolve().parents[1]


def configuration_file(name: str) -> Path:
    """``dagster.yaml`` or ``workspace.yaml``: beside the package in a checkout, inside it in a wheel.

    Raises:
        FileNotFoundError: when the installation lacks it.
    """
    for candidate in (_PACKAGE.parent / name, _PACKAGE / "_deploy" / name):
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(f"{name} is missing beside {_PACKAGE}: reinstall factory-pipelines")


def prepare(settings: Settings) -> dict[str, str]:
    """Makes the Dagster home under ``FACTORY_HOME`` and returns the variables that processes of the instance need."""
    home = settings.home_dir / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(configuration_file("dagster.yaml"), home / "dagster.yaml")
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
