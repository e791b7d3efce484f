"""Whose plate it is: authorised, blocked and temporary entries with their validity, in an index held in memory.

An index is a snapshot: made from the list's rows of one version, never changed, so that any number of threads may ask
it while the next one is made.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from factory_pipelines.gate.grammar import DIGIT_OF_LETTER

ListKind = Literal["authorized", "blocked", "temporary"]
Status = Literal["AUTHORIZED", "BLOCKED", "UNKNOWN"]


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One line of the vehicle lists.

    Attributes:
        entry_id: the row's number.
        plate: the plate, in capitals and digits.
        kind: which list.
        reason: why it stands there.
        officer: who put it there.
        valid_from: the first instant at which it counts.
        valid_until: the first instant at which it no longer does; None: until it is withdrawn.
    """

    entry_id: int
    plate: str
    kind: ListKind
    reason: str
    officer: str
    valid_from: datetime
    valid_until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether the entry counts at ``at``."""
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the lists say of a plate; ``entry`` is the line that decides, None for an unknown plate."""

    status: Status
    entry: ListEntry | None = None


@dataclass(frozen=True, slots=True)
class Resemblance:
    """A listed plate that a read may have meant, and the line it has there."""

    plate: str
    status: Status
    entry: ListEntry


def standing(entries: Iterable[ListEntry], at: datetime) -> Standing:
    """The standing that these entries of one plate give at ``at``: a block outweighs every permission."""
    holding = [entry for entry in entries if entry.holds(at)]
    for kind, status in _PRECEDENCE:
        for entry in holding:
            if entry.kind == kind:
                return Standing(status, entry)
    return Standing("UNKNOWN")


_PRECEDENCE: tuple[tuple[ListKind, Status], ...] = (
    ("blocked", "BLOCKED"),
    ("authorized", "AUTHORIZED"),
    ("temporary", "AUTHORIZED"),
)


class PlateIndex:
    """All entries of one version of the lists."""

    def __init__(self, entries: Iterable[ListEntry] = (), *, version: int = 0) -> None:
        """Entries that are over already may be among them; they just never count."""
        self.version = version
        self._entries: dict[str, tuple[ListEntry, ...]] = {}
        grouped: dict[str, list[ListEntry]] = defaultdict(list)
        for entry in entries:
            grouped[entry.plate].append(entry)
        self._entries = {plate: tuple(lines) for plate, lines in grouped.items()}
        near: dict[str, list[str]] = defaultdict(list)
        for plate in self._entries:
            for key in _keys(plate):
                near[key].append(plate)
        self._near = {key: tuple(plates) for key, plates in near.items()}

    def __len__(self) -> int:
        """Listed plates."""
        return len(self._entries)

    def standing(self, plate: str, at: datetime) -> Standing:
        """What the lists say of exactly this plate."""
        return standing(self._entries.get(plate, ()), at)

    def counts(self, at: datetime) -> dict[ListKind, int]:
        """Plates of each list that count at ``at``."""
        counts: dict[ListKind, int] = {"authorized": 0, "blocked": 0, "temporary": 0}
        for lines in self._entries.values():
            for kind in {line.kind for line in lines if line.holds(at)}:
                counts[kind] += 1
        return counts

    def resembling(self, plate: str, at: datetime) -> Resemblance | None:
        """A listed plate that differs by one character, or by look-alikes only; a blocked one before all others.

        For warnings. It never says that the plate *is* that one.
        """
        found: dict[str, Standing] = {}
        for key in _keys(plate):
            for other in self._near.get(key, ()):
                if other != plate and other not in found:
                    found[other] = self.standing(other, at)
        ranked = sorted((s.status != "BLOCKED", other) for other, s in found.items() if s.entry is not None)
        if not ranked:
            return None
        best = found[ranked[0][1]]
        return Resemblance(ranked[0][1], best.status, best.entry) if best.entry is not None else None


def skeleton(plate: str) -> str:
    """The plate with all look-alikes made one: plates of one skeleton differ in nothing OCR can be trusted with."""
    return plate.translate(_SKELETON)


_SKELETON = str.maketrans({**DIGIT_OF_LETTER, "M": "N", "W": "V", "Y": "V", "P": "R", "E": "F", "C": "6"})


def _keys(plate: str) -> set[str]:
    """Two plates share a key when one character was taken for another, or lost; or when only look-alikes differ."""
    holes = {f"{plate[:i]}?{plate[i + 1 :]}" for i in range(len(plate))}
    lost = {f"{plate[:i]}{plate[i + 1 :]}-" for i in range(len(plate))}
    return holes | lost | {f"{plate}-", f"~{skeleton(plate)}"}
