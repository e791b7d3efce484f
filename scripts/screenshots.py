"""Takes the screenshots of the README from a running platform, so that they stay true.

    .venv/bin/python scripts/screenshots.py [--ui http://127.0.0.1:3000] [--to docs/images] [--only NAME]

Run `make demo` first, in another terminal. Needs Chromium (Debian: apt-get install chromium), which runs without a
window and is driven through its debugging port.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from factory_pipelines_tests.browser import Browser, running_browser

# What the UI remembers in the browser: navigation folded, graphs drawn downwards.
_MEMORY = {"dagster-nav-collapsed": "true", "large-screen-nav-open": "false", "asset-graph-direction": '"vertical"'}
# Opens the groups of the asset graph one by one; the layout changes after each.
_OPEN_GROUPS = """
(async () => {
  for (let group; (group = document.querySelector('[aria-label="unfold_more"]'));) {
    group.dispatchEvent(new MouseEvent('click', {bubbles: true}));
    await new Promise(resolve => setTimeout(resolve, 1500));
  }
})()
"""
_FOLD_LIST_OF_GROUPS = """
document.querySelector('[aria-label="panel_show_right"]')?.closest('button')?.click()
"""
# Pictures are kept as Markdown, which the UI opens in a dialogue.
_SHOW_PICTURE = """
[...document.querySelectorAll('*')].filter(e => e.innerText === '[Show Markdown]').pop().click()
"""


_WALL = "wall"
_VEHICLE_STANDS_AFTER_S = 20.0


@dataclass(frozen=True)
class Shot:
    """One picture: a path of the UI, and the words that must stand on the page when it is taken.

    ``first`` is JavaScript that changes what the page remembers, begun once ``first_words`` are there; the page is then
    loaded once more. ``then`` is JavaScript for the page as it is taken.
    """

    name: str
    path: str
    words: tuple[str, ...]
    first: str = ""
    first_words: tuple[str, ...] = ()
    then: str = ""
    width: int = 1600
    height: int = 1000


SHOTS = (
    Shot(
        "lineage",
        "/asset-groups",
        ("session_wise_production", "employee_efficiency", "efficiency_forecast", "deliveries"),
        first=_OPEN_GROUPS,
        first_words=("rtms", "production", "alerts"),
        then=_FOLD_LIST_OF_GROUPS,
        width=2800,
        height=1500,
    ),
    Shot(
        "asset",
        "/assets/production/efficiency_forecast?view=overview",
        ("Latest materialization", "Latest check results", "[Show Markdown]"),
        then=_SHOW_PICTURE,
        height=1150,
    ),
    Shot("checks", "/assets/production/employee_efficiency?view=checks", ("Evaluation result", "Passed"), height=800),
    Shot("schedules", "/automation", ("every_ten_minutes", "Scheduled"), height=950),
)


def take(browser: Browser, ui: str, shot: Shot) -> bytes:
    """The picture ``shot`` describes, from the platform at ``ui``."""
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=shot.width,
        height=shot.height,
        deviceScaleFactor=1,
        mobile=False,
    )
    browser.call("Page.navigate", url=f"{ui.rstrip('/')}{shot.path}")
    if shot.first:
        browser.wait_for(shot.first_words)
        browser.value(shot.first)
        browser.call("Page.reload")
    browser.wait_for(shot.words)
    browser.still_picture()
    if shot.then:
        browser.value(shot.then)
    return browser.still_picture()


def take_wall(browser: Browser, edge: str, key: str) -> bytes:
    """The camera wall of the edge, once every camera of the demo has shown something."""
    browser.call("Emulation.setDeviceMetricsOverride", width=1360, height=760, deviceScaleFactor=1, mobile=False)
    browser.call("Page.navigate", url=f"{edge.rstrip('/')}/")
    browser.wait_for(("Who is looking?",))
    browser.value(f"document.getElementById('key').value = {json.dumps(key)}")
    browser.value("document.querySelector('#door button').click()")
    browser.wait_for(("connected", "canteen", "gate_main", "opened"))
    time.sleep(_VEHICLE_STANDS_AFTER_S)
    return browser.picture()


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Takes the screenshots of the README.")
    parser.add_argument("--ui", default="http://127.0.0.1:3000", help="address of the Dagster UI")
    parser.add_argument("--to", type=Path, default=Path("docs/images"), help="folder of the pictures")
    parser.add_argument("--edge", default="http://127.0.0.1:8010", help="address of the edge")
    parser.add_argument("--key", type=Path, default=Path(".factory/demo-api-key"), help="file of the edge's key")
    parser.add_argument("--only", choices=[*(shot.name for shot in SHOTS), _WALL], help="take this one only")
    wanted = parser.parse_args()
    wanted.to.mkdir(parents=True, exist_ok=True)
    with running_browser() as browser:
        remember = f"Object.entries({json.dumps(_MEMORY)}).forEach(([key, value]) => localStorage.setItem(key, value))"
        browser.call("Page.enable")
        browser.call("Page.addScriptToEvaluateOnNewDocument", source=remember)
        for shot in SHOTS:
            if wanted.only in {None, shot.name}:
                _keep(wanted.to / f"{shot.name}.png", take(browser, wanted.ui, shot))
        if wanted.only in {None, _WALL}:
            _keep(wanted.to / f"{_WALL}.png", take_wall(browser, wanted.edge, wanted.key.read_text()))
    return 0


def _keep(target: Path, picture: bytes) -> None:
    target.write_bytes(picture)
    sys.stdout.write(f"{target} ({len(picture) // 1024} kB)\n")


if __name__ == "__main__":
    sys.exit(main())
