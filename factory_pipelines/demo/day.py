"""One production day, planned to its end: every row RTMS will ever show for it, and the names it shows."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from factory_pipelines.demo import dirt
from factory_pipelines.demo.counting import Counts
from factory_pipelines.demo.noise import Ints, Noise
from factory_pipelines.demo.people import Layout, Staff, Texts, staff_of
from factory_pipelines.demo.shifts import SESSIONS, Shifts, shifts_of
from factory_pipelines.demo.work import Segment, Work, by_operation, flat_operation, plan_work

RTMS_COLUMNS = (
    "LineName", "EmpCode", "EmpName", "DeviceID", "StyleNo", "OrderNo", "Operation", "SAM", "Eff100", "Eff75",
    "ProdnPcs", "EffPer", "OperSeq", "UsedMin", "S01", "S02", "S03", "S04", "S05", "S06", "S07", "S08", "S09", "S10",
    "S11", "S12", "TranDate", "UnitCode", "PartName", "FloorName", "ReptType", "PartSeq", "EffPer100", "EffPer75",
    "RowId", "Operationseq", "PartsSeq", "NewOperSeq", "BuyerCode", "ISFinPart", "ISFinOper", "IsRedFlag",
)  # fmt: skip
SESSION_COLUMNS = tuple(f"S{session:02d}" for session in range(1, SESSIONS + 1))

_ROW_ID_EPOCH = date(2013, 5, 12).toordinal()
_ROW_IDS_PER_DAY = 100_000
_RED_FLAG_BELOW_PCT = 85.0


@dataclass(frozen=True)
class DayPlan:
    """All rows of a day, true ones first, then those that RTMS should not show.

    Attributes:
        shifts: when the lines work.
        work: the rows; a false row repeats the true row it was copied from.
        names: what does not change during the day, one record per row, RTMS' column names, without dirt.
        shown_names: the same as RTMS shows it, with the dirt that lasts all day.
        true_rows: how many rows, from the first, are true.
        dirt: what the source does to each row.
    """

    day: date
    shifts: Shifts
    work: Work
    names: pd.DataFrame
    shown_names: pd.DataFrame
    true_rows: int
    dirt: dirt.DirtPlan


def plan_day(noise: Noise, layout: Layout, segments: list[Segment], day: date) -> DayPlan:
    """Everything that will happen on ``day``, which must have at least one segment."""
    ordinal = day.toordinal()
    shifts = shifts_of(noise, layout, ordinal)
    staff = staff_of(noise, layout, ordinal)
    true_work = plan_work(noise, layout, staff, shifts, segments, ordinal)
    true_rows = len(true_work.line)
    machine_kind = _machine_kinds(noise, true_work)
    planned = dirt.plan_dirt(noise, true_work, machine_kind == "RTM5", ordinal)
    work = true_work.take(planned.source)
    names = _names(layout, staff, segments, work, machine_kind[planned.source], day)
    return DayPlan(
        day=day,
        shifts=shifts,
        work=work,
        names=names,
        shown_names=dirt.soil_names(names, planned),
        true_rows=true_rows,
        dirt=planned,
    )


def rtms_frame(names: pd.DataFrame, counts: Counts) -> pd.DataFrame:
    """The rows as RTMS writes them, before any dirt."""
    used = counts.used_min.astype(np.float64)
    sam = names["SAM"].to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        eff_per = np.where(used > 0, np.floor(counts.prodn_pcs * sam / used * 100.0), 0.0)
        eff_per100 = np.where(counts.eff100 > 0, np.round(counts.prodn_pcs / counts.eff100 * 100.0, 2), 0.0)
    numbers = {
        "Eff100": counts.eff100,
        "Eff75": np.full(len(used), np.nan),
        "ProdnPcs": counts.prodn_pcs,
        "EffPer": eff_per,
        "UsedMin": used,
        **{name: counts.sessions[:, at] for at, name in enumerate(SESSION_COLUMNS)},
        "EffPer100": eff_per100,
        "EffPer75": np.zeros(len(used)),
        "Operationseq": np.full(len(used), np.nan),
        "PartsSeq": np.full(len(used), np.nan),
        "IsRedFlag": (eff_per100 < _RED_FLAG_BELOW_PCT).astype(np.int64),
    }
    frame = pd.concat([names, pd.DataFrame(numbers, index=names.index)], axis=1)
    return frame.loc[:, list(RTMS_COLUMNS)]


def _names(
    layout: Layout, staff: Staff, segments: list[Segment], work: Work, machine_kind: Texts, day: date
) -> pd.DataFrame:
    flat = flat_operation(segments, work.segment, work.operation)
    styles = [s.style for s in segments]

    def per_line(values: tuple[str, ...]) -> Texts:
        return np.asarray(values, dtype=object)[work.line]

    def per_segment(values: list[str]) -> Texts:
        return np.asarray(values, dtype=object)[work.segment]

    def per_operation(attribute: str) -> np.ndarray[tuple[int], np.dtype[Any]]:
        return by_operation(segments, attribute)[flat]

    yes_no = np.asarray(["N", "Y"], dtype=object)
    row_id = (day.toordinal() - _ROW_ID_EPOCH) * _ROW_IDS_PER_DAY + 1 + np.arange(len(flat))
    return pd.DataFrame(
        {
            "LineName": per_line(layout.line_names),
            "EmpCode": staff.emp_code[work.seat],
            "EmpName": staff.emp_name[work.seat],
            "DeviceID": _devices(work, machine_kind),
            "StyleNo": per_segment([style.style_no for style in styles]),
            "OrderNo": np.asarray([style.order_no for style in styles])[work.segment],
            "Operation": per_operation("operations"),
            "SAM": work.sam_min,
            "OperSeq": per_operation("oper_seqs"),
            "TranDate": day.isoformat(),
            "UnitCode": per_line(layout.unit_codes),
            "PartName": per_operation("part_names"),
            "FloorName": per_line(layout.floor_names),
            "ReptType": machine_kind,
            "PartSeq": per_operation("part_seqs"),
            "RowId": row_id,
            "NewOperSeq": per_operation("new_oper_seqs"),
            "BuyerCode": per_segment([style.buyer_code for style in styles]),
            "ISFinPart": yes_no[per_operation("is_fin_part").astype(np.int64)],
            "ISFinOper": yes_no[per_operation("is_fin_oper").astype(np.int64)],
        }
    )


def _machine_kinds(noise: Noise, work: Work) -> Texts:
    """RTMS' ReptType: the generation of the terminal at the station."""
    draw = noise.uniform("station/kind", work.station, work.machine)
    return np.asarray(np.select([draw < 0.07, draw < 0.12], ["RTM5", "RTMS"], default="RTM$"), dtype=object)


def _devices(work: Work, machine_kind: Texts) -> Texts:
    number: Ints = work.station * 2 + work.machine + 1
    digits = np.where(machine_kind == "RTM5", 4, 6)
    return np.asarray(
        [f"RT{n:0{width}d}" for n, width in zip(number.tolist(), digits.tolist(), strict=True)], dtype=object
    )
