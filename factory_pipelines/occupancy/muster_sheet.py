"""The muster list on paper and as CSV: what is printed, or opened in a spreadsheet, in an evacuation."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from factory_pipelines.occupancy.muster import AreaCount, MusterLine
from factory_pipelines.occupancy.whereabouts import Evidence

_COLUMNS = ("area_id", "section", "employee_id", "employee_name", "confidence", "evidence", "since")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SAID = {
    Evidence.PUNCHED_IN: "punched in {since}",
    Evidence.PAST_SHIFT_END: "punched in {since}, shift over",
    Evidence.NOT_BACK: "punched out {since} during the shift",
    Evidence.ROSTER: "due since {since}, no punch",
}


def as_csv(lines: Sequence[MusterLine]) -> str:
    """One line a person; times in UTC."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for one in lines:
        row = (one.area_id or "", one.section, one.employee_id, one.employee_name or "")
        writer.writerow([*map(_harmless, row), f"{one.confidence:.3f}", one.evidence.value, one.since.isoformat()])
    return text.getvalue()


def as_text(at: datetime, areas: Sequence[AreaCount], lines: Sequence[MusterLine], zone: ZoneInfo) -> str:
    """A sheet to print: each area with its numbers, a box for every person, and boxes for those without a name."""
    sheet = [f"MUSTER LIST  {at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}", ""]
    for area in areas:
        here = [line for line in lines if line.area_id == area.area_id]
        if not here and not area.unaccounted_for_at_most and area.people is not None:
            sheet += [f"== {area.area_name} ({area.area_id}): nobody expected", ""]
            continue
        sheet += [f"== {area.area_name} ({area.area_id}): {_number(area)}"]
        sheet += _people(here, zone)
        sheet += [f"   [ ] without a name, {n + 1}" for n in range(area.unaccounted_for or 0)]
        sheet.append("")
    elsewhere = [line for line in lines if line.area_id is None]
    if elsewhere:
        sheet += ["== In the plant, nobody knows where", *_people(elsewhere, zone), ""]
    return "\n".join(sheet)


def _number(area: AreaCount) -> str:
    if area.people is None or area.interval is None:
        return f"UNKNOWN HOW MANY ({', '.join(area.silent) or 'nothing counts here'} silent)"
    silent = f"; silent: {', '.join(area.silent)}" if area.silent else ""
    low, high = area.interval
    return f"about {area.people:.0f} people ({low:.0f} to {high:.0f}){silent}"


def _people(lines: Sequence[MusterLine], zone: ZoneInfo) -> list[str]:
    found = []
    for title, section in (("inside", "inside"), ("possibly inside", "possible")):
        part = [line for line in lines if line.section == section]
        if part:
            found.append(f"   {title}: {len(part)}")
            found += [f"   [ ] {one.employee_id:<12} {_name(one):<28} {_evidence(one, zone)}" for one in part]
    return found


def _name(line: MusterLine) -> str:
    return line.employee_name or "(not on the rolls)"


def _evidence(line: MusterLine, zone: ZoneInfo) -> str:
    said = _SAID[line.evidence].format(since=f"{line.since.astimezone(zone):%H:%M}")
    return f"{said} ({100 * line.confidence:.0f} %)"


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula, as text."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
