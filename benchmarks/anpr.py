"""How well plates are read, and how long one takes.

``python -m benchmarks.anpr`` prints the entries. The Indian plates are drawn (``demo/plate_photos.py``) from a seed
that nothing was tuned on; the European ones are photographs, looked for in ``FACTORY_ANPR_PHOTOS`` or beside the
repository. Time is that of the processor: the machine may be busy with something else.
"""

import csv
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.harness import entry
from factory_pipelines.demo.plate_photos import PlatePhoto, plate_photos
from factory_pipelines.edge.streams.plate_reads import Look, look_at, pooled, reads_of
from factory_pipelines.gate.decisions import GateRules, Sighting, recognise
from factory_pipelines.gate.grammar import grammar_for
from factory_pipelines.gate.plates import Plate
from factory_pipelines.vision.plates import PlateReader
from factory_pipelines.vision.plates_ocr import crop_reader, photo_reader

_UNSEEN_SEED = 20_261_120
_VEHICLES = 1_000
_FRAMES = 5
_RULES = GateRules(grammar_for("IN"))
_NOW = datetime(2026, 3, 2, 4, 10, tzinfo=UTC)
_PHOTOS = Path(__file__).parents[2] / "shared" / "data" / "plates_eu"


def run() -> list[dict[str, Any]]:
    """All entries: ``name, value, unit, bar, met, detail``; a bar is an upper limit."""
    return [*_indian(), *_european()]


def _indian() -> list[dict[str, Any]]:
    reader = crop_reader()
    took_s: list[float] = []
    single = single_valid = single_wrong = track = track_wrong = pool = 0
    for number in range(_VEHICLES):
        photos = plate_photos(_UNSEEN_SEED, number, frame_count=_FRAMES)
        looks = list(_looks(reader, photos, took_s))
        truth = photos[0].plate.text
        first = looks[0]
        single += first is not None and first.read.text == truth
        valid = _valid([first])
        single_valid += valid == truth
        single_wrong += valid is not None and valid != truth
        seen = [look for look in looks if look is not None]
        pool += bool(seen) and pooled(seen)[0] == truth
        agreed = _valid(looks)
        track += agreed == truth
        track_wrong += agreed is not None and agreed != truth
    shares = [100 * count / _VEHICLES for count in (single, single_valid, single_wrong, track, track_wrong)]
    alone, valid_alone, wrong_alone, together, wrong_together = shares
    what = f"{_VEHICLES:,} drawn vehicles, one and two lines, all formats, {_FRAMES} frames, an unseen seed"
    p95_ms = 1000 * statistics.quantiles(took_s, n=20)[-1]
    return [
        entry("anpr: Indian plates not read from one frame", 100 - alone, 4.0, f"{alone:.1f} % read; {what}", "%"),
        entry(
            "anpr: wrong plates that pass for valid, one frame",
            wrong_alone,
            0.3,
            f"{valid_alone:.1f} % valid and right at the gate's 0.85; {what}",
            "%",
        ),
        entry(
            "anpr: Indian plates not decided over five frames",
            100 - together,
            1.0,
            f"{together:.1f} % decided rightly, {100 * pool / _VEHICLES:.1f} % read rightly; {what}",
            "%",
        ),
        entry("anpr: wrong plates that pass for valid, five frames", wrong_together, 0.3, what, "%"),
        entry(
            "anpr: a crop, detection and OCR, mean",
            1000 * statistics.fmean(took_s),
            60.0,
            f"p95 {p95_ms:.0f} ms of processor time on one core; {len(took_s):,} crops",
            "ms",
        ),
    ]


def _looks(reader: PlateReader, photos: list[PlatePhoto], took_s: list[float]) -> Iterator[Look | None]:
    for photo in photos:
        before_s = time.process_time()
        readings = reader.read(photo.image)
        found = look_at(readings, _RULES.grammar)
        took_s.append(time.process_time() - before_s)
        yield found if isinstance(found, Look) else None


def _valid(looks: list[Look | None]) -> str | None:
    """The plate that the gate takes for valid, by its own rules."""
    usable = [look for look in looks if look is not None]
    if not usable:
        return None
    found, _, _ = recognise(Sighting(reads_of(usable), _NOW), _RULES)
    return found.text if isinstance(found, Plate) else None


def _european() -> list[dict[str, Any]]:
    folder = Path(os.environ.get("FACTORY_ANPR_PHOTOS", _PHOTOS))
    name = "anpr: European photographs not read exactly"
    labels = folder / "labels.csv"
    if not labels.exists():
        return [entry(name, None, 20.0, f"no photographs at {folder.name}: set FACTORY_ANPR_PHOTOS", "%")]
    import cv2

    reader = photo_reader()
    with labels.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    right = alike = 0
    for row in rows:
        readings = reader.read(cv2.imread(str(folder / row["file"])))
        text = readings[0].text if readings else ""
        right += text == row["plate"]
        alike += text.translate(_ALIKE) == row["plate"].translate(_ALIKE)
    share = 100 * right / len(rows)
    detail = (
        f"{share:.1f} % of {len(rows)}, best reading of the whole picture, no country known; "
        f"{100 * alike / len(rows):.1f} % with O/0, I/1, Z/2, S/5, B/8 as one"
    )
    return [entry(name, 100 - share, 20.0, detail, "%")]


_ALIKE = str.maketrans("OIZSB", "01258")

if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(), indent=2, ensure_ascii=False) + "\n")
