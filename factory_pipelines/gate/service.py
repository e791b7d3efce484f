"""The gate at work: decides from memory, asks the database, writes the event, raises the alarm.

The database has the last word while it is there. While it is away the memory decides, marked unconfirmed: it opens only
for a plate it knows as authorised, and only while the memory is young; the event waits on disk.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Condition, Lock, Thread
from typing import Any
from uuid import uuid4

import psycopg
import structlog
from psycopg import sql

from factory_pipelines.alerts.engine import raise_incident
from factory_pipelines.gate.agreement import Read
from factory_pipelines.gate.decisions import (
    Decision,
    Direction,
    GateRules,
    RecentVehicles,
    Sighting,
    decide,
    with_standing,
)
from factory_pipelines.gate.grammar import grammar_for
from factory_pipelines.gate.lists import PlateIndex, standing
from factory_pipelines.gate.registry import entries_of, load_index
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.settings import GateSettings, Settings
from factory_pipelines.warehouse.pool import Warehouse, WarehouseUnavailableError
from factory_pipelines.warehouse.queries import load_sql
from factory_pipelines.warehouse.spool import Spool

_log = structlog.get_logger(__name__)

BLOCKED_RULE = "gate.blocked_vehicle"

# A database that cannot be asked, for whatever reason, has not confirmed anything.
_AWAY = (WarehouseUnavailableError, psycopg.Error)


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision with what became of it.

    Attributes:
        decision: what was decided in the end.
        event_id: its number in ``gate.gate_events``.
        confirmed: the database agreed; False: from memory alone, the event waits on disk.
        memory_ms: how long the decision from memory took.
    """

    decision: Decision
    event_id: str
    confirmed: bool
    memory_ms: float


def rules_of(settings: GateSettings) -> GateRules:
    """The gate's rules under these settings.

    Raises:
        TemplateError: when profile or formats mean nothing.
    """
    return GateRules(
        grammar_for(settings.profile, sorted(settings.formats)),
        settings.min_confidence,
        settings.min_reads,
        settings.open_min_reads,
        timedelta(seconds=settings.same_vehicle_s),
    )


class GateService:
    """One process's gate; safe to call from any thread."""

    def __init__(
        self,
        warehouse: Warehouse,
        settings: Settings,
        *,
        clock: Callable[[], datetime],
        after_alarm: Callable[[], None] = lambda: None,
        refresh_every_s: float = 2.0,
    ) -> None:
        """Asks nothing of the database yet: ``start`` does.

        Args:
            warehouse: in the writer's role.
            settings: the whole tree.
            clock: the present.
            after_alarm: called in the background after an alarm entered the outbox, to have it sent at once.
            refresh_every_s: how often the memory is compared with the database's version.
        """
        self.rules = rules_of(settings.gate)
        self._warehouse = warehouse
        self._plant: PlantClock = settings.plant.clock()
        self._clock = clock
        self._after_alarm = after_alarm
        self._trust = timedelta(minutes=settings.gate.memory_trust_min)
        self._spool = Spool(
            Path(settings.home_dir) / "gate" / "waiting_events.jsonl",
            restore=_restored,
            hopeless=(psycopg.DataError, psycopg.IntegrityError),
        )
        self._index = PlateIndex()
        self._known_at: datetime | None = None  # when memory and database were last seen to agree
        self._recent = RecentVehicles(self.rules.same_vehicle)
        self._deciding = Lock()
        self._refreshing = Lock()
        self._wake = Condition()
        self._ending = False
        self._alarms = 0
        self._refresh_every_s = refresh_every_s
        self._threads = [
            Thread(target=self._keep_fresh, name="gate-lists", daemon=True),
            Thread(target=self._keep_sending, name="gate-alarms", daemon=True),
        ]

    def start(self) -> None:
        """Loads lists and recent vehicles in the background, and goes on refreshing them."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Ends the background work."""
        with self._wake:
            self._ending = True
            self._wake.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(0.3)

    @property
    def index(self) -> PlateIndex:
        """The lists as this process knows them."""
        return self._index

    @property
    def waiting_events(self) -> int:
        """Events on disk that the database has not got yet."""
        return self._spool.waiting()

    def decide(
        self,
        reads: list[Read],
        *,
        gate_id: str = "main",
        track_id: int | None = None,
        direction: Direction | None = None,
        at: datetime | None = None,
        source: str = "api",
    ) -> Answer:
        """Decides upon one vehicle, writes the event, and raises an alarm for a blocked one.

        Raises:
            ReadError: when a read cannot have been made.
            OSError: when the database is away and the disk takes no event either; nothing opened then.
        """
        if self._known_at is None:
            self.refresh()
        started_s = time.perf_counter()
        sighting = Sighting(reads, at or self._clock(), gate_id, track_id, direction)
        from_memory = decide(sighting, self.rules, self._index)
        memory_ms = (time.perf_counter() - started_s) * 1000
        decision, confirmed = self._asked(from_memory, sighting)
        with self._deciding:
            decision = self._recent.judge(decision, sighting)
            self._recent.remember(decision, sighting)
        event = self._event(decision, sighting, source, confirmed=confirmed)
        self._record(event, decision)
        return Answer(decision, event["event_id"], confirmed, memory_ms)

    def refresh(self) -> bool:
        """Brings the memory up to the database's version and writes what waits; says whether the database was there."""
        with self._refreshing:
            try:
                now = self._clock()
                if self._known_at is None:
                    self._remember_recent(now)
                if self._known_at is None or self._version() != self._index.version:
                    self._index = load_index(self._warehouse, now)
                self._known_at = now
                self._spool.drain(self._alarm_and_store)
            except _AWAY as error:
                _log.debug("the gate's lists cannot be refreshed", reason=str(error))
                return False
            return True

    def _asked(self, from_memory: Decision, sighting: Sighting) -> tuple[Decision, bool]:
        """The decision as the database has it, and whether it could be asked."""
        try:
            if from_memory.plate_number is None:
                self._version()  # nothing to look up; whether the database is there is still part of the answer
                return from_memory, True
            version, entries = entries_of(self._warehouse, from_memory.plate_number)
        except _AWAY as error:
            _log.warning("the gate decides without the database", reason=str(error))
            return self._on_its_own(from_memory, sighting), False
        if version != self._index.version:
            with self._wake:
                self._wake.notify_all()
        return with_standing(from_memory, standing(entries, sighting.at), self.rules), True

    def _on_its_own(self, from_memory: Decision, sighting: Sighting) -> Decision:
        """The decision from memory, which opens only while it is young."""
        age = None if self._known_at is None else sighting.at - self._known_at
        if not from_memory.opens or (age is not None and age <= self._trust):
            return from_memory
        warning = "the lists in memory are too old to open by, and the database is away: check by hand"
        return replace(from_memory, opens=False, warning=warning)

    def _record(self, event: dict[str, Any], decision: Decision) -> None:
        """Alarm first, then the event; on disk where the database does not take it, before anybody acts on it."""
        try:
            if not event["confirmed"]:
                raise WarehouseUnavailableError("the decision could not be confirmed")
            self._alarm_and_store(event)
        except _AWAY as error:
            self._spool.add(event)
            say = _log.critical if decision.status == "BLOCKED" else _log.warning
            say(
                "a gate event waits on disk",
                plate=decision.plate_number,
                status=decision.status,
                opens=decision.opens,
                alert=decision.alert_message,
                reason=str(error),
            )

    def _alarm_and_store(self, event: dict[str, Any]) -> None:
        if event["status"] == "BLOCKED" and not event["is_repetition"]:
            self._alarm(event)
        with self._warehouse.transaction() as conn:
            added = conn.execute(sql.SQL(load_sql("gate/add_event")), event).rowcount
            if added and event["valid"] and event["status"] == "UNKNOWN" and not event["is_repetition"]:
                conn.execute(sql.SQL(load_sql("gate/queue_unknown")), event)

    def _event(self, decision: Decision, sighting: Sighting, source: str, *, confirmed: bool) -> dict[str, Any]:
        wall = sighting.at.astimezone(self._plant.zone)
        surest = max(sighting.reads, key=lambda read: read.confidence)
        return {
            "event_id": str(uuid4()),
            "decided_at": sighting.at,
            "production_day": self._plant.production_day(sighting.at),
            "hour_start": wall.replace(minute=0, second=0, microsecond=0),
            "gate_id": sighting.gate_id,
            "direction": sighting.direction,
            "track_id": sighting.track_id,
            # PostgreSQL's text takes everything but NUL.
            "raw_text": surest.text[:200].replace("\x00", "\N{REPLACEMENT CHARACTER}"),
            "read_count": decision.read_count,
            "confidence": decision.confidence,
            "valid": decision.valid,
            "plate": decision.plate_number,
            "format": decision.format,
            "corrections": decision.corrections,
            "status": decision.status,
            "reason": decision.reason,
            "list_entry_id": decision.list_entry_id,
            "opened": decision.opens,
            "is_repetition": decision.repetition,
            "warning": decision.warning,
            "resembles": decision.resembles,
            "confirmed": confirmed,
            "source": source,
            "alert_message": decision.alert_message,
        }

    def _alarm(self, event: dict[str, Any]) -> None:
        """One incident a passage, in a transaction of its own: the alarm stands even where the event does not."""
        when = event["decided_at"].astimezone(self._plant.zone)
        where = f"gate {event['gate_id']}, {event['direction'] or 'direction unknown'}, {when:%Y-%m-%d %H:%M:%S}"
        body = f"{event['alert_message']}\n{where}.\nThe gate stays closed."
        title = f"Blocked vehicle {event['plate']} at gate {event['gate_id']}"
        subject = f"{event['plate']}@{event['event_id']}"
        raise_incident(self._warehouse, BLOCKED_RULE, subject, title, body, self._clock())
        with self._wake:
            self._alarms += 1
            self._wake.notify_all()

    def _version(self) -> int:
        version: int = self._warehouse.rows("gate/version")[0]["version"]
        return version

    def _remember_recent(self, now: datetime) -> None:
        for row in self._warehouse.rows("gate/recent_vehicles", {"since": now - self.rules.same_vehicle}):
            decision = Decision(True, row["plate"], None, row["status"], True, None, False)
            sighting = Sighting((), row["decided_at"], row["gate_id"], row["track_id"], row["direction"])
            with self._deciding:
                self._recent.remember(decision, sighting)

    def _keep_fresh(self) -> None:
        while True:
            self.refresh()
            with self._wake:
                if not self._ending:
                    self._wake.wait(self._refresh_every_s)
                if self._ending:
                    return

    def _keep_sending(self) -> None:
        sent = 0
        while True:
            with self._wake:
                while not self._ending and self._alarms == sent:
                    self._wake.wait()
                if self._ending:
                    return
                sent = self._alarms
            try:
                self._after_alarm()
            except Exception:  # noqa: BLE001
                # The message stays in the outbox, and the outbox sensor sends it within half a minute.
                _log.exception("an alarm could not be sent at once")


def _restored(event: dict[str, Any]) -> dict[str, Any]:
    """An event as the spool's JSON gives it back."""
    times = {name: datetime.fromisoformat(event[name]) for name in ("decided_at", "hour_start")}
    return {**event, **times, "production_day": date.fromisoformat(event["production_day"])}
