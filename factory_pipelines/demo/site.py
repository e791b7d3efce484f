"""Where people can be: areas, the doors that lead into them, and the terminals beside the doors."""

from dataclasses import dataclass
from math import ceil

PLANT = "plant"


@dataclass(frozen=True)
class Door:
    """A door between an area and the yard, with a counter above it and a terminal beside it.

    Attributes:
        door_id: name of the counter, a source of crossings.
        area: place of its area in ``AREAS``.
        device: name of the terminal.
        source: system that collects the terminal's punches.
        tells_direction: whether the terminal says in or out.
        share: of the area's people who prefer this door; an area has one or two, the first of which is the main one.
    """

    door_id: str
    area: int
    device: str
    source: str
    tells_direction: bool
    share: float


@dataclass(frozen=True)
class Area:
    """A part of the plant; its people at scale 1.0, all shifts together, give its capacity."""

    area_id: str
    area_name: str
    people: int


AREAS = (
    Area("sewing_1", "Sewing hall, unit 1", 240),
    Area("sewing_2", "Sewing hall, unit 2", 240),
    Area("dyeing", "Dyeing and washing", 80),
    Area("utilities", "Boilers, power and guards", 20),
    Area("office", "Office and reception", 50),
)
AREA_IDS = tuple(area.area_id for area in AREAS)
SEWING_1, SEWING_2, DYEING, UTILITIES, OFFICE = range(len(AREAS))

DOORS = (
    Door("sewing_1_main", SEWING_1, "T01", "turnstiles", True, 0.7),
    Door("sewing_1_side", SEWING_1, "T02", "turnstiles", True, 0.3),
    Door("sewing_2_main", SEWING_2, "T03", "turnstiles", True, 0.7),
    Door("sewing_2_side", SEWING_2, "T04", "turnstiles", True, 0.3),
    Door("dyeing_main", DYEING, "T05", "turnstiles", True, 0.75),
    Door("dyeing_side", DYEING, "T06", "turnstiles", False, 0.25),
    Door("utilities_door", UTILITIES, "T07", "turnstiles", True, 1.0),
    Door("office_door", OFFICE, "R01", "office_readers", True, 1.0),
)


def capacity_of(area: Area, scale: float) -> int:
    """People the area may hold, in a plant of the given scale."""
    return max(10, ceil(area.people * scale / 10) * 10)
