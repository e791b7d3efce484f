"""What happens to real cameras, over real RTSP: noticed, named, and over when it is over."""

import logging
import signal
import socket

import av.logging
import psutil
import pytest

from factory_pipelines.demo.rtsp import Feed, RtspServer
from factory_pipelines_tests.integration.streams.conftest import (
    ServerProcess,
    Watched,
    camera,
    eventually,
    moving_square,
)


def test_a_camera_that_is_killed_comes_back_and_no_other_notices(
    watched: Watched, server_process: ServerProcess, server: RtspServer
) -> None:
    watched.add(camera("falls", server_process.address), camera("stands", server.address("cam")))
    watched.live("falls")
    watched.live("stands")
    server_process.kill()
    watched.dark("falls", "refused")
    server_process.start()
    assert watched.live("falls").reconnects >= 1
    assert watched.reasons("stands") == []
    assert watched.live("stands").reconnects == 0


def test_a_camera_that_hangs_is_noticed_and_comes_back(watched: Watched, server_process: ServerProcess) -> None:
    watched.add(camera("hangs", server_process.address, stale_after_s=2))
    watched.live("hangs")
    server_process.send(signal.SIGSTOP)
    assert watched.dark("hangs", "stalled").is_fresh is False
    server_process.send(signal.SIGCONT)
    watched.live("hangs")


def test_a_stream_that_stops_while_the_camera_answers_is_noticed(watched: Watched, server: RtspServer) -> None:
    watched.add(camera("stops", server.address("cam"), stale_after_s=1, open_timeout_s=1))
    watched.live("stops")
    server.feeds["cam"].fault = "hang"
    watched.dark("stops", "stalled")
    server.feeds["cam"].fault = None
    watched.live("stops")


def test_a_silent_port_is_no_camera(watched: Watched) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        watched.add(camera("silent", f"rtsp://127.0.0.1:{port}/cam", open_timeout_s=1))
        assert watched.dark("silent", "stalled").last_frame_at is None


def test_a_wrong_password_is_tried_once(watched: Watched, server: RtspServer) -> None:
    address = server.address("cam").replace("p%40ss", "wr0ng")
    watched.add(camera("locked", address))
    watched.dark("locked", "unauthorised")
    asked = server.connections
    # Longer than the longest wait: it is not tried again, and the account is not locked.
    with pytest.raises(AssertionError, match="not within"):
        eventually(lambda: server.connections > asked, within_s=2.0)
    assert watched.status("locked").state == "stopped"
    watched.fleet.apply([camera("locked", server.address("cam"))])
    watched.live("locked")


@pytest.mark.parametrize("scheme", ["digest", "basic"])
def test_the_right_password_opens(watched: Watched, scheme: str) -> None:
    server = RtspServer(user="viewer", password="p@ss:w/rd", scheme=scheme).start()
    server.show("cam", Feed.of_clip(moving_square()))
    watched.add(camera("opens", server.address("cam")))
    assert watched.live("opens").width == 160
    server.close()


def test_a_stream_that_is_not_there_yet_is_found_when_it_is(watched: Watched, server: RtspServer) -> None:
    watched.add(camera("missing", server.address("later")))
    assert "404" in watched.dark("missing", "not_found").detail
    server.show("later", Feed.of_clip(moving_square()))
    watched.live("missing")


def test_another_resolution_is_shown_without_a_break(watched: Watched, server: RtspServer) -> None:
    watched.add(camera("grows", server.address("cam")))
    assert watched.live("grows").width == 160
    server.show("cam", Feed.of_clip(moving_square(320, 180)))
    eventually(lambda: watched.status("grows").width == 320)
    stream = watched.fleet.get("grows")
    assert stream is not None
    assert stream.slot.latest is not None
    assert stream.slot.latest.image.shape == (180, 320, 3)
    assert watched.reasons("grows") == []


def test_a_corrupted_stream_is_named_and_damaged_pictures_are_shown_to_nobody(
    watched: Watched, server: RtspServer
) -> None:
    watched.add(camera("torn", server.address("cam"), stale_after_s=2))
    watched.live("torn")
    server.feeds["cam"].fault = "corrupt"
    watched.dark("torn", "undecodable")
    assert watched.status("torn").damaged > 0
    server.feeds["cam"].fault = None
    watched.live("torn")


def test_a_name_that_does_not_resolve_and_a_port_without_anybody(watched: Watched) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    watched.add(camera("nobody", f"rtsp://127.0.0.1:{port}/cam"), camera("nowhere", "rtsp://camera.invalid/cam"))
    watched.dark("nobody", "refused")
    watched.dark("nowhere", "unreachable")


def test_a_camera_taken_out_of_the_configuration_is_let_go(watched: Watched, server: RtspServer) -> None:
    watched.add(camera("leaves", server.address("cam")))
    watched.live("leaves")
    watched.fleet.apply([])
    assert watched.fleet.get("leaves") is None
    eventually(lambda: not server.feeds["cam"].watching)


def test_an_unchanged_camera_does_not_notice_a_new_configuration(watched: Watched, server: RtspServer) -> None:
    watched.add(camera("stays", server.address("cam")))
    stream = watched.fleet.get("stays")
    watched.live("stays")
    watched.fleet.apply(
        [camera("stays", server.address("cam")), camera("new", server.address("cam"), is_enabled=False)]
    )
    assert watched.fleet.get("stays") is stream
    assert watched.fleet.get("new") is None


def test_a_restart_by_hand_begins_at_once_and_nothing_old_is_heard(watched: Watched, server: RtspServer) -> None:
    watched.add(camera("again", server.address("cam")))
    before = watched.live("again")
    stream = watched.fleet.get("again")
    assert stream is not None
    stream.restart()
    eventually(lambda: watched.status("again").reconnects > before.reconnects)
    watched.live("again")
    eventually(lambda: len(server.feeds["cam"].watching) == 1)


def test_no_password_in_anything_that_is_said(
    watched: Watched, server: RtspServer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Also not by FFmpeg, when somebody has made PyAV talk."""
    av.logging.set_level(av.logging.VERBOSE)
    try:
        with caplog.at_level(logging.DEBUG):
            wrong = server.address("cam").replace("viewer", "nobody")
            watched.add(camera("wrong", wrong), camera("missing", server.address("nothing")))
            watched.add(camera("good", server.address("cam")))
            watched.add(camera("other_reader", wrong, reader="opencv"))
            watched.dark("wrong", "unauthorised")
            watched.dark("missing", "not_found")
            watched.dark("other_reader", "failed")
            watched.live("good")
            server.close_door()
            watched.dark("good", "refused")
    finally:
        av.logging.set_level(None)
    told = capfd.readouterr()
    everything = [caplog.text, told.out, told.err, *map(repr, watched.said), *map(repr, watched.fleet.streams())]
    assert "unauthorised" in told.out
    assert [text for text in everything if "p%40ss" in text or "p@ss" in text] == []


def test_reconnects_leave_nothing_behind(watched: Watched, server: RtspServer) -> None:
    """A thousand of them, with memory, are a benchmark: python -m benchmarks cameras."""
    watched.add(camera("again", server.address("cam")))
    stream = watched.fleet.get("again")
    assert stream is not None
    process = psutil.Process()

    def reconnect(times: int) -> tuple[int, int]:
        for _ in range(times):
            before = watched.live("again").reconnects
            stream.restart()
            eventually(lambda before=before: watched.status("again").reconnects > before)
        watched.live("again")
        eventually(lambda: watched.status("again").hanging == 0 and len(server.feeds["cam"].watching) == 1)
        return process.num_fds(), process.num_threads()

    handles, threads = reconnect(3)
    later_handles, later_threads = reconnect(8)
    assert later_handles <= handles
    assert later_threads <= threads + 1  # of the pool in which the server makes its descriptions
