"""The source's dirt, as the real extract shows it: what is missing, misspelt, doubled, withdrawn or wrong, and when.

Dirt is planned once a day, so that two pulls of one day see the same dirt, except where the plant itself mends it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from factory_pipelines.demo.noise import Bools, Floats, Ints, Noise
from factory_pipelines.demo.people import Texts
from factory_pipelines.demo.shifts import DAY_MINUTES, SESSIONS
from factory_pipelines.demo.work import Work

NEVER = DAY_MINUTES + 1
REFUSED_KINDS = ("negative_pieces", "no_row_id", "no_line")
COUNT_COLUMNS = ("Eff100", "ProdnPcs", *(f"S{session:02d}" for session in range(1, SESSIONS + 1)))

_REFUSED_CHANCE = 1 / 650
_WITHDRAWN_CHANCE = 1 / 350
_DUPLICATE_CHANCE = 1 / 1500
_FLOAT_DAYS = 0.2


@dataclass(frozen=True)
class DirtPlan:
    """What happens to each row of the day; arrays over all rows, true and false.

    Attributes:
        source: the true row each row repeats; true rows repeat themselves.
        refused: '' or the member of REFUSED_KINDS that makes the contract refuse the row.
        withdrawn: rows booked by mistake, gone again later.
        shown_from: first minute at which RTMS shows the row.
        shown_until: minute at which it is gone.
        frozen_at: minute after which the row's counts stand still.
        code_missing_until: minute at which the missing employee is filled in (0: never missing).
        leading_dot: the code begins with a dot.
        text_fault: 0 none, 1 name in capitals, 2 name in small letters, 3 spaces around the name, 4 a space after
            the line, 5 spaces after the part, 6 doubled spaces in the operation.
        off_session: session whose pieces are miscounted, −1 for none.
        off_share: how much of it, 0 for a single piece.
        doubled: RTMS returns the row twice.
        counts_as_floats: the driver hands over all counts of the day as floating point numbers.
    """

    source: Ints
    refused: Texts
    withdrawn: Bools
    shown_from: Ints
    shown_until: Ints
    frozen_at: Ints
    code_missing_until: Ints
    leading_dot: Bools
    text_fault: Ints
    off_session: Ints
    off_share: Floats
    doubled: Bools
    counts_as_floats: bool


def plan_dirt(noise: Noise, work: Work, old_terminal: Bools, day: int) -> DirtPlan:
    """Dirt of the day with ordinal ``day`` on its true rows, and the false rows beside them.

    Args:
        noise: source of chance.
        work: the true rows.
        old_terminal: rows from terminals of generation RTM5, which often do not know who sits at them.
        day: ordinal of the day.
    """
    key = np.arange(len(work.line))
    spoilt = key[noise.chance("dirt/refused", _REFUSED_CHANCE, key, day)]
    mistaken = key[noise.chance("dirt/withdrawn", _WITHDRAWN_CHANCE, key, day)]
    source = np.concatenate([key, spoilt, mistaken])
    row = np.arange(len(source))
    is_true = row < len(key)
    is_mistake = row >= len(key) + len(spoilt)
    refused = np.full(len(source), "", dtype=object)
    kinds = noise.integers("dirt/refused_kind", 0, len(REFUSED_KINDS) - 1, spoilt, day)
    refused[len(key) : len(key) + len(spoilt)] = np.asarray(REFUSED_KINDS, dtype=object)[kinds]
    # A false row appears some time into the work it repeats, and its counts never move again.
    appears = work.start[source] + noise.integers("dirt/appears", 45, 200, row, day)
    stays = noise.integers("dirt/stays", 15, 70, row, day)
    missing = noise.chance("dirt/no_code", np.where(old_terminal[source], 0.25, 0.012), source, day) & is_true
    mended = noise.chance("dirt/mended", 0.4, source, day)
    signs_in = work.start[source] + noise.integers("dirt/signs_in", 40, 240, source, day)
    off = noise.chance("dirt/off", 0.075, source, day) & is_true
    big = noise.chance("dirt/off_big", 0.2, source, day)
    return DirtPlan(
        source=source,
        refused=refused,
        withdrawn=is_mistake,
        shown_from=np.where(is_true, 0, appears),
        shown_until=np.where(is_mistake, np.minimum(appears + stays, DAY_MINUTES), NEVER),
        frozen_at=np.where(is_true, NEVER, appears),
        code_missing_until=np.where(missing, np.where(mended, signs_in, NEVER), 0),
        leading_dot=noise.chance("dirt/dot", 0.008, source, day) & is_true,
        text_fault=np.where(is_true, _text_faults(noise, source, day), 0),
        off_session=np.where(off, noise.integers("dirt/off_session", 0, SESSIONS - 1, source, day), -1),
        off_share=np.where(big, noise.between("dirt/off_share", 0.2, 0.9, source, day), 0.0),
        doubled=noise.chance("dirt/doubled", _DUPLICATE_CHANCE, source, day) & is_true,
        counts_as_floats=bool(noise.chance("dirt/floats", _FLOAT_DAYS, day)),
    )


def shown(plan: DirtPlan, prodn_pcs: Ints, minute: int) -> Ints:
    """Rows that RTMS shows at ``minute``: those with a first piece, and not withdrawn."""
    visible = (prodn_pcs > 0) & (plan.shown_from <= minute) & (minute < plan.shown_until)
    return np.flatnonzero(visible)


def soil(frame: pd.DataFrame, plan: DirtPlan, rows: Ints, minute: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Apply the day's dirt to clean RTMS rows.

    Args:
        frame: clean rows.
        plan: dirt of the day.
        rows: number in the plan of each row of the frame.
        minute: the moment of the pull.

    Returns:
        The dirty frame, and the list of its dirt: position (row of the dirty frame), row_id (RTMS' RowId, before any
        dirt), kind, must_refuse.
    """
    true_ids = frame["RowId"].to_numpy()
    marks: list[tuple[str, Bools]] = []
    frame = frame.copy()
    marks += _soil_people(frame, plan, rows, minute)
    marks += _soil_texts(frame, plan, rows)
    marks += _soil_sessions(frame, plan, rows)
    frame, refused = _spoil(frame, plan, rows)
    marks += refused
    marks.append(("withdrawn_later", plan.withdrawn[rows]))
    if plan.counts_as_floats:
        frame[list(COUNT_COLUMNS)] = frame[list(COUNT_COLUMNS)].astype(np.float64)
        marks.append(("counts_as_floats", np.ones(len(frame), dtype=bool)))
    doubled = np.flatnonzero(plan.doubled[rows])
    if len(doubled):
        copies = np.arange(len(frame), len(frame) + len(doubled))
        frame = pd.concat([frame, frame.iloc[doubled]], ignore_index=True)
        true_ids = np.concatenate([true_ids, true_ids[doubled]])
        marks = [(kind, np.concatenate([mask, mask[doubled]])) for kind, mask in marks]
        marks.append(("doubled_row", np.isin(np.arange(len(frame)), copies)))
    return frame, _list_of(marks, true_ids)


def _soil_people(frame: pd.DataFrame, plan: DirtPlan, rows: Ints, minute: int) -> list[tuple[str, Bools]]:
    missing = minute < plan.code_missing_until[rows]
    dotted = plan.leading_dot[rows] & ~missing
    frame.loc[dotted, "EmpCode"] = "." + frame.loc[dotted, "EmpCode"]
    frame.loc[missing, ["EmpCode", "EmpName"]] = None
    return [("missing_employee", missing), ("leading_dot", dotted)]


def _soil_texts(frame: pd.DataFrame, plan: DirtPlan, rows: Ints) -> list[tuple[str, Bools]]:
    fault = plan.text_fault[rows]
    changes = {
        1: ("EmpName", frame["EmpName"].str.upper()),
        2: ("EmpName", frame["EmpName"].str.lower()),
        3: ("EmpName", "  " + frame["EmpName"] + " "),
        4: ("LineName", frame["LineName"] + " "),
        5: ("PartName", frame["PartName"] + "  "),
        6: ("Operation", frame["Operation"].str.replace(" ", "  ", n=1)),
    }
    for number, (column, changed) in changes.items():
        frame[column] = frame[column].where(fault != number, changed)
    return [("untidy_text", fault > 0)]


def _soil_sessions(frame: pd.DataFrame, plan: DirtPlan, rows: Ints) -> list[tuple[str, Bools]]:
    """One session miscounted downwards; ProdnPcs, which RTMS counts apart, stays right."""
    wrong = np.zeros(len(frame), dtype=bool)
    for session in range(SESSIONS):
        column = f"S{session + 1:02d}"
        pieces = frame[column].to_numpy()
        hit = (plan.off_session[rows] == session) & (pieces > 0)
        lost = np.maximum(np.floor(pieces * plan.off_share[rows]), 1).astype(np.int64)
        frame[column] = np.where(hit, pieces - lost, pieces)
        wrong |= hit
    return [("sessions_do_not_add_up", wrong)]


def _spoil(frame: pd.DataFrame, plan: DirtPlan, rows: Ints) -> tuple[pd.DataFrame, list[tuple[str, Bools]]]:
    """The faults for which the contract must refuse a row."""
    refused = plan.refused[rows]
    masks = {kind: np.asarray(refused == kind, dtype=bool) for kind in REFUSED_KINDS}
    frame["ProdnPcs"] = np.where(masks["negative_pieces"], -frame["ProdnPcs"], frame["ProdnPcs"])
    if masks["no_row_id"].any():
        frame["RowId"] = frame["RowId"].where(~masks["no_row_id"])
    frame.loc[masks["no_line"], "LineName"] = None
    return frame, list(masks.items())


def _text_faults(noise: Noise, source: Ints, day: int) -> Ints:
    has_fault = noise.chance("dirt/text", 0.06, source, day)
    return np.where(has_fault, noise.integers("dirt/text_kind", 1, 6, source, day), 0)


def _list_of(marks: list[tuple[str, Bools]], true_ids: Ints) -> pd.DataFrame:
    positions = [np.flatnonzero(mask) for _, mask in marks]
    kinds = np.repeat(np.asarray([kind for kind, _ in marks], dtype=object), [len(p) for p in positions])
    position = np.concatenate(positions)
    return pd.DataFrame(
        {
            "position": position,
            "row_id": true_ids[position],
            "kind": kinds,
            "must_refuse": np.isin(kinds, np.asarray(REFUSED_KINDS, dtype=object)),
        }
    )
