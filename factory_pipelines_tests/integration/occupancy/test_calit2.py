"""CalIt2 at the command line: the figures that lie beside the data are met, and a wrong folder says so."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from factory_pipelines.cli import app
from factory_pipelines.occupancy.calit2 import Calit2Error, as_events, evaluate, read_calit2

DAY = [f"{flow},07/24/05,{n // 2:02}:{n % 2 * 30:02}:00,{n % 3}" for n in range(48) for flow in (7, 9)]


def written(folder: Path, data: list[str], events: str = "07/24/05,11:00:00,14:00:00,10; event\n") -> Path:
    (folder / "CalIt2.data").write_text("\n".join(data))
    (folder / "CalIt2.events").write_text(events)
    return folder


def test_forecast_and_alarms_beat_the_weekly_profile(shared_data: Path) -> None:
    figures = evaluate(read_calit2(shared_data / "calit2"))
    for flow, bar in (("entries", 2.09), ("exits", 2.30)):
        errors = figures.mae[flow]
        assert errors["slot_ahead"] < errors["day_ahead"] < 0.95 * min(bar, errors["profile"]), errors
    assert figures.events == 10
    for ours, plain in figures.recall.values():
        assert ours > plain
    alarms, found = figures.online
    assert (alarms <= 30, found) == (True, 10)


def test_the_command_shows_them(shared_data: Path) -> None:
    result = CliRunner().invoke(app, ["evaluate", "calit2", str(shared_data / "calit2")])
    assert result.exit_code == 0, result.output
    assert re.search(
        r"entries: profile 2\.\d\d, last week 2\.\d\d, day ahead 1\.\d\d, slot ahead 1\.\d\d", result.output
    )
    assert "20 alarms: 10, residual above the weekly profile 6" in result.output


def test_counts_become_events_and_every_half_hour_is_a_sign_of_life(tmp_path: Path) -> None:
    data = read_calit2(written(tmp_path, DAY))
    events = list(as_events(data, "door"))
    assert sum(e.get("people", 0) for e in events if e.get("direction") == "in") == data.entries.sum() == 48
    assert len({e["event_id"] for e in events}) == len(events)
    assert len({e["observed_at"] for e in events}) == 48
    assert events[0] == {
        "source_id": "door",
        "observed_at": "2005-07-23T23:45:00-07:00",
        "event_id": "2005-07-24-0",
        "kind": "heartbeat",
    }
    assert data.events == [(22.0, 28.0)]


@pytest.mark.parametrize(
    ("data", "events", "says"),
    [
        (DAY[:-1], "", "whole days of half hours, both ways"),
        ([], "", "no counts of people who came in"),
        (["8,07/24/05,00:00:00,1"], "", "not CalIt2's format"),
        (["9,07/24/05,25:00:00,1"], "", "not CalIt2's format"),
        (DAY, "soon", "not CalIt2's format"),
    ],
)
def test_what_is_not_the_data_set_says_so(tmp_path: Path, data: list[str], events: str, says: str) -> None:
    with pytest.raises(Calit2Error, match=says):
        read_calit2(written(tmp_path, data, events))


def test_a_folder_without_it_says_what_to_give(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["evaluate", "calit2", str(tmp_path)])
    assert (result.exit_code, "give the folder of CalIt2.data" in result.output) == (2, True)
