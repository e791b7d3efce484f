"""An address is shown without what lets somebody in, however it was written."""

import pytest

from factory_pipelines.cameras.addresses import kind_of, redacted

SECRETS = ("s3cret", "hunter2", "tlJwpbo6")


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://viewer:s3cret@10.0.0.5/stream1",
        "rtsp://viewer:s3cret@10.0.0.5:554/a and rtsp://viewer:hunter2@10.0.0.6/b",
        "[Errno 111] Connection refused: 'rtsp://viewer:s3cret@10.0.0.5/stream1'",
        'method DESCRIBE failed for "rtsp://viewer:s3cret@cam.plant/stream1"',
        "rtsp://viewer:s3cret%40x@10.0.0.5/stream1",
        "rtsp://viewer:x@s3cret@10.0.0.5/stream1",
        "rtsp://viewer:s3cret/hunter2@10.0.0.5/stream1",
        "RTSPS://viewer:s3cret@10.0.0.5/stream1",
        "rtsp://10.0.0.5/h264?user=s3cret&password=hunter2",
        "rtsp://10.0.0.5/user=admin_password=tlJwpbo6_channel=1_stream=0.sdp",
        "http://10.0.0.5/video?token=s3cret&size=2",
    ],
)
def test_no_password_is_left(text: str) -> None:
    shown = redacted(text)
    assert [secret for secret in SECRETS if secret in shown] == []
    assert "***" in shown


@pytest.mark.parametrize(
    "text", ["rtsp://10.0.0.5:554/stream1", "line 3: fps must be > 0", "mail op@plant.example", "file:/clips/a=b.mp4"]
)
def test_what_holds_no_secret_is_left_alone(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("rtsp://10.0.0.5/a", "rtsp"),
        ("rtsps://u:p@cam.plant:322/a", "rtsp"),
        ("rtsp://[fe80::1]:554/a", "rtsp"),
        ("file:clip.mp4", "file"),
        ("file:///clips/clip.mp4", "file"),
        ("image:gate.jpg", "image"),
        ("usb:0", "usb"),
    ],
)
def test_the_scheme_says_what_kind_of_source_it_is(address: str, kind: str) -> None:
    assert kind_of(address) == kind


@pytest.mark.parametrize(
    "address",
    ["", "10.0.0.5", "http://10.0.0.5/a", "rtsp:///a", "rtsp://h:0/a", "rtsp://h:99999/a", "rtsp://u:p#w@h:x/a",
     "file:", "usb:first", "usb:"],
)  # fmt: skip
def test_what_cannot_be_opened_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(ValueError, match=r"rtsp://|password") as refusal:
        kind_of(address)
    assert "u:p" not in str(refusal.value)
