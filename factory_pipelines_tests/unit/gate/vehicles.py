"""Plates and reads for the tests: drawn at random, misread as real OCR misreads."""

import csv
import random
from collections import defaultdict
from pathlib import Path

from factory_pipelines.gate.agreement import Read
from factory_pipelines.gate.confusions import MISREAD
from factory_pipelines.gate.grammar import INDIAN_STATES

GOLDEN = Path(__file__).parents[2] / "golden" / "gate"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def seeded(seed: int) -> random.Random:
    """The same vehicles every time."""
    return random.Random(seed)  # noqa: S311 repeatable


def golden_lines(name: str) -> list[str]:
    """The lines of a golden text file without comments; ``\\n`` and ``\\r`` are line breaks."""
    lines = (GOLDEN / name).read_text(encoding="utf-8").splitlines()
    return [line.replace("\\n", "\n").replace("\\r", "\r") for line in lines if line and not line.startswith("#")]


def real_reads(name: str) -> list[tuple[str, list[Read]]]:
    """Vehicles with their true plate and what PP-OCR read of it in six frames."""
    vehicles: dict[tuple[str, str], list[Read]] = defaultdict(list)
    with (GOLDEN / name).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            vehicles[row["vehicle"], row["truth"]].append(Read(row["read"], float(row["confidence"])))
    return [(truth, reads) for (_, truth), reads in vehicles.items()]


def any_plate(rng: random.Random) -> str:
    """A plate as it might come to a gate."""
    kind = rng.random()
    number = f"{rng.randint(1, 9999):04d}"
    if kind < 0.06:
        return f"{rng.randint(21, 26)}BH{number}{''.join(rng.choices(LETTERS, k=rng.choice((1, 2))))}"
    if kind < 0.14:
        return f"DL{rng.randint(1, 9)}C{''.join(rng.choices(LETTERS, k=rng.choice((1, 2))))}{number}"
    series = "".join(rng.choices(LETTERS, k=rng.choices((1, 2, 3), (2, 7, 1))[0]))
    return f"{rng.choice(INDIAN_STATES)}{rng.randint(1, 60):02d}{series}{number}"


def misread(plate: str, rng: random.Random, *, frames: int = 6, error: float = 0.12) -> list[Read]:
    """What a camera makes of ``plate`` in several frames, each with its own errors and its own idea of how sure it is.

    ``error`` is the mean share of wrong characters; which ones, and what they become, is as OCR really errs.
    """
    reads = []
    for _ in range(frames):
        level = min(0.6, rng.expovariate(1 / error))
        text = "".join(_misread_one(char, level, rng) for char in plate)
        if rng.random() < level / 4:
            gone = rng.randrange(len(text))
            text = text[:gone] + text[gone + 1 :]
        # Sure where it is right, on the whole: an OCR's confidence is a hint and no more.
        confidence = min(0.999, max(0.05, 1 - 0.8 * level + rng.gauss(0, 0.08)))
        reads.append(Read(text, round(confidence, 3)))
    return reads


def _misread_one(char: str, level: float, rng: random.Random) -> str:
    known = MISREAD[char]
    if rng.random() >= min(0.7, level * known.factor):
        return char
    roll = rng.random()
    for seen, share in known.shares.items():
        roll -= share
        if roll < 0:
            return seen
    return rng.choice([other for other in LETTERS + "0123456789" if other != char])
