"""Rendered scenes, counted by the default detector: the small version of ``benchmarks/counting.py``."""

from pathlib import Path

import pytest

from factory_pipelines.demo.scenes import ACROSS, ALONG, GATE, Scene, View, Weather
from factory_pipelines.demo.traffic import Habits, one_by_one, people, vehicles
from factory_pipelines_tests.watched import judged, watched

SMALL = (256, 144)
VIEWS = pytest.mark.parametrize("view", [ACROSS, ALONG], ids=lambda view: view.name)


@VIEWS
def test_people_who_come_singly_are_counted_exactly(view: View) -> None:
    scene = Scene(view, one_by_one(view, 21, 15.0), size=SMALL)
    events = watched(scene, 995.0, 1090.0)
    true = scene.crossings(1000.0, 1089.0)
    verdict = judged([event for event in events if event.at_s >= 1000.0], true)
    assert len(true) == 6
    assert (verdict.missed, verdict.made_up) == ([], [])
    assert {event.label for event in events} == {"person"}
    assert len({event.track_id for event in events}) == len(events), "never twice"


@VIEWS
def test_who_loiters_on_the_line_is_counted_once_or_when_turning_back_never(view: View) -> None:
    scene = Scene(view, one_by_one(view, 22, 30.0, Habits(loiter_share=1.0)), size=SMALL)
    events = watched(scene, 1008.0, 1160.0)
    true = scene.crossings(1008.0, 1159.0)
    assert 2 <= len(true) <= 4, "some turn back"
    verdict = judged(events, true)
    assert (verdict.missed, verdict.made_up) == ([], [])


@VIEWS
def test_people_who_hide_one_another_under_flickering_lamps_are_nearly_all_counted(view: View) -> None:
    weather = Weather(flicker=0.08, lamps=0.3, lamp_every_s=47.0)
    scene = Scene(view, people(view, 23, 10, Habits(loiter_share=0.1)), size=SMALL, weather=weather)
    events = watched(scene, 995.0, 1120.0)
    true = scene.crossings(1000.0, 1119.0)
    verdict = judged([event for event in events if event.at_s >= 1000.0], true)
    assert len(true) >= 15
    assert len(verdict.missed) <= 2
    assert len(verdict.made_up) <= 1


def test_vehicles_that_stop_at_the_gate_are_counted_once() -> None:
    scene = Scene(GATE, vehicles(24, 25.0, ["KA01AB1234"]), size=SMALL)
    events = watched(scene, 998.0, 1065.0)
    assert [event.label for event in events] == ["vehicle"] * 3
    verdict = judged(events, scene.crossings(998.0, 1065.0))
    assert (verdict.missed, verdict.made_up) == ([], [])


def test_the_example_of_the_manual_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[3] / "docs" / "vision.md").read_text(encoding="utf-8")
    example = page.split("```python\n")[1].split("```")[0].replace("range(300)", "range(100)")
    exec(compile(example, "docs/vision.md", "exec"), {})  # noqa: S102 - our own manual
    assert " door " in capsys.readouterr().out
