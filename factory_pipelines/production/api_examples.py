"""What the answers look like, for the OpenAPI document: the day of the tests, by hand."""

from typing import Any

_FRESHNESS = {
    "pull_id": 42,
    "pulled_at": "2025-09-12T09:50:00Z",
    "age_s": 300.0,
    "source": "mssql",
    "is_current": True,
    "is_stale": False,
}
_BEST = {
    "emp_code": "900101",
    "emp_name": "Operator 001",
    "unit_code": "U15-2",
    "floor_name": "FLOOR-2",
    "line_name": "S1-1",
    "style_no": "810001-D10001 HO25",
    "part_name": "Finishing",
    "new_oper_seq": "A10001-Measurement Checking",
    "device_id": "RT900610",
    "prodn_pcs": 875,
    "eff100": 875.0,
    "efficiency_pct": 100.0,
    "relative_efficiency_pct": 100.0,
    "benchmark_pcs": 875,
    "benchmark_size": 2,
    "band": "Excellent",
    "is_alert_breach": False,
}
_LOWEST = {
    **_BEST,
    "emp_code": "900102",
    "emp_name": "Operator 002",
    "device_id": "RT900649",
    "prodn_pcs": 700,
    "efficiency_pct": 80.0,
    "relative_efficiency_pct": 80.0,
    "band": "Needs Improvement",
    "is_alert_breach": True,
}
_LINE = {
    "name": "S1-1",
    "path": {"UnitCode": "U15-2", "FloorName": "FLOOR-2", "LineName": "S1-1"},
    "emp_code": None,
    "prodn_pcs": 1575,
    "eff100": 1750.0,
    "efficiency_pct": 90.0,
    "band": "Good",
    "row_count": 2,
}
_IN_OPERATION = ("emp_code", "emp_name", "line_name", "device_id", "prodn_pcs", "relative_efficiency_pct")

ANALYSIS: dict[str, Any] = {
    "status": "success",
    "data": {
        "production_day": "2025-09-12",
        "as_of": "2025-09-12T09:50:00Z",
        "freshness": _FRESHNESS,
        "written_by": "template",
        "ai_analysis": {
            "overall_efficiency": 90.0,
            "totals": {
                "prodn_pcs": 1575,
                "eff100": 1750.0,
                "row_count": 2,
                "rows_without_target": 0,
                "employee_count": 2,
                "underperformer_count": 1,
                "overperformer_count": 1,
                "bands": {"Excellent": 1, "Good": 0, "Needs Improvement": 1, "Critical": 0},
            },
            "underperformers": [_LOWEST],
            "overperformers": [_BEST],
            "relative_efficiency": {
                "A10001-Measurement Checking": {
                    "benchmark_pcs": 875,
                    "benchmark_size": 2,
                    "p90_pcs": 857.5,
                    "best_emp_code": "900101",
                    "best_emp_name": "Operator 001",
                    "row_count": 2,
                    "below_threshold_count": 1,
                    "employees": [{name: row[name] for name in _IN_OPERATION} for row in (_BEST, _LOWEST)],
                }
            },
            "ai_insights": {
                "summary": "Overall efficiency is 90.0 %; 1 of 2 employees is below 85 %.",
                "recommendations": ["Help Operator 002 at A10001-Measurement Checking."],
                "predictions": {},
                "written_by": "template",
                "model": None,
                "note": None,
                "created_at": "2025-09-12T09:50:30Z",
                "is_current": True,
            },
        },
        "hierarchy": {"LineName": {"member_count": 1, "members": [_LINE], "more": None}},
    },
}

HIERARCHY: dict[str, Any] = {
    "status": "success",
    "data": {
        "production_day": "2025-09-12",
        "as_of": "2025-09-12T09:50:00Z",
        "freshness": _FRESHNESS,
        "level": "LineName",
        "member_count": 1,
        "limit": 100,
        "offset": 0,
        "members": [_LINE],
    },
}
