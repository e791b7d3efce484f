"""Reading what the alerts know: for the API, the Dagster UI, metrics and the scoreboard. Nothing here writes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb

from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.settings import AlertSettings
from factory_pipelines.warehouse.pool import Warehouse

CURRENT = ("open", "acknowledged")


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts to list.

    Attributes:
        statuses: any of ``open``, ``acknowledged``, ``resolved`` (and ``pending``: seen, not sustained, no alert yet).
        rule: only this rule.
        production_day: only this day.
        since: only alerts opened at this moment or later.
        place: only alerts at this place, by hierarchy level (``{"line_name": "S1-1"}``).
        limit: at most so many, the newest.
    """

    statuses: Sequence[str] = CURRENT
    rule: str | None = None
    production_day: date | None = None
    since: datetime | None = None
    place: Mapping[str, str] = field(default_factory=dict)
    limit: int = 200


@dataclass(frozen=True, slots=True)
class DueWork:
    """What waits to be done now.

    Attributes:
        due: messages to send.
        expired: attempts whose sender died.
        to_refresh: messages to ask the provider about.
        unopened: breaches old enough to be alerts, without another pull.
        unescalated: alerts nobody acknowledged in time.
        ended: alerts of a production day that is over.
    """

    due: int
    expired: int
    to_refresh: int
    unopened: int
    unescalated: int
    ended: int

    @property
    def anything(self) -> bool:
        """Whether a run would find something to do."""
        return any(asdict(self).values())


def list_alerts(warehouse: Warehouse, wanted: AlertFilter | None = None) -> list[dict[str, Any]]:
    """Alerts, newest first, as rows of ``alerts.alerts`` with ``operations`` and ``message_count``."""
    wanted = wanted or AlertFilter()
    params = asdict(wanted) | {"statuses": list(wanted.statuses), "place": Jsonb(dict(wanted.place))}
    return warehouse.rows("alerts/list_alerts", params)


def list_deliveries(
    warehouse: Warehouse,
    *,
    statuses: Sequence[str] | None = None,
    doubtful_only: bool = False,
    since: datetime | None = None,
    limit: int = 200,
) -> list[dict[str, Any]]:
    """Messages, newest first; of a phone number only the last three digits."""
    params = {
        "statuses": list(statuses) if statuses is not None else None,
        "doubtful_only": doubtful_only,
        "since": since,
        "limit": limit,
    }
    return warehouse.rows("alerts/list_deliveries", params)


def dead_letters(warehouse: Warehouse, limit: int = 200) -> list[dict[str, Any]]:
    """Messages that were given up, with the provider's error."""
    return list_deliveries(warehouse, statuses=("dead",), limit=limit)


def doubtful_sends(warehouse: Warehouse, since: datetime | None = None, limit: int = 200) -> list[dict[str, Any]]:
    """Messages that may have been sent more than once."""
    return list_deliveries(warehouse, doubtful_only=True, since=since, limit=limit)


def delivery_statistics(warehouse: Warehouse, since: datetime) -> dict[str, Any]:
    """Counts of messages created since then, waits in seconds, and shares in percent (None while none is done)."""
    [row] = warehouse.rows("alerts/delivery_statistics", {"since": since})
    return row


def due_work(warehouse: Warehouse, rules: AlertSettings, *, clock: PlantClock, now: datetime) -> DueWork:
    """What a delivery run would find to do now."""
    params = {
        "now": now,
        "sustained_min": rules.sustained_min,
        "escalate_after_min": rules.escalate_after_min,
        "today": clock.production_day(now),
    }
    [row] = warehouse.rows("alerts/due_work", params)
    if rules.policy == "seed":  # the seed neither waits nor escalates
        row |= {"unopened": 0, "unescalated": 0}
    return DueWork(**row)
