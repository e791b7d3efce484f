"""What a bomb costs us, how well the local comparison tells drawn faces apart, and what a search costs.

``python -m benchmarks.identity`` prints the entries. The faces are drawn by a program: the figures say that the
comparison works as described, not how well it would know people.
"""

import io
import json
import sys
from contextlib import suppress
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.harness import entry, seconds
from factory_pipelines.identity.faces import Indexed, NoFace
from factory_pipelines.identity.local import LocalMatcher, Template
from factory_pipelines.identity.pictures import PictureError, PictureLimits, read_picture
from factory_pipelines_tests.drawn_faces import drawn_face

_PEOPLE = 40
_PHOTOS: list[dict[str, Any]] = [
    {"noise": 6, "shift_px": 9, "light": 0.85},
    {"noise": 3, "shift_px": -14, "light": 1.1},
]
_LIMITS = PictureLimits.of(10, 25)
_ENROLLED = 1_000


def run() -> list[dict[str, Any]]:
    """All entries: ``name, value, unit, bar, met, detail``; a bar is an upper limit."""
    return [_bomb(), *_accuracy(), _search()]


def _bomb() -> dict[str, Any]:
    """A PNG of 60 megapixels in some kilobytes, refused; what decoding it would take is in the detail."""
    buffer = io.BytesIO()
    Image.new("RGB", (10_000, 6_000)).save(buffer, "PNG")
    bomb = buffer.getvalue()

    def refused() -> None:
        with suppress(PictureError):
            read_picture(bomb, _LIMITS)
            raise AssertionError("the bomb was taken")

    refusing_s = min(seconds(refused) for _ in range(5))
    decoding_s = seconds(lambda: Image.open(io.BytesIO(bomb)).load())
    detail = f"{len(bomb) / 1000:.0f} kB: refused in {refusing_s * 1000:.2f} ms, decoded in {decoding_s * 1000:.0f} ms"
    return entry("identity: refusing a bomb of 60 megapixels", refusing_s * 1000, 5.0, detail, "ms")


def _accuracy() -> list[dict[str, Any]]:
    """Forty drawn faces enrolled, each searched by two other photos of it."""
    templates = _enrolled(_PEOPLE)
    matcher = LocalMatcher(lambda: templates)
    wrong = below = strangers = pairs = asked = 0
    for key, _, _ in templates:
        for photo in _PHOTOS:
            picture = read_picture(drawn_face(int(key), **photo), _LIMITS)
            found = matcher.search(picture, min_similarity_pct=0.01, limit=_PEOPLE)
            if isinstance(found, NoFace):
                continue
            asked += 1
            wrong += found[0].face_key != key
            enough = [match.face_key for match in found if match.similarity_pct >= matcher.default_similarity_pct]
            below += key not in enough
            strangers += len([one for one in enough if one != key])
            pairs += len(found) - 1
    found_of = f"{len(templates)} of {_PEOPLE} drawn faces were found, {asked} searches"
    missed = f"; {100 * below / asked:.0f} % of the right ones stay below the threshold"
    return [
        entry("identity: local comparison, somebody else ranks first", wrong / asked, 0.2, found_of, "share"),
        entry("identity: local comparison, strangers above the threshold", strangers / pairs, 0.02,
              f"{strangers} of {pairs} pairs{missed}", "share"),
    ]  # fmt: skip


def _search() -> dict[str, Any]:
    """One search of a thousand enrolled faces, against finding the face in the picture."""
    rng = np.random.default_rng(1)
    kind, size = next((kind, len(data) // 2) for _, kind, data in _enrolled(2))
    vectors = rng.random((_ENROLLED, size)).astype(np.float16)
    many = [(str(number), kind, vector.tobytes()) for number, vector in enumerate(vectors)]
    picture = read_picture(drawn_face(1), _LIMITS)
    matchers = {"many": LocalMatcher(lambda: many), "none": LocalMatcher(list)}
    took = {
        name: min(seconds(lambda m=matcher: m.search(picture, min_similarity_pct=99)) for _ in range(5))  # type: ignore[misc]
        for name, matcher in matchers.items()
    }
    detail = f"{took['many'] * 1000:.0f} ms with {_ENROLLED} enrolled, {took['none'] * 1000:.0f} ms with none"
    return entry("identity: local search of a thousand faces", took["many"] * 1000, 250.0, detail, "ms")


def _enrolled(people: int) -> list[Template]:
    matcher = LocalMatcher(list)
    found = ((n, matcher.index(read_picture(drawn_face(n), _LIMITS), str(n))) for n in range(people))
    return [(str(n), one.template_kind or "", one.template or b"") for n, one in found if isinstance(one, Indexed)]


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2)
