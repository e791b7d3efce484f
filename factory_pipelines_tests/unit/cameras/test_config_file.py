"""The cameras' file: strict, and every complaint names the line and the key."""

from pathlib import Path

import pytest

from factory_pipelines.cameras.config_file import CameraFileError, load_cameras

GOOD = """\
cameras:
  - name: hall_door
    source_url: rtsp://viewer:${HALL_PASSWORD}@10.0.0.5/stream1
    role: counting
    area_id: hall
    lines:
      - {name: door, start: [0.1, 0.5], end: [0.9, 0.5]}
  - name: gate_in
    source_url: rtsp://10.0.0.6/stream1
    role: gate
    gate_id: main
    fps: 10
"""
ENVIRONMENT = {"HALL_PASSWORD": "p@ss:w/rd"}


def problems(tmp_path: Path, text: str) -> list[tuple[int, str, str]]:
    path = tmp_path / "cameras.yaml"
    path.write_text(text)
    with pytest.raises(CameraFileError) as refusal:
        load_cameras(path, ENVIRONMENT)
    assert all(str(path) in line for line in str(refusal.value).splitlines())
    return [(problem.line, problem.key, problem.message) for problem in refusal.value.problems]


def only_problem(tmp_path: Path, text: str) -> tuple[int, str, str]:
    found = problems(tmp_path, text)
    assert len(found) == 1, found
    return found[0]


def test_a_file_gives_its_cameras_in_order(tmp_path: Path) -> None:
    path = tmp_path / "cameras.yaml"
    path.write_text(GOOD)
    hall, gate = load_cameras(path, ENVIRONMENT)
    assert (hall.name, hall.role, hall.fps, hall.lines[0].margin) == ("hall_door", "counting", 5.0, 0.25)
    assert (gate.gate_id, gate.fps, gate.kind) == ("main", 10, "rtsp")
    assert hall.source_url.get_secret_value() == "rtsp://viewer:p%40ss%3Aw%2Frd@10.0.0.5/stream1"
    assert "p%40ss" not in repr(hall)
    assert "p%40ss" not in hall.model_dump_json()


def test_a_whole_address_may_come_from_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "cameras.yaml"
    path.write_text("cameras: [{name: a, source_url: '${CAMERA_A}'}]")
    (camera,) = load_cameras(path, {"CAMERA_A": "rtsp://u:p%40@h/x"})
    assert camera.source_url.get_secret_value() == "rtsp://u:p%40@h/x"


@pytest.mark.parametrize(
    ("wrong", "right", "line", "key", "message"),
    [
        ("    fps: 10\n", "    fsp: 10\n", 12, "cameras[1].fsp", "no such key"),
        ("    fps: 10\n", "    fps: 0\n", 12, "cameras[1].fps", "greater than 0"),
        ("    fps: 10\n", "    fps: 10\n    fps: 5\n", 13, "cameras[1].fps", "twice"),
        ("    gate_id: main\n", "", 8, "cameras[1]", "needs gate_id"),
        ("    area_id: hall\n", "", 2, "cameras[0]", "needs area_id"),
        ("    role: gate\n", "    role: barrier\n", 10, "cameras[1].role", "'counting', 'gate' or 'view'"),
        ("[0.9, 0.5]", "[0.1, 0.5]", 7, "cameras[0].lines[0]", "same point"),
        ("[0.9, 0.5]", "[1.9, 0.5]", 7, "cameras[0].lines[0].end[0]", "less than or equal to 1"),
        ("name: gate_in", "name: Gate In", 8, "cameras[1].name", "pattern"),
        ("name: gate_in", "name: hall_door", 8, "cameras[1].name", "called hall_door already"),
        ("rtsp://10.0.0.6/stream1", "10.0.0.6", 9, "cameras[1].source_url", "use rtsp://"),
        ("    source_url: rtsp://10.0.0.6/stream1\n", "", 8, "cameras[1].source_url", "is missing"),
        ("${HALL_PASSWORD}", "${HALL_PASWORD}", 3, "cameras[0].source_url", "HALL_PASWORD is not set"),
        ("cameras:\n", "camera:\n", 1, "camera", "no such key"),
    ],
)  # fmt: skip
def test_a_complaint_names_line_and_key(
    tmp_path: Path, wrong: str, right: str, line: int, key: str, message: str
) -> None:
    assert wrong in GOOD
    found = problems(tmp_path, GOOD.replace(wrong, right))
    assert (line, key) in [(problem[0], problem[1]) for problem in found]
    assert message in next(text for at, name, text in found if (at, name) == (line, key))


def test_all_complaints_come_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("fps: 10", "fps: 0").replace("role: counting", "rolle: counting")
    assert [line for line, _, _ in problems(tmp_path, text)] == [4, 12]


@pytest.mark.parametrize("text", ["cameras: [", "cameras:\n\t- name: x", "\x00", "cameras: {a: *b}"])
def test_what_is_no_yaml_says_where(tmp_path: Path, text: str) -> None:
    line, _, message = only_problem(tmp_path, text)
    assert line >= 1
    assert "no YAML" in message


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "cameras", "- name: a", "cameras: 5"])
def test_what_is_no_list_of_cameras_is_refused(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text)


def test_no_complaint_shows_a_password(tmp_path: Path) -> None:
    text = GOOD.replace("rtsp://viewer:${HALL_PASSWORD}@10.0.0.5", "rtsp://viewer:s3cret@10.0.0.5:port").replace(
        "fps: 10", "fps: many"
    )
    path = tmp_path / "cameras.yaml"
    path.write_text(text)
    with pytest.raises(CameraFileError) as refusal:
        load_cameras(path, ENVIRONMENT)
    assert "s3cret" not in str(refusal.value)
    assert len(refusal.value.problems) == 2


def test_a_model_must_be_complete(tmp_path: Path) -> None:
    text = GOOD + "    detector: {kind: onnx, model: people.onnx}\n"
    assert "needs format, classes too" in only_problem(tmp_path, text)[2]


def test_the_same_moment_cannot_come_twice(tmp_path: Path) -> None:
    text = "cameras: [{name: a, source_url: 'file:a.mp4', clip: {starts_at: 2026-03-02T08:00:00Z}}]"
    assert "exclude each other" in only_problem(tmp_path, text)[2]
