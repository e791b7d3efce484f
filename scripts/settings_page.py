"""Writes docs/settings.md from the settings themselves: ``python scripts/settings_page.py``.

A test compares the page with what this makes, so that no setting stays undocumented.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from factory_pipelines.settings import Settings

PAGE = Path(__file__).resolve().parents[1] / "docs" / "settings.md"

_HEAD = """# Settings

Everything is set through environment variables. Groups are written with two underscores (`FACTORY_RTMS__SOURCE=csv`);
a mistyped name is an error that says what was meant, not a silent default. Several values in one variable: with commas
(`FACTORY_PLANT__HOLIDAYS=2026-01-26,2026-08-15`) or written as a JSON list. *Secret* values are never logged.

`FACTORY_LOG_LEVEL` (default `WARNING`) says how much the commands tell. `scripts/settings_page.py` makes this page.
"""


def rendered() -> str:
    """The whole page."""
    groups = {name: field for name, field in Settings.model_fields.items() if _group(field)}
    plain = {name: field for name, field in Settings.model_fields.items() if not _group(field)}
    parts = [_HEAD, "## The platform\n", _table("FACTORY_", plain)]
    for name, field in groups.items():
        group = _group(field)
        assert group is not None  # noqa: S101 - chosen above
        parts += [
            f"## {name}\n",
            f"{(group.__doc__ or '').replace('``', '`')}\n",
            _table(f"FACTORY_{name.upper()}__", group.model_fields),
        ]
    return "\n".join(parts)


def names() -> Iterator[str]:
    """Every variable."""
    for name, field in Settings.model_fields.items():
        group = _group(field)
        if group is None:
            yield f"FACTORY_{name.upper()}"
        else:
            yield from (f"FACTORY_{name.upper()}__{inner.upper()}" for inner in group.model_fields)


def _group(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _table(prefix: str, fields: dict[str, FieldInfo]) -> str:
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in fields.items():
        secret = " *Secret.*" if "SecretStr" in str(field.annotation) or not field.repr else ""
        rows.append(f"| `{prefix}{name.upper()}` | {_shown(field.default)} | {field.description}{secret} |")
    return "\n".join([*rows, ""])


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, frozenset):
        value = ",".join(sorted(map(str, value)))
    return "" if value is None or value == "" else f"`{value}`"


if __name__ == "__main__":
    PAGE.write_text(rendered(), encoding="utf-8")
