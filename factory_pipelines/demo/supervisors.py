"""The supervisors of the simulated factory, with the gaps of the real list. No number here can ring anywhere."""

import pandas as pd

from factory_pipelines.demo import catalogue
from factory_pipelines.demo.noise import Noise
from factory_pipelines.demo.people import Layout

_PARTS_EACH = 3


def build_supervisors(noise: Noise, layout: Layout) -> pd.DataFrame:
    """One row per line and part; a supervisor has up to three neighbouring parts of one line.

    Columns: LineName, PartName, SupervisorName, SupervisorCode, PhoneNumber. Numbers are of the fictitious area 555;
    some lack the country code, some are written with spaces, some are missing.
    """
    records = []
    number = 0
    for line, line_name in enumerate(layout.line_names):
        for at, part in enumerate(layout.parts[line]):
            number += at % _PARTS_EACH == 0
            records.append(
                {
                    "LineName": line_name,
                    "PartName": part.name,
                    "SupervisorName": _name(noise, number),
                    "SupervisorCode": f"SUP{number:03d}",
                    "PhoneNumber": _phone(noise, number, line, at),
                }
            )
    return pd.DataFrame(records)


def _name(noise: Noise, number: int) -> str:
    given = int(noise.integers("supervisor/given", 0, len(catalogue.GIVEN_NAMES) - 1, number))
    family = int(noise.integers("supervisor/family", 0, len(catalogue.FAMILY_NAMES) - 1, number))
    return f"{catalogue.GIVEN_NAMES[given]} {catalogue.FAMILY_NAMES[family]}"


def _phone(noise: Noise, number: int, line: int, part: int) -> str | None:
    """One number per supervisor, written in one of the ways people write it, or forgotten for a part."""
    if noise.chance("supervisor/forgotten", 0.08, line, part):
        return None
    digits = f"{number % 10_000:04d}"
    styles = (f"+1555010{digits}", f"+1 555 010 {digits}", f"555010{digits}"[:10], f" 555010{digits}"[:11])
    return styles[int(noise.integers("supervisor/writing", 0, len(styles) - 1, number))]
