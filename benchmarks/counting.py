"""How well people are counted by motion alone, and what a picture costs.

``python -m benchmarks.counting`` prints the entries; 10,000 crossings take some ten minutes of one core. The scenes
are rendered small: the detector works on 180 lines or fewer whatever the camera gives.
"""

import json
import sys
import time
from collections import Counter
from typing import Any

from benchmarks.harness import entry
from factory_pipelines.demo.scenes import ACROSS, ALONG, Scene, View, Weather
from factory_pipelines.demo.traffic import Habits, one_by_one, people
from factory_pipelines_tests.watched import Verdict, judged, moment, watched, watcher_of

_CROSSINGS = 10_000
_SMALL = (256, 144)
_PER_MINUTE = 10
_START_S = 36_000.0
_HARD = Weather(noise=2.5, flicker=0.08, lamps=0.3, lamp_every_s=311.0)
_SOME_LOITER = Habits(loiter_share=0.1)
_VIEWS = (ACROSS, ALONG)


def run() -> list[dict[str, Any]]:
    """All entries: ``name, value, unit, bar, met, detail``; a bar is an upper limit."""
    import cv2

    cv2.setNumThreads(1)  # the figures are those of one core
    return [_alone(), *_crowded(), *_cost()]


def _alone() -> dict[str, Any]:
    """People who come singly, every second one loitering on the line."""
    wrong = true = 0
    for view in _VIEWS:
        scene = Scene(view, one_by_one(view, 11, 30.0, Habits(loiter_share=0.5)), size=_SMALL)
        verdict = _verdict(scene, 7_500.0)
        wrong += len(verdict.missed) + len(verdict.made_up)
        true += verdict.true.total()
    return entry(
        "counting: wrong counts of people who come singly", wrong, 0, f"{true} crossings, half of them loiter", "counts"
    )


def _crowded() -> list[dict[str, Any]]:
    """People who hide one another, under lamps that flicker and switch."""
    verdicts = []
    for view in _VIEWS:
        scene = Scene(view, people(view, 7, _PER_MINUTE, _SOME_LOITER), size=_SMALL, weather=_HARD)
        # A share of those who loiter turns back.
        verdicts.append((view, _verdict(scene, _CROSSINGS / 2 / _PER_MINUTE * 60 / 0.96)))
    true, counted = Counter[str](), Counter[str]()
    for _, verdict in verdicts:
        true, counted = true + verdict.true, counted + verdict.counted
    missed = sum(len(verdict.missed) for _, verdict in verdicts)
    made_up = sum(len(verdict.made_up) for _, verdict in verdicts)
    worst = max(abs(counted[way] - true[way]) / true[way] for way in ("in", "out"))
    figures = ", ".join(f"{way}: {counted[way]:,} of {true[way]:,}" for way in ("in", "out"))
    by_view = "; ".join(_described(view, verdict) for view, verdict in verdicts)
    return [
        entry("counting: error of the count, occlusions, flicker, loiterers", 100 * worst, 2.0, figures, "%"),
        entry("counting: crossings missed", 100 * missed / true.total(), 3.0, by_view, "%"),
        entry("counting: counts without a crossing of their own", 100 * made_up / true.total(), 1.0, by_view, "%"),
    ]


def _described(view: View, verdict: Verdict) -> str:
    found = f"{len(verdict.missed)} missed and {len(verdict.made_up)} too many"
    return f"{view.name}: {found} of {verdict.true.total():,}"


def _verdict(scene: Scene, seconds: float) -> Verdict:
    # The first seconds teach the background.
    events = watched(scene, _START_S - 10.0, _START_S + seconds)
    inside = [event for event in events if event.at_s >= _START_S]
    return judged(inside, scene.crossings(_START_S, _START_S + seconds - 1.0))


def _cost() -> list[dict[str, Any]]:
    """Milliseconds of one core for a 720p picture with people in it: drawn, and watched."""
    scene = Scene(ACROSS, people(ACROSS, 3, _PER_MINUTE))
    watcher = watcher_of(scene)
    drawing, watching = [], []
    for number in range(300):
        at_s = _START_S + number / 5
        started = time.thread_time()
        picture = scene.picture(at_s)
        drawn = time.thread_time()
        watcher.step(picture, moment(at_s))
        if number < 50:  # what is loaded once is not what a picture costs
            continue
        drawing.append(drawn - started)
        watching.append(time.thread_time() - drawn)
    watching_ms = 1000 * sum(watching) / len(watching)
    cameras = f"{8 * 5 * watching_ms / 10:.0f} % of a core for 8 cameras at 5 pictures a second, decoding not included"
    return [
        entry("counting: one 720p picture watched", watching_ms, 10.0, cameras, "ms"),
        entry("scenes: one 720p picture drawn", 1000 * sum(drawing) / len(drawing), 10.0, "simulated camera", "ms"),
    ]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(), indent=2, ensure_ascii=False) + "\n")
