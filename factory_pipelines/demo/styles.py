"""Which style a line sews on a day, what it consists of, and who sits at which operation.

Changeovers need no history: boundary number ``k`` of a line lies at day ``14 k`` plus the line's phase and a jitter of
at most three days, so two of them are always 8 to 20 days apart and any day finds its style directly.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from factory_pipelines.demo import catalogue
from factory_pipelines.demo.noise import Ints, Noise

_NOMINAL_DAYS = 14
_JITTER_DAYS = 3
_SKIP_CHANCE = 0.22
FINAL_OPER_SEQ = 99


@dataclass(frozen=True)
class Style:
    """One style as one line sews it; the tuples run over its operations.

    Attributes:
        changeover: the line's changeover number that began it.
        first_day: calendar day of that changeover.
        operation_ids: stable across styles, so that a person's knack for an operation is too.
        seat_operation: the operation (position in the tuples) of every seat of the line.
    """

    changeover: int
    first_day: date
    style_no: str
    order_no: int
    buyer_code: str
    part_names: tuple[str, ...]
    part_seqs: tuple[int, ...]
    operations: tuple[str, ...]
    oper_seqs: tuple[int, ...]
    new_oper_seqs: tuple[str, ...]
    sam_min: tuple[float, ...]
    is_fin_part: tuple[bool, ...]
    is_fin_oper: tuple[bool, ...]
    operation_ids: Ints
    seat_operation: Ints


def changeover_day(noise: Noise, line: int, number: int) -> int:
    """Ordinal of the day on which changeover ``number`` of ``line`` falls."""
    jitter = noise.integers("changeover", -_JITTER_DAYS, _JITTER_DAYS, line, number)
    # Lines change over in turn, not all in the same week.
    return _NOMINAL_DAYS * number + line * 5 % _NOMINAL_DAYS + int(jitter)


def changeover_before(noise: Noise, line: int, day: date) -> int:
    """Number of the last changeover of ``line`` on or before ``day``."""
    number = day.toordinal() // _NOMINAL_DAYS + 1  # too late by one or two, never too early
    while changeover_day(noise, line, number) > day.toordinal():
        number -= 1
    return number


def build_style(noise: Noise, line: int, number: int, parts: tuple[catalogue.Part, ...], seats: int) -> Style:
    """The style that ``line`` sews after its changeover ``number``, with its ``seats`` shared out by SAM."""
    key = (line, number)
    factor = float(noise.between("style/sam", 0.85, 1.20, *key))
    spelling = int(noise.integers("style/spelling", 0, 3, *key))
    left_out = noise.chance("style/part", 0.4, *key, np.arange(len(parts)))
    chosen = [part for part, out in zip(parts, left_out, strict=True) if not (part.optional and out)]
    names, operations, part_seqs, oper_seqs, codes, sams, ids = [], [], [], [], [], [], []
    for part_seq, part in enumerate(chosen, start=1):
        kept = _operations_of(noise, key, part)
        for position, operation in enumerate(kept):
            last = position == len(kept) - 1
            oper_seq = FINAL_OPER_SEQ if last else part.operations.index(operation)
            written = operation.name.upper() if spelling == 0 else operation.name
            names.append(part.name)
            operations.append(operation.name.title())
            part_seqs.append(part_seq)
            oper_seqs.append(oper_seq)
            codes.append(f"A{part_seq:02d}{oper_seq:03d}-{written}")
            sams.append(round(operation.sam_min * factor, 2))
            ids.append(parts.index(part) * 100 + part.operations.index(operation))
    return Style(
        changeover=number,
        first_day=date.fromordinal(changeover_day(noise, line, number)),
        style_no=_style_no(noise, key),
        order_no=2_500_000 + int(noise.integers("style/order", 1, 99_999, *key)),
        buyer_code=catalogue.BUYERS[int(noise.integers("style/buyer", 0, len(catalogue.BUYERS) - 1, *key))],
        part_names=tuple(names),
        part_seqs=tuple(part_seqs),
        operations=tuple(operations),
        oper_seqs=tuple(oper_seqs),
        new_oper_seqs=tuple(codes),
        sam_min=tuple(sams),
        is_fin_part=tuple(seq == FINAL_OPER_SEQ for seq in oper_seqs),
        is_fin_oper=tuple(s == FINAL_OPER_SEQ and p == len(chosen) for s, p in zip(oper_seqs, part_seqs, strict=True)),
        operation_ids=np.asarray(ids, dtype=np.int64),
        seat_operation=np.repeat(np.arange(len(sams)), share_seats(sams, seats)),
    )


def share_seats(sam_min: list[float], seats: int) -> Ints:
    """Seats for each operation: one at least, the rest in proportion to SAM (largest remainders).

    Raises:
        ValueError: when there are fewer seats than operations.
    """
    spare = seats - len(sam_min)
    if spare < 0:
        raise ValueError(f"{seats} seats cannot hold {len(sam_min)} operations")
    weights = np.asarray(sam_min) / np.sum(sam_min)
    # The first seat counts against an operation's fair share.
    wanted = np.maximum(weights * seats - 1.0, 0.0)
    wanted *= spare / wanted.sum()
    given = np.floor(wanted).astype(np.int64)
    for at in np.argsort(-(wanted - given), kind="stable")[: spare - int(given.sum())]:
        given[at] += 1
    return np.asarray(given + 1, dtype=np.int64)


def _operations_of(noise: Noise, key: tuple[int, int], part: catalogue.Part) -> list[catalogue.Operation]:
    skip = noise.chance(f"style/skip/{part.name}", _SKIP_CHANCE, *key, np.arange(len(part.operations)))
    last = len(part.operations) - 1
    return [operation for at, operation in enumerate(part.operations) if at == last or not skip[at]]


def _style_no(noise: Noise, key: tuple[int, int]) -> str:
    number = int(noise.integers("style/number", 500_000, 899_999, *key))
    department = int(noise.integers("style/department", 1_000, 49_999, *key))
    season = catalogue.SEASONS[key[1] % len(catalogue.SEASONS)]
    year = date.fromordinal(key[1] * _NOMINAL_DAYS).year % 100
    return f"{number}-D{department} {season}{year:02d}"
