"""RTMS, the plant's Real Time Monitoring System, behind one small protocol.

Sources give rows as RTMS has them, dirt included; what is refused and how the rest is cleaned is ``schema.py``'s
business.
"""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Protocol

from factory_pipelines.settings import RtmsSettings

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

RTMS_COLUMNS: tuple[str, ...] = (
    "LineName",
    "EmpCode",
    "EmpName",
    "DeviceID",
    "StyleNo",
    "OrderNo",
    "Operation",
    "SAM",
    "Eff100",
    "Eff75",
    "ProdnPcs",
    "EffPer",
    "OperSeq",
    "UsedMin",
    *(f"S{session:02d}" for session in range(1, 13)),
    "TranDate",
    "UnitCode",
    "PartName",
    "FloorName",
    "ReptType",
    "PartSeq",
    "EffPer100",
    "EffPer75",
    "RowId",
    "Operationseq",
    "PartsSeq",
    "NewOperSeq",
    "BuyerCode",
    "ISFinPart",
    "ISFinOper",
    "IsRedFlag",
)
"""The 42 columns of ``RTMS_SessionWiseProduction``, in its order and spelling."""

SUPERVISOR_COLUMNS: tuple[str, ...] = ("LineName", "PartName", "SupervisorName", "SupervisorCode", "PhoneNumber")
"""The columns of ``RTMS_SupervisorsDetl``."""


class RtmsSource(Protocol):
    """Where RTMS rows come from.

    Attributes:
        name: ``demo``, ``csv`` or ``mssql``; stands in every row as its source.
    """

    name: str

    def production(self, day: date) -> Iterator["pa.Table | pd.DataFrame"]:
        """The rows of production day ``day`` (TranDate), in batches of any size and order, with ``RTMS_COLUMNS``.

        Arrow tables pass fastest; frames are converted. Values may be numbers or texts: the contract reads both.

        Raises:
            RtmsUnavailableError: trying the whole day again later may help.
            RtmsUnusableError: it will not, until somebody changes something.
        """
        ...

    def supervisors(self) -> "pa.Table | pd.DataFrame":
        """All supervisors, with ``SUPERVISOR_COLUMNS``; raises as ``production`` does."""
        ...


class RtmsError(Exception):
    """RTMS could not be read.

    Attributes:
        problem: what happened, without secrets.
        remedy: what the reader of the message can do.
        retryable: whether the same pull may succeed later without anybody changing anything.
    """

    retryable = False

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}. {remedy}")
        self.problem = problem
        self.remedy = remedy


class RtmsUnavailableError(RtmsError):
    """Transient: the server is away, busy or dropped the connection; a later pull may succeed."""

    retryable = True


class RtmsUnusableError(RtmsError):
    """Permanent: a wrong password, a missing driver, a wrong header; somebody has to change something."""


class EmptyPullError(RtmsUnavailableError):
    """RTMS shows nothing acceptable for a day that the warehouse has rows of: the rows are kept.

    RTMS rewrites its table during the day, so a later pull may find it filled again.
    """


def open_source(settings: RtmsSettings) -> RtmsSource:
    """The source these settings name; nothing connects or reads before the first call.

    Raises:
        RtmsUnusableError: when the settings of that source are incomplete.
        ValueError: for ``demo``, which ``build.py`` injects because it lives above this package.
    """
    if settings.source == "csv":
        from factory_pipelines.production.rtms_csv import CsvRtms

        if settings.csv_dir is None:
            raise RtmsUnusableError(
                "FACTORY_RTMS__SOURCE is csv, but no folder is named",
                "Set FACTORY_RTMS__CSV_DIR to the folder of the exports",
            )
        return CsvRtms(settings.csv_dir)
    if settings.source == "mssql":
        from factory_pipelines.production.rtms_mssql import MssqlRtms

        return MssqlRtms(settings)
    raise ValueError("the demo source comes from factory_pipelines.demo, through build.py")
