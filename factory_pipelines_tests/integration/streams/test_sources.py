"""Sources that are no network camera: clips, pictures, devices; and the other reader."""

from datetime import UTC, datetime
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from factory_pipelines.demo.rtsp import RtspServer
from factory_pipelines.edge.streams.failures import StreamError
from factory_pipelines.edge.streams.slot import Frame
from factory_pipelines.edge.streams.sources import open_source
from factory_pipelines.edge.streams.stream import CameraStream
from factory_pipelines_tests.integration.streams.conftest import Watched, camera, eventually

BEGAN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def write_clip(
    path: Path, *, pictures: int = 20, fps: int = 10, size: tuple[int, int] = (64, 48), codec: str = "ffv1"
) -> Path:
    """A clip whose pictures become brighter, one by one."""
    with av.open(str(path), "w") as container:
        # FFV1 has no loss and no smallest size.
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt = "bgr0" if codec == "ffv1" else "yuvj420p"
        for number in range(pictures):
            image = np.full((size[1], size[0], 3), number * 10, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
    return path


def play(stream: CameraStream) -> list[Frame]:
    """Everything that can be seen of a clip."""
    stream.start()
    seen: list[Frame] = []
    while stream.status().state != "stopped" or stream.slot.latest is not None:
        frame = stream.slot.get(seen[-1].seq if seen else 0, 0.2)
        if frame is not None:
            seen.append(frame)
        elif stream.status().state == "stopped":
            break
    return seen


FAST = {"real_time": False, "loop": False, "starts_at": BEGAN}


def test_a_clip_as_fast_as_possible_shows_every_picture_at_its_time(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv")
    stream = CameraStream(camera("clip", f"file:{path}", clip=FAST))
    seen = play(stream)
    assert [frame.image[0, 0, 0] for frame in seen] == [number * 10 for number in range(20)]
    assert [(frame.captured_at - BEGAN).total_seconds() for frame in seen] == [number / 10 for number in range(20)]
    assert stream.status().reason == "finished"


def test_a_clip_gives_so_many_pictures_a_second_as_are_wanted(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv")
    seen = play(CameraStream(camera("clip", f"file:{path}", clip=FAST, fps=5)))
    assert [frame.image[0, 0, 0] for frame in seen] == [number * 10 for number in range(0, 20, 2)]


def test_a_clip_in_real_time_begins_anew(tmp_path: Path, watched: Watched) -> None:
    path = write_clip(tmp_path / "a.mkv", pictures=4, fps=20)
    watched.add(camera("clip", f"file:{path}"))
    eventually(lambda: watched.status("clip").captured > 10)
    assert watched.reasons("clip") == []


def test_a_clip_of_one_pixel(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv", size=(1, 1), pictures=3)
    seen = play(CameraStream(camera("dot", f"file:{path}", clip=FAST)))
    assert [frame.image.shape for frame in seen] == [(1, 1, 3)] * 3


def test_opencv_plays_a_clip_with_the_same_pictures_and_times(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.avi", codec="mjpeg")
    seen = play(CameraStream(camera("clip", f"file:{path}", clip=FAST, reader="opencv")))
    assert [round(frame.image[0, 0, 0] / 10) for frame in seen] == list(range(20))
    assert [(frame.captured_at - BEGAN).total_seconds() for frame in seen] == [number / 10 for number in range(20)]


@pytest.mark.parametrize("reader", ["pyav", "opencv"])
def test_a_clip_that_is_not_there_and_one_that_is_none(tmp_path: Path, reader: str, watched: Watched) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    watched.add(camera("missing", f"file:{tmp_path}/none.mp4", reader=reader))
    watched.add(camera("text", f"file:{tmp_path}/text.mp4", reader=reader))
    watched.dark("missing", "not_found" if reader == "pyav" else "failed")
    watched.dark("text", "undecodable" if reader == "pyav" else "failed")


def test_a_clip_without_a_picture_is_no_clip_to_play_for_ever(tmp_path: Path, watched: Watched) -> None:
    path = write_clip(tmp_path / "a.avi", codec="mjpeg")
    head, *chunks = path.read_bytes().split(b"00dc")
    path.write_bytes(b"00dc".join([head, *(chunk[:4] + bytes(len(chunk) - 4) for chunk in chunks)]))
    watched.add(camera("empty", f"file:{path}"))
    assert watched.dark("empty", "undecodable").captured == 0


def test_a_clip_with_a_picture_every_other_second_is_left_in_peace(tmp_path: Path, watched: Watched) -> None:
    path = write_clip(tmp_path / "a.mkv", pictures=3, fps=1)
    watched.add(camera("slow", f"file:{path}", stale_after_s=0.5, clip={"loop": False}))
    watched.dark("slow", "finished")
    assert (watched.status("slow").captured, watched.status("slow").hanging) == (3, 0)


def test_a_picture_is_shown_again_and_again(tmp_path: Path, watched: Watched) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((30, 40, 3), 7, np.uint8))
    watched.add(camera("still", f"image:{tmp_path}/a.png"))
    status = eventually(lambda: (s := watched.status("still")).captured >= 2 and s)
    assert (status.width, status.height, status.is_fresh) == (40, 30, True)


def test_a_picture_of_sixty_megapixels_is_refused_before_it_is_read(tmp_path: Path, watched: Watched) -> None:
    cv2.imwrite(str(tmp_path / "huge.png"), np.zeros((6000, 10000), np.uint8))
    (tmp_path / "text.png").write_text("no picture")
    watched.add(camera("huge", f"image:{tmp_path}/huge.png"), camera("text", f"image:{tmp_path}/text.png"))
    assert "10000 × 6000" in watched.dark("huge", "too_large").detail
    watched.dark("text", "undecodable")


def test_a_device_that_is_not_there(watched: Watched) -> None:
    watched.add(camera("usb", "usb:97"))
    watched.dark("usb", "not_found")


def test_a_video_larger_than_allowed_is_refused(tmp_path: Path) -> None:
    config = camera("large", f"file:{write_clip(tmp_path / 'a.mkv')}")
    with pytest.raises(StreamError, match=r"64 × 48 pixels are more than 0\.001 megapixels"):
        open_source(config, max_megapixels=0.001)


def test_opencv_reads_a_camera_too(watched: Watched, server: RtspServer) -> None:
    watched.add(camera("other", server.address("cam"), reader="opencv"))
    assert watched.live("other").width == 160
    server.close_door()
    watched.dark("other", "refused")
    server.open_door()
    watched.live("other")
