"""Whose face a picture shows: answered at once, or kept on disk and answered later, in order and once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid4

import psycopg
import structlog

from factory_pipelines.identity.consents import fetch, run
from factory_pipelines.identity.enrolment import AWAY, WAITING, QueueFullError, kept_picture
from factory_pipelines.identity.faces import FaceMatch, NoFace, Picture, PictureRefusedError
from factory_pipelines.identity.matchers import Matchers
from factory_pipelines.identity.pictures import PictureError, PictureLimits, read_picture
from factory_pipelines.identity.snapshots import SnapshotPathError, SnapshotStore
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.settings import IdentitySettings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.spool import Spool, SpoolFullError

_log = structlog.get_logger(__name__)

ATTENDANCE = "attendance"
"""The purpose by which a recognised face may become a punch."""

Outcome = Literal["recognised", "unknown", "no_face", "refused", "waiting"]


@dataclass(frozen=True, slots=True)
class Recognition:
    """What became of a searched picture.

    Attributes:
        event_id: its number in ``identity.recognitions``.
        outcome: ``waiting``: the matcher or the database is away; the answer is written down later.
        person_id: who it is; None unless recognised.
        similarity_pct: of the face that matched best.
        snapshot: path of the kept picture; None where none is.
        reason: why there is no face, or why it waits.
        is_punch: the edge hands it to attendance.
    """

    event_id: str
    outcome: Outcome
    person_id: str | None = None
    similarity_pct: float | None = None
    snapshot: str | None = None
    reason: str | None = None
    is_punch: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One searched picture: where, when, for what."""

    event_id: str
    seen_at: datetime
    device: str
    purpose: str


class Searcher:
    """Searches faces; safe to call from any thread."""

    def __init__(
        self,
        warehouse: Warehouse,
        matchers: Matchers,
        store: SnapshotStore,
        settings: IdentitySettings,
        *,
        spool: Path,
        plant: PlantClock,
        clock: Callable[[], datetime],
    ) -> None:
        """``spool`` is the file of what waits."""
        self._warehouse = warehouse
        self._matchers = matchers
        self._store = store
        self._settings = settings
        self._limits = PictureLimits.of(settings.max_image_mb, settings.max_megapixels)
        self._directions = dict(one.rsplit(":", 1) for one in settings.attendance_devices)
        self._plant = plant
        self._clock = clock
        self._spool = Spool(
            spool,
            restore=lambda event: {**event, "seen_at": datetime.fromisoformat(event["seen_at"])},
            hopeless=(psycopg.DataError, psycopg.IntegrityError),
            limit=settings.queue_max,
        )

    @property
    def waiting(self) -> int:
        """Pictures that wait."""
        return self._spool.waiting()

    def search(self, data: bytes, *, device: str, purpose: str, seen_at: datetime | None = None) -> Recognition:
        """Whose face it is. The picture waits on disk where matcher or database are away.

        Raises:
            PictureError: when ``data`` is no picture we take.
            QueueFullError: when the picture would have to wait, and cannot.
        """
        picture = read_picture(data, self._limits)
        question = Question(str(uuid4()), seen_at or self._clock(), device, purpose)
        try:
            return self._answer(question, picture, waited=False)
        except PictureRefusedError as error:
            raise PictureError("not_an_image", str(error)) from error
        except AWAY as error:
            return self._wait(question, picture, str(error))

    def search_waiting(self) -> int:
        """Searches what waits, oldest first; returns how many left the queue.

        Raises:
            MatcherAwayError: when the matcher is still away; the rest waits on.
            WarehouseUnavailableError: likewise for the database.
        """
        return self._spool.drain(self._search_again)

    def _wait(self, question: Question, picture: Picture, reason: str) -> Recognition:
        try:
            snapshot = self._store.save(WAITING, picture.jpeg, self._day(question), question.event_id)
            try:
                event = {"event_id": question.event_id, "seen_at": question.seen_at, "snapshot": snapshot}
                self._spool.add({**event, "device": question.device, "purpose": question.purpose})
            except (SpoolFullError, OSError):
                self._store.delete(snapshot)
                raise
        except (SpoolFullError, OSError, SnapshotPathError) as error:
            _log.error("a searched picture was not taken", device=question.device, reason=str(error))
            raise QueueFullError(f"the picture could neither be searched ({reason}) nor kept ({error})") from error
        _log.warning("a searched picture waits on disk", device=question.device, reason=reason)
        return Recognition(question.event_id, "waiting", reason=reason)

    def _search_again(self, event: Mapping[str, Any]) -> None:
        question = Question(event["event_id"], event["seen_at"], event["device"], event["purpose"])
        picture = kept_picture(self._store, event["snapshot"], self._limits)
        if picture is None:
            _log.error("a waiting picture is gone: its search is given up", event_id=question.event_id)
            return
        try:
            self._answer(question, picture, waited=True)
        except PictureRefusedError:
            self._write(question, "refused", waited=True)
        self._store.delete(event["snapshot"])

    def _answer(self, question: Question, picture: Picture, *, waited: bool) -> Recognition:
        matcher = self._matchers.current()
        enough = self._settings.min_similarity_pct or matcher.default_similarity_pct
        found = matcher.search(picture, min_similarity_pct=enough)
        if isinstance(found, NoFace):
            self._write(question, "no_face", waited=waited)
            return Recognition(question.event_id, "no_face", reason=found.reason)
        return self._named(question, found, picture, waited=waited)

    def _named(self, question: Question, found: list[FaceMatch], picture: Picture, *, waited: bool) -> Recognition:
        """Names the person and writes it down in one transaction, in which no consent can end."""
        ours = [match for match in found if _is_uuid(match.face_key)]
        keys = [match.face_key for match in ours]
        asked = {"purpose": question.purpose, "seen_at": question.seen_at, "now": self._clock(), "face_keys": keys}
        row: dict[str, Any] = {}
        with self._warehouse.transaction() as conn:
            person_of = {r["face_key"]: r["person_id"] for r in fetch(conn, "identity/identify", asked)}
            best = next((match for match in ours if match.face_key in person_of), None)
            outcome: Outcome = "unknown" if best is None else "recognised"
            if best is not None:
                is_terminal = question.purpose == ATTENDANCE
                row["person_id"] = person_of[best.face_key]
                row["face_key"] = best.face_key
                row["similarity_pct"] = best.similarity_pct
                row["punch_direction"] = self._directions.get(question.device) if is_terminal else None
            if self._settings.keep_snapshots in ("all", outcome):
                row["snapshot"] = self._keep(outcome, question, picture)
            run(conn, "identity/add_recognition", self._row(question, outcome, waited=waited, **row))
        return Recognition(
            question.event_id,
            outcome,
            row.get("person_id"),
            row.get("similarity_pct"),
            row.get("snapshot"),
            is_punch=row.get("punch_direction") is not None,
        )

    def _write(self, question: Question, outcome: Outcome, *, waited: bool) -> None:
        with self._warehouse.transaction() as conn:
            run(conn, "identity/add_recognition", self._row(question, outcome, waited=waited))

    def _row(self, question: Question, outcome: Outcome, *, waited: bool, **more: Any) -> dict[str, Any]:
        return {
            "event_id": question.event_id,
            "seen_at": question.seen_at,
            "production_day": self._day(question),
            "device": question.device,
            "purpose": question.purpose,
            "matcher": self._matchers.current().name,
            "outcome": outcome,
            "waited": waited,
            **dict.fromkeys(("person_id", "face_key", "similarity_pct", "snapshot", "punch_direction")),
            **more,
        }

    def _keep(self, kind: str, question: Question, picture: Picture) -> str | None:
        """Stores the picture; a full disk costs the picture, not the answer."""
        try:
            return self._store.save(kind, picture.jpeg, self._day(question), question.event_id)
        except (OSError, SnapshotPathError) as error:
            _log.error("a snapshot could not be kept", event_id=question.event_id, reason=str(error))
            return None

    def _day(self, question: Question) -> date:
        return self._plant.production_day(question.seen_at)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
