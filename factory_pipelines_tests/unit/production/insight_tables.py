"""Small tables of one day, as the warehouse would give them."""

from datetime import date, timedelta
from typing import Any

import pandas as pd

from factory_pipelines.production.insights import Facts, build_facts
from factory_pipelines.production.patterns import PATTERN_COLUMNS

DAY = date(2025, 9, 12)
EARLIER = date(2025, 9, 11)
PLACE = {"unit_code": "U1", "floor_name": "F1"}
BAND_LIMITS = ((95.0, "Excellent"), (85.0, "Good"), (70.0, "Needs Improvement"), (float("-inf"), "Critical"))


def band(pct: float | None) -> str | None:
    return None if pct is None else next(name for limit, name in BAND_LIMITS if pct >= limit)


def line_rows(values: dict[str, float | None], day: date = DAY, target: float = 100.0) -> pd.DataFrame:
    rows = [
        {**PLACE, "production_day": day, "line_name": line, "efficiency_pct": pct}
        | {"eff100": None if pct is None else target, "prodn_pcs": 0 if pct is None else pct * target / 100}
        for line, pct in values.items()
    ]
    names = [*PLACE, "production_day", "line_name", "efficiency_pct", "eff100", "prodn_pcs"]
    return pd.DataFrame(rows, columns=names).astype({"efficiency_pct": "float64", "eff100": "float64"})


def person_rows(values: dict[str, float | None], line: str = "S1-1") -> pd.DataFrame:
    rows = [
        {"line_name": line, "emp_code": code, "emp_name": f"Operator {code}", "efficiency_pct": pct, "band": band(pct)}
        for code, pct in values.items()
    ]
    names = ["line_name", "emp_code", "emp_name", "efficiency_pct", "band"]
    return pd.DataFrame(rows, columns=names).astype({"efficiency_pct": "float64"})


def operation_rows(values: dict[str, float]) -> pd.DataFrame:
    rows = [{"new_oper_seq": name, "efficiency_pct": pct, "people": 3} for name, pct in values.items()]
    return pd.DataFrame(rows, columns=["new_oper_seq", "efficiency_pct", "people"])


def pattern_rows(*rows: tuple[str, str, str, float | None, str, int, int | None]) -> pd.DataFrame:
    """Rows of subject, pattern, detail, value, unit, sample size, session."""
    made = [
        {"production_day": DAY, "scope": "line", "subject": subject, "pattern": pattern, "session_no": session}
        | {"detail": detail, "value": value, "unit": unit, "sample_size": size}
        for subject, pattern, detail, value, unit, size, session in rows
    ]
    return pd.DataFrame(made, columns=PATTERN_COLUMNS)


def forecast_rows(values: dict[str, float | None], served_by: str = "lightgbm") -> pd.DataFrame:
    rows = [
        {**PLACE, "line_name": line, "production_day": DAY + timedelta(days=horizon), "horizon": horizon}
        | {"efficiency_pct": pct, "served_by": served_by}
        | {"lo_80": None if pct is None else pct - 5, "hi_80": None if pct is None else pct + 5}
        for line, pct in values.items()
        for horizon in (1, 2, 3)
    ]
    names = [*PLACE, "line_name", "production_day", "horizon", "efficiency_pct", "served_by", "lo_80", "hi_80"]
    floats = dict.fromkeys(["efficiency_pct", "lo_80", "hi_80"], "float64")
    return pd.DataFrame(rows, columns=names).astype(floats)


def facts(**given: Any) -> Facts:
    tables: dict[str, Any] = {
        "lines": pd.concat([line_rows({"S1-1": 80.0, "S2-1": 94.6}), line_rows({"S1-1": 90.0}, EARLIER)]),
        "operations": operation_rows({"A1-Collar": 71.0, "A2-Hem": 99.0}),
        "people": person_rows({"001": 60.0, "002": 88.0, "003": 99.0}),
        "patterns": pattern_rows(
            ("U1 / F1 / S1-1", "repeat_offender", "001 Operator 001: …", 80.0, "pct_of_days_worked", 5, None),
            ("U1 / F1 / S1-1", "hour_of_day", "…", -32.34, "pct_of_mean_hour", 28, 5),
            ("U1 / F1 / S2-1", "hour_of_day", "…", -20.0, "pct_of_mean_hour", 28, 5),
            ("U1 / F1 / S3-1", "hour_of_day", "…", -18.0, "pct_of_mean_hour", 28, 5),
            ("U2 / F1 / S9-1", "hour_of_day", "…", -60.0, "pct_of_mean_hour", 28, 5),
            ("U1 / F1 / S1-1", "drift", "…", -1.26, "pct_of_mean_hour_per_hour", 90, None),
            ("U1 / F1 / S1-1", "style_changeover", "NEW 77 from 2025-09-01: …", -15.0, "efficiency_points", 5, None),
            ("U1 / F1 / S1-1", "style_changeover", "NEW 77 from 2025-09-01: …", None, "working_days", 2, None),
        ),
        "forecast": forecast_rows({"S1-1": 82.0, "S2-1": 93.0}),
    }
    return build_facts(DAY, **(tables | given))
