"""The raw tables of RTMS, declared (see ``tables.py`` for what is derived from them)."""

from factory_pipelines.orchestration.tables import Column, Table

_TEXT = "text"
_REAL = "double precision"
_WHOLE = "integer"

_SESSIONS = {
    f"s{number:02d}": Column(_WHOLE, f"Pieces in hourly session {number}; the sessions need not add up.", True)
    for number in range(1, 13)
}

SESSION_WISE_PRODUCTION = Table(
    "rtms",
    "session_wise_production",
    {
        "organization_id": Column("uuid", "Whose row this is."),
        "production_day": Column("date", "TranDate: production day, named by the date on which it began."),
        "rtms_row_id": Column("bigint", "RowId."),
        "unit_code": Column(_TEXT, "UnitCode."),
        "floor_name": Column(_TEXT, "FloorName."),
        "line_name": Column(_TEXT, "LineName."),
        "style_no": Column(_TEXT, "StyleNo."),
        "order_no": Column(_TEXT, "OrderNo.", True),
        "buyer_code": Column(_TEXT, "BuyerCode.", True),
        "part_name": Column(_TEXT, "PartName."),
        "part_seq": Column(_WHOLE, "PartSeq: order of the part in the garment.", True),
        "operation": Column(_TEXT, "Operation, in words.", True),
        "oper_seq": Column(_WHOLE, "OperSeq: order of the operation in the part.", True),
        "new_oper_seq": Column(_TEXT, "NewOperSeq: the operation's identity."),
        "device_id": Column(_TEXT, "DeviceID: terminal at the work place."),
        "emp_code": Column(_TEXT, "EmpCode without stray leading dots; NULL where RTMS has none.", True),
        "emp_name": Column(_TEXT, "EmpName; NULL where RTMS has none.", True),
        "sam": Column(_REAL, "Standard minutes for one piece.", True),
        "eff100": Column(_REAL, "Target pieces at 100 % for the minutes worked so far.", True),
        "eff75": Column(_REAL, "Target pieces at 75 %; RTMS leaves it empty.", True),
        "prodn_pcs": Column(_WHOLE, "Pieces made so far."),
        "eff_per": Column(_REAL, "Efficiency as RTMS rounds it, in percent.", True),
        "eff_per100": Column(_REAL, "Efficiency as RTMS has it, in percent.", True),
        "eff_per75": Column(_REAL, "Efficiency against the 75 % target, in percent.", True),
        "used_min": Column(_REAL, "Minutes worked so far.", True),
        **_SESSIONS,
        "rept_type": Column(_TEXT, "ReptType: RTMS, RTM5 or RTM$.", True),
        "operationseq": Column(_WHOLE, "Operationseq; RTMS leaves it empty.", True),
        "parts_seq": Column(_WHOLE, "PartsSeq; RTMS leaves it empty.", True),
        "is_fin_part": Column("boolean", "ISFinPart = Y: last operation of its part."),
        "is_fin_oper": Column("boolean", "ISFinOper = Y: the line's output is counted here."),
        "is_red_flag": Column("boolean", "IsRedFlag.", True),
        "source": Column(_TEXT, "demo, csv or mssql."),
        "pull_id": Column("bigint", "The pull that last changed this row (rtms.pulls)."),
        "ingested_at": Column("timestamp with time zone", "When that was."),
    },
)

SUPERVISORS = Table(
    "rtms",
    "supervisors",
    {
        "organization_id": Column("uuid", "Whose row this is."),
        "line_name": Column(_TEXT, "LineName."),
        "part_name": Column(_TEXT, "PartName: the supervisor's part of the line."),
        "supervisor_code": Column(_TEXT, "SupervisorCode."),
        "supervisor_name": Column(_TEXT, "SupervisorName."),
        "phone_number": Column(_TEXT, "PhoneNumber as RTMS writes it; NULL where it has none.", True),
        "source": Column(_TEXT, "demo, csv or mssql."),
        "ingested_at": Column("timestamp with time zone", "When the row last changed."),
    },
)
