"""The tables of production, declared: what the UI shows as column schemas and the checks hold against the database."""

from factory_pipelines.orchestration.tables import Column, Table

_DAY = Column("date", "Production day, named by the date on which it began.")
_ORGANIZATION = Column("uuid", "Whose row this is.")
_UNIT = Column("text", "Unit (UnitCode).")
_FLOOR = Column("text", "Floor within the unit (FloorName).")
_LINE = Column("text", "Line on the floor (LineName).")
_EFFICIENCY = Column(
    "double precision", "Pieces over target pieces, in percent; NULL where the target is unknown.", True
)
_TARGET = Column("double precision", "Target pieces at 100 % for the minutes worked so far.", True)
_BAND = Column("text", "Excellent from 95, Good from 85, Needs Improvement from 70, Critical below.", True)
_USED = Column("double precision", "Minutes worked.", True)


def _interval(bound: str, share: int) -> Column:
    return Column("double precision", f"{bound} bound of the {share} % interval, in percent.", True)


_INTERVALS = {
    f"{side}_{share}": _interval(word, share) for share in (80, 95) for side, word in (("lo", "Lower"), ("hi", "Upper"))
}

OPERATION_BENCHMARK = Table(
    "production",
    "operation_benchmark",
    {
        "organization_id": _ORGANIZATION,
        "production_day": _DAY,
        "new_oper_seq": Column("text", "Operation (NewOperSeq)."),
        "benchmark_pcs": Column("integer", "Highest ProdnPcs of one row: 100 % relative efficiency.", True),
        "benchmark_size": Column("integer", "People behind the benchmark; 1 compares somebody with themselves."),
        "p90_pcs": Column("double precision", "90th percentile of ProdnPcs, which resists one outlier.", True),
        "best_emp_code": Column("text", "Code of the best; NULL where RTMS has none.", True),
        "best_emp_name": Column("text", "Name of the best; NULL where RTMS has none.", True),
    },
)

EMPLOYEE_EFFICIENCY = Table(
    "production",
    "employee_efficiency",
    {
        "production_day": _DAY,
        "unit_code": _UNIT,
        "floor_name": _FLOOR,
        "line_name": _LINE,
        "style_no": Column("text", "Style being made (StyleNo)."),
        "part_name": Column("text", "Part of the garment (PartName)."),
        "new_oper_seq": Column("text", "Operation (NewOperSeq)."),
        "device_id": Column("text", "Terminal at the work place (DeviceID)."),
        "emp_code": Column("text", "Employee code; NULL where RTMS has none: the row still counts for the line.", True),
        "emp_name": Column("text", "Employee name; NULL where RTMS has none.", True),
        "prodn_pcs": Column("integer", "Pieces made."),
        "eff100": _TARGET,
        "efficiency_pct": _EFFICIENCY,
        "benchmark_pcs": Column("integer", "Pieces of the operation's best.", True),
        "benchmark_size": Column("integer", "People behind the benchmark."),
        "relative_efficiency_pct": Column("double precision", "Pieces over the benchmark, in percent.", True),
        "band": _BAND,
        "rtms_row_id": Column("bigint", "RowId of the RTMS row."),
        "organization_id": _ORGANIZATION,
    },
)

EFFICIENCY_BY_LEVEL = Table(
    "production",
    "efficiency_by_level",
    {
        "production_day": _DAY,
        "level": Column("text", "Level of the hierarchy, by column name: unit_code … emp_code."),
        "unit_code": _UNIT,
        "floor_name": Column("text", "Floor; NULL above its level.", True),
        "line_name": Column("text", "Line; NULL above its level.", True),
        "style_no": Column("text", "Style; NULL above its level.", True),
        "part_name": Column("text", "Part; NULL above its level.", True),
        "new_oper_seq": Column("text", "Operation; NULL above its level.", True),
        "device_id": Column("text", "Device; NULL above its level.", True),
        "emp_code": Column("text", "Employee code; NULL above its level and where RTMS has none.", True),
        "emp_name": Column("text", "Employee name, at the employee level.", True),
        "prodn_pcs": Column("bigint", "Pieces made, over all operations."),
        "eff100": _TARGET,
        "efficiency_pct": _EFFICIENCY,
        "band": _BAND,
        "used_min": _USED,
        "row_count": Column("integer", "RTMS rows summed."),
        "organization_id": _ORGANIZATION,
    },
)

LINE_OUTPUT = Table(
    "production",
    "line_output",
    {
        "production_day": _DAY,
        "unit_code": _UNIT,
        "floor_name": _FLOOR,
        "line_name": _LINE,
        "output_pcs": Column(
            "bigint", "Pieces that left the line's final operations; NULL where there was none.", True
        ),
        "final_row_count": Column("integer", "RTMS rows of final operations, which the output is the sum of."),
        "prodn_pcs": Column("bigint", "Pieces over all operations: work, not output."),
        "eff100": _TARGET,
        "efficiency_pct": _EFFICIENCY,
        "used_min": _USED,
        "row_count": Column("integer", "RTMS rows summed."),
        "organization_id": _ORGANIZATION,
    },
)

PATTERNS = Table(
    "production",
    "patterns",
    {
        "production_day": _DAY,
        "scope": Column("text", "`line` or `operation`."),
        "subject": Column("text", "The line or operation."),
        "pattern": Column("text", "hour_of_day, drift, repeat_offender or style_changeover."),
        "session_no": Column("integer", "RTMS session 1 to 12, for patterns by hour.", True),
        "detail": Column("text", "What the value is about, in words."),
        "value": Column("double precision", "The figure; NULL where it cannot be known.", True),
        "unit": Column("text", "Unit of the figure."),
        "sample_size": Column("integer", "Observations behind it."),
        "organization_id": _ORGANIZATION,
    },
)

INSIGHTS = Table(
    "production",
    "insights",
    {
        "production_day": _DAY,
        "summary": Column("text", "The day in a few sentences."),
        "recommendations": Column("jsonb", "What to do, a list of sentences."),
        "predictions": Column("jsonb", "What to expect."),
        "facts": Column("jsonb", "Every number a text may use."),
        "written_by": Column("text", "`template` or `llm`."),
        "model": Column("text", "Model that wrote it.", True),
        "note": Column("text", "Why the template wrote it though a model was asked.", True),
        "created_at": Column("timestamp with time zone", "When it was written."),
        "organization_id": _ORGANIZATION,
    },
)

EFFICIENCY_BACKTEST = Table(
    "production",
    "efficiency_backtest",
    {
        "trained_on": Column("date", "Last production day of the training's data."),
        "window_no": Column("integer", "Window of the rolling backtest."),
        "unit_code": _UNIT,
        "floor_name": _FLOOR,
        "line_name": _LINE,
        "production_day": _DAY,
        "horizon": Column("integer", "Production days ahead."),
        "actual_pct": Column("double precision", "What happened."),
        "model_pct": Column("double precision", "What the model said."),
        "naive_pct": Column("double precision", "What the seasonal naive said."),
        **_INTERVALS,
        "organization_id": _ORGANIZATION,
    },
)

EFFICIENCY_FORECAST = Table(
    "production",
    "efficiency_forecast",
    {
        "made_on": Column("date", "Last production day the forecast knew."),
        "production_day": _DAY,
        "horizon": Column("integer", "Production days ahead."),
        "unit_code": _UNIT,
        "floor_name": _FLOOR,
        "line_name": _LINE,
        "efficiency_pct": _EFFICIENCY,
        **_INTERVALS,
        "served_by": Column("text", "`lightgbm`, or `seasonal_naive` where no model beat it."),
        "model_version": Column("text", "Version in MLflow.", True),
        "organization_id": _ORGANIZATION,
    },
)
