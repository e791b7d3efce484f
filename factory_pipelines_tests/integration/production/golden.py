"""The golden days through the whole code location, and what a few lines of pandas make of the same files."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
from psycopg import sql

from factory_pipelines.build import build_defs
from factory_pipelines.operations.runs import RunOutcome, materialize
from factory_pipelines.orchestration.partitions import PARTITION_TAG
from factory_pipelines.production.rtms_csv import CsvRtms
from factory_pipelines.production.rtms_tables import SESSION_WISE_PRODUCTION, SUPERVISORS
from factory_pipelines.production.tables import (
    EFFICIENCY_BY_LEVEL,
    EMPLOYEE_EFFICIENCY,
    LINE_OUTPUT,
    OPERATION_BENCHMARK,
)
from factory_pipelines.settings import RtmsSettings, Settings
from factory_pipelines.warehouse.addresses import Role
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.conftest import ORGANIZATION, TESTS

GOLDEN = TESTS / "golden" / "production"
EDGES, ORDINARY, DIRTY = "2025-09-10", "2025-09-11", "2025-09-12"

RAW = dg.AssetSelection.assets(SESSION_WISE_PRODUCTION.key)
COMPUTED = dg.AssetSelection.assets(
    *(table.key for table in (OPERATION_BENCHMARK, EMPLOYEE_EFFICIENCY, EFFICIENCY_BY_LEVEL, LINE_OUTPUT))
)
QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}
LEVELS = [
    "unit_code", "floor_name", "line_name", "style_no", "part_name", "new_oper_seq", "device_id", "emp_code",
]  # fmt: skip


def code_location(warehouse: Warehouse, folder: Path = GOLDEN, **resources: Any) -> dg.Definitions:
    """The whole code location on ``warehouse``, with the CSV files of ``folder`` as its RTMS."""
    return build_defs(
        resource_overrides={"warehouse": warehouse, "rtms": CsvRtms(folder), **resources},
        settings=Settings(rtms=RtmsSettings(source="csv", csv_dir=folder)),
    )


@contextmanager
def open_writer(url: str) -> Iterator[Warehouse]:
    warehouse = Warehouse(url, organization_id=ORGANIZATION, role=Role.WRITER, application_name="tests-golden")
    try:
        yield warehouse
    finally:
        warehouse.close()


def run_days(defs: dg.Definitions, first: str, last: str | None = None, selection: Any = RAW | COMPUTED) -> RunOutcome:
    """Materializes days on an instance of its own."""
    with dg.DagsterInstance.ephemeral() as instance:
        return materialize(defs, instance, selection, first=first, last=last)


def checked_job(defs: dg.Definitions, selection: dg.AssetSelection) -> dg.JobDefinition:
    """A job of ``selection``, ready to run in this process."""
    job = dg.define_asset_job("checked", selection=selection, executor_def=dg.in_process_executor)
    return dg.Definitions.merge(defs, dg.Definitions(jobs=[job])).resolve_job_def("checked")


def checks_of(job: dg.JobDefinition, instance: dg.DagsterInstance, day: str) -> dict[str, dg.AssetCheckEvaluation]:
    """Every check that a run of ``job`` evaluates, as ``asset: check``."""
    # Checks alone have no partitions: they read the day from the run.
    key = {"partition_key": day} if job.partitions_def else {"tags": {PARTITION_TAG: day}}
    result = job.execute_in_process(instance=instance, raise_on_error=False, run_config=QUIET, **key)
    evaluations = result.get_asset_check_evaluations()
    return {f"{check.asset_key.to_user_string()}: {check.check_name}": check for check in evaluations}


def run_supervisors(defs: dg.Definitions) -> RunOutcome:
    with dg.DagsterInstance.ephemeral() as instance:
        return materialize(defs, instance, dg.AssetSelection.assets(SUPERVISORS.key))


def accepted_rows(file: Path) -> pd.DataFrame:
    """What should be in the raw table, by the shortest way: no code of ours is used.

    Refused are rows without a whole, non-negative count or without a line, and rows that contradict each other.
    """
    raw = pd.read_csv(file, dtype="str", keep_default_na=False).drop_duplicates()
    raw = raw.map(lambda text: " ".join(text.split()))
    pieces = pd.to_numeric(raw["ProdnPcs"], errors="coerce")
    raw = raw[(pieces >= 0) & (raw["LineName"] != "") & ~raw["RowId"].duplicated(keep=False)]
    names: Mapping[str, str] = {
        "TranDate": "production_day", "RowId": "rtms_row_id", "UnitCode": "unit_code", "FloorName": "floor_name",
        "LineName": "line_name", "StyleNo": "style_no", "PartName": "part_name", "NewOperSeq": "new_oper_seq",
        "DeviceID": "device_id", "EmpCode": "emp_code", "EmpName": "emp_name", "ProdnPcs": "prodn_pcs",
        "Eff100": "eff100", "UsedMin": "used_min",
    }  # fmt: skip
    df = raw.rename(columns=names)[list(names.values())]
    df["production_day"] = pd.to_datetime(df["production_day"]).dt.date
    df["emp_code"] = df["emp_code"].str.lstrip(".")
    for column in ("rtms_row_id", "prodn_pcs", "eff100", "used_min"):
        df[column] = pd.to_numeric(df[column])
    df["is_final"] = (raw["ISFinPart"] == "Y") & (raw["ISFinOper"] == "Y")
    df[["emp_code", "emp_name"]] = df[["emp_code", "emp_name"]].astype(object).replace("", None)
    return df.reset_index(drop=True)


def efficiency_of(df: pd.DataFrame) -> float | None:
    """Sum over sum of the rows that have a target."""
    known = df[df["eff100"] > 0]
    return None if known.empty else 100 * known["prodn_pcs"].sum() / known["eff100"].sum()


def band_of(efficiency_pct: float | None) -> str | None:
    if efficiency_pct is None or pd.isna(efficiency_pct):
        return None
    limits = [(95, "Excellent"), (85, "Good"), (70, "Needs Improvement")]
    return next((band for limit, band in limits if efficiency_pct >= limit), "Critical")


def state_of(warehouse: Warehouse) -> dict[str, str | None]:
    """A fingerprint of all rows of each table, raw rows with the time they last changed."""
    tables = (SESSION_WISE_PRODUCTION, OPERATION_BENCHMARK, EMPLOYEE_EFFICIENCY, EFFICIENCY_BY_LEVEL, LINE_OUTPUT)
    query = sql.SQL("SELECT md5(string_agg(t::text, '\n' ORDER BY t::text)) AS hash FROM {} AS t")
    return {t.name: warehouse.rows(query.format(sql.Identifier(t.schema, t.name)))[0]["hash"] for t in tables}
