"""``make bench``: every benchmark in turn; a table here, the figures in ``benchmarks/latest.json``.

``python -m benchmarks efficiency api`` runs these alone and keeps the other figures. Exits 1 when a bar is missed.
"""

import importlib
import json
import pkgutil
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import benchmarks

_LATEST = Path(__file__).parent / "latest.json"
_HELPERS = {"__main__", "harness"}


def main(wanted: list[str]) -> int:
    """Runs the benchmarks named, or all."""
    names = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name not in _HELPERS)
    if unknown := set(wanted) - set(names):
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}: there are {', '.join(names)}")
    console = Console()
    latest: dict[str, dict[str, Any]] = {}
    if wanted and _LATEST.exists():
        latest = {entry["name"]: entry for entry in json.loads(_LATEST.read_text())}
    for name in wanted or names:
        with console.status(f"{name} …"):
            entries = importlib.import_module(f"benchmarks.{name}").run()
        latest |= {entry["name"]: entry for entry in entries}
        _LATEST.write_text(json.dumps(list(latest.values()), indent=2, ensure_ascii=False) + "\n")
    console.print(_table(latest.values()))
    return 0 if all(entry["met"] for entry in latest.values()) else 1


def _table(entries: Any) -> Table:
    table = Table("figure", "value", "bar", "", "detail")
    for entry in entries:
        mark = "[green]met[/]" if entry["met"] else "[red]missed[/]"
        table.add_row(entry["name"], f"{entry['value']} {entry['unit']}", str(entry["bar"]), mark, entry["detail"])
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
