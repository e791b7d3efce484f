"""What ``factory doctor`` finds."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warn", "fail", "off"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Attributes:
        name: what.
        status: ``ok``; ``warn`` (works, but); ``fail`` (does not work); ``off`` (not used here).
        detail: what was found. Never a secret.
        remedy: what to do, where there is something to do.
    """

    name: str
    status: Status
    detail: str
    remedy: str | None = None
