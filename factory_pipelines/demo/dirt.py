"""The source's dirt, as the real extract shows it: what is missing, misspelt, doubled, withdrawn or wrong, and when.

Dirt is planned once a day, so that two pulls of one day see the same dirt, except where the plant itself mends it.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from factory_pipelines.demo.counting import Counts
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


def soil_names(names: pd.DataFrame, plan: DirtPlan) -> pd.DataFrame:
    """The dirt that lasts all day: untidy texts, dotted codes, lost lines. Rows are those of the plan."""
    names = names.copy()
    changes = {
        1: ("EmpName", str.upper),
        2: ("EmpName", str.lower),
        3: ("EmpName", "  {} ".format),
        4: ("LineName", "{} ".format),
        5: ("PartName", "{}  ".format),
        6: ("Operation", lambda text: text.replace(" ", "  ", 1)),
    }
    for fault, (column, change) in changes.items():
        hit = plan.text_fault == fault
        names.loc[hit, column] = [change(text) for text in names.loc[hit, column]]
    names.loc[plan.leading_dot, "EmpCode"] = "." + names.loc[plan.leading_dot, "EmpCode"]
    names.loc[plan.refused == "no_line", "LineName"] = None
    return names


def soil_counts(counts: Counts, plan: DirtPlan, rows: Ints) -> Counts:
    """The counts of these rows as RTMS miscounts them.

    Args:
        counts: of the rows, true.
        plan: dirt of the day.
        rows: number in the plan of each row.
    """
    negative = plan.refused[rows] == "negative_pieces"
    return replace(
        counts,
        sessions=counts.sessions - _lost_pieces(plan, rows, counts.sessions),
        prodn_pcs=np.where(negative, -counts.prodn_pcs, counts.prodn_pcs),
    )


def soil(frame: pd.DataFrame, plan: DirtPlan, rows: Ints, minute: int) -> pd.DataFrame:
    """Applies what is left of the moment's dirt to RTMS rows whose names and counts are soiled already.

    Args:
        frame: the rows; changed in place where that is possible.
        plan: dirt of the day.
        rows: number in the plan of each row of the frame.
        minute: the moment of the pull.
    """
    missing = _missing(plan, rows, minute)
    if missing.any():
        frame.loc[missing, ["EmpCode", "EmpName"]] = None
    no_row_id = plan.refused[rows] == "no_row_id"
    if no_row_id.any():
        frame["RowId"] = frame["RowId"].where(~no_row_id)
    if plan.counts_as_floats:
        frame[list(COUNT_COLUMNS)] = frame[list(COUNT_COLUMNS)].astype(np.float64)
    doubled = np.flatnonzero(plan.doubled[rows])
    return pd.concat([frame, frame.iloc[doubled]], ignore_index=True) if len(doubled) else frame


def list_dirt(plan: DirtPlan, rows: Ints, counts: Counts, names: pd.DataFrame, minute: int) -> pd.DataFrame:
    """What is wrong with these rows.

    Args:
        plan: dirt of the day.
        rows: number in the plan of each row shown.
        counts: of the rows, true.
        names: of the rows, clean; DeviceID and RowId are used.
        minute: the moment of the pull.

    Returns:
        position (row of the dirty frame), row_id (before any dirt), device_id, prodn_pcs (as shown), kind, must_refuse.
    """
    missing = _missing(plan, rows, minute)
    refused = plan.refused[rows]
    marks: dict[str, Bools] = {
        "missing_employee": missing,
        "leading_dot": plan.leading_dot[rows] & ~missing,
        "untidy_text": plan.text_fault[rows] > 0,
        "sessions_do_not_add_up": np.asarray(_lost_pieces(plan, rows, counts.sessions).any(axis=1), dtype=bool),
        **{kind: np.asarray(refused == kind, dtype=bool) for kind in REFUSED_KINDS},
        "withdrawn_later": plan.withdrawn[rows],
        "counts_as_floats": np.full(len(rows), plan.counts_as_floats),
    }
    # A doubled row repeats its faults at the end of the frame.
    shown_rows = np.concatenate([np.arange(len(rows)), np.flatnonzero(plan.doubled[rows])])
    marks = {kind: mask[shown_rows] for kind, mask in marks.items()}
    marks["doubled_row"] = np.arange(len(shown_rows)) >= len(rows)
    positions = [np.flatnonzero(mask) for mask in marks.values()]
    kinds = np.repeat(np.asarray(list(marks), dtype=object), [len(found) for found in positions])
    position = np.concatenate(positions)
    row = shown_rows[position]
    return pd.DataFrame(
        {
            "position": position,
            "row_id": names["RowId"].to_numpy()[row],
            "device_id": names["DeviceID"].to_numpy()[row],
            "prodn_pcs": soil_counts(counts, plan, rows).prodn_pcs[row],
            "kind": kinds,
            "must_refuse": np.isin(kinds, np.asarray(REFUSED_KINDS, dtype=object)),
        }
    )


def _missing(plan: DirtPlan, rows: Ints, minute: int) -> Bools:
    return np.asarray(minute < plan.code_missing_until[rows], dtype=bool)


def _lost_pieces(plan: DirtPlan, rows: Ints, sessions: Ints) -> Ints:
    """Pieces that one session lacks, rows × 12; ProdnPcs, which RTMS counts apart, stays right."""
    off = (np.arange(SESSIONS)[None, :] == plan.off_session[rows][:, None]) & (sessions > 0)
    lost = np.maximum(np.floor(sessions * plan.off_share[rows][:, None]), 1)
    return np.where(off, lost, 0).astype(np.int64)


def _text_faults(noise: Noise, source: Ints, day: int) -> Ints:
    has_fault = noise.chance("dirt/text", 0.06, source, day)
    return np.where(has_fault, noise.integers("dirt/text_kind", 1, 6, source, day), 0)
