"""Reads docker-compose.yml as Docker does: anchors merged, variables put in."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
FILE = ROOT / "docker-compose.yml"

# A shell starts background jobs with SIGINT ignored, and Dagster gives SIGTERM whatever SIGINT has: processes started
# from such a test run would not end when asked to.
WITH_USUAL_SIGNALS = ("env", "--default-signal=INT,TERM")

_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<text>[^}]*))?\}")


class MissingVariableError(KeyError):
    """A `${NAME:?…}` without a value: Docker refuses to start."""


def load(variables: Mapping[str, str], plant: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The file with `${…}` replaced from ``variables``, and ``plant`` as the contents of plant.env."""
    document: dict[str, Any] = yaml.safe_load(_interpolated(FILE.read_text(encoding="utf-8"), variables))
    for service in document["services"].values():
        from_file = (plant or {}) if "env_file" in service else {}
        service["environment"] = {**from_file, **service.get("environment", {})}
    return document


def required_variables() -> set[str]:
    """Names without which the file cannot be used."""
    return {m["name"] for m in _VARIABLE.finditer(FILE.read_text(encoding="utf-8")) if m["kind"] == "?"}


def _interpolated(text: str, variables: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        given = variables.get(match["name"], "")
        if given:
            return given
        if match["kind"] == "?":
            raise MissingVariableError(match["name"])
        return match["text"] or ""

    return _VARIABLE.sub(value, text)
