"""What a camera's OCR makes of a text: frames that err, some of them the same way again and again.

Errors differ by character (a B becomes an 8 far more often than a W anything) and by how well a frame can be read; a
smudge spoils one place of a plate in most of its frames, which no agreement of reads can undo. The table is the
simulator's own, coarser than the one the gate decides with.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from factory_pipelines.demo.noise import Floats, Ints, Noise

MOST_FRAMES = 7
_LONGEST = 24
_ALPHABET = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
# What each character is taken for, and how much more often than others it is.
_TAKEN_FOR = {
    "0": ("9O68", 1.2), "1": ("I7", 0.6), "2": ("Z7", 0.5), "3": ("58", 0.6), "4": ("A", 0.4), "5": ("S39", 0.6),
    "6": ("50G", 0.9), "7": ("21T", 0.5), "8": ("B063", 1.5), "9": ("50", 0.8), "B": ("88R", 3.0), "D": ("00O", 2.4),
    "E": ("F", 0.8), "F": ("PE", 1.2), "G": ("6C", 1.6), "H": ("RN", 1.0), "K": ("X6", 0.9), "L": ("1", 0.9),
    "M": ("HN", 1.0), "N": ("HM", 1.1), "O": ("00Q", 4.0), "P": ("F", 0.6), "Q": ("0O", 3.2), "R": ("8K", 0.9),
    "S": ("55", 4.0), "T": ("71", 1.1), "U": ("0V", 0.8), "V": ("Y", 0.5), "W": ("V", 0.7), "X": ("K", 1.3),
    "Y": ("7V", 1.2), "Z": ("22", 2.5),
}  # fmt: skip


@dataclass(frozen=True)
class FrameRead:
    """One frame's text, and how sure OCR says it is, from 0 to 1."""

    text: str
    confidence: float


def reads_of(noise: Noise, texts: Sequence[str], key: Ints) -> list[list[FrameRead]]:
    """Three to seven frames of each text.

    Args:
        noise: source of chance.
        texts: what stands there.
        key: number of each sighting.
    """
    count = noise.integers("ocr/frames", 3, MOST_FRAMES, key)
    frame = np.arange(MOST_FRAMES)[None, :]
    seen = noise.between("ocr/light", 0.35, 1.0, key)[:, None] + 0.18 * noise.normal("ocr/frame", key[:, None], frame)
    quality = np.clip(seen, 0.0, 1.0)
    confidence = np.clip(0.52 + 0.46 * quality + 0.05 * noise.normal("ocr/sure", key[:, None], frame), 0.2, 0.995)
    place = np.arange(_LONGEST)[None, None, :]
    keys = (key[:, None, None], frame[:, :, None], place)
    errs, drops, pick = (noise.uniform(name, *keys) for name in ("ocr/errs", "ocr/drops", "ocr/pick"))
    smudged = np.where(noise.chance("ocr/smudge", 0.03, key), noise.integers("ocr/smudged", 0, _LONGEST - 1, key), -1)
    found = []
    for n, text in enumerate(texts):
        spot = int(smudged[n]) % len(text) if smudged[n] >= 0 else -1
        reads = []
        for f in range(int(count[n])):
            error = 0.008 + 0.22 * (1.0 - float(quality[n, f])) ** 1.5
            read = _misread(text, error, errs[n, f], drops[n, f], pick[n, f], spot)
            reads.append(FrameRead(read, round(float(confidence[n, f]), 3)))
        found.append([read for read in reads if read.text] or [FrameRead(text[:1], 0.2)])
    return found


def _misread(text: str, error: float, errs: Floats, drops: Floats, pick: Floats, smudge: int) -> str:
    """One frame's text; at the place ``smudge`` the same wrong character in most frames (−1: nowhere)."""
    out = []
    for place, char in enumerate(text[:_LONGEST]):
        like, factor = _TAKEN_FOR.get(char, ("", 0.6))
        if place == smudge and errs[place] < 0.7:
            out.append(like[0] if like else "8")
        elif errs[place] < error * factor:
            # One error in four looks like nothing in particular.
            pool = like if like and pick[place] < 0.75 else _ALPHABET
            out.append(pool[int(pick[place] * 97) % len(pool)])
        elif drops[place] >= error * 0.12:
            out.append(char)
    return "".join(out)
