"""JSON lines without secrets."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from factory_pipelines.edge.logs import configure_logs

SECRET = 'hush-"quoted"-hush'


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What is logged; the loggers of the test run come back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    configure_logs([SECRET, "plain-secret-1"], stream=stream)
    yield stream
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_structlog_and_standard_loggers_speak_the_same_json(stream: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(request_id="r-1")
    structlog.get_logger("ours").info("request", status=200)
    logging.getLogger("theirs").warning("pool %s is %d", "factory", 3)
    ours, theirs = lines(stream)
    assert (ours["message"], ours["status"], ours["level"], ours["logger"]) == ("request", 200, "info", "ours")
    assert (theirs["message"], theirs["level"], theirs["logger"]) == ("pool factory is 3", "warning", "theirs")
    assert ours["request_id"] == theirs["request_id"] == "r-1"
    assert str(ours["at"]).endswith("Z")


def test_a_secret_does_not_get_out_whatever_way_it_came_in(stream: io.StringIO) -> None:
    log = structlog.get_logger("ours")
    log.info("a value", password=SECRET, nested={"deep": [f"before {SECRET} after"]})
    logging.getLogger("theirs").error("url postgresql://u:%s@db", "plain-secret-1")
    try:
        raise ValueError(f"bad login with {SECRET}")
    except ValueError:
        log.exception("failed")
    text = stream.getvalue()
    assert "hush" not in text
    assert "plain-secret-1" not in text
    assert len(lines(stream)) == 3
    assert "ValueError: bad login with ***" in str(lines(stream)[2]["exception"])


def test_an_entry_cannot_forge_a_second_line(stream: io.StringIO) -> None:
    structlog.get_logger("ours").info("request", path='/x\n{"level": "info", "message": "forged"}')
    assert len(stream.getvalue().splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    [
        'open "rtsp://viewer:c4mera@10.0.0.5/a" failed',
        "rtsp://viewer:c4mera\\@10.0.0.5/a",
        'it said "password=c4mera"',
        "password=c4mera\\",
        'token=c4mera"x',
    ],
)
def test_no_address_shows_a_login_and_the_line_stays_json(stream: io.StringIO, text: str) -> None:
    """Cameras are registered while the process runs: their passwords are not among the known secrets."""
    logging.getLogger("libav.rtsp").error("%s", text)
    (line,) = lines(stream)
    assert "***" in str(line["message"])
    assert "c4mera" not in str(line)
