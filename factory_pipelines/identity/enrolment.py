"""Making a person's face findable: by consent, at once or as soon as the matcher can be reached."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

import psycopg
import structlog

from factory_pipelines.identity.consents import NoConsentError, consent_in_force, fetch, run
from factory_pipelines.identity.faces import (
    FaceMatcher,
    FaceRef,
    Indexed,
    MatcherAwayError,
    MatcherRefusedError,
    NoFace,
    Picture,
    PictureRefusedError,
)
from factory_pipelines.identity.matchers import Matchers
from factory_pipelines.identity.pictures import PictureError, PictureLimits, read_picture
from factory_pipelines.identity.snapshots import SnapshotPathError, SnapshotStore
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.warehouse.pool import Warehouse, WarehouseUnavailableError

_log = structlog.get_logger(__name__)

WAITING = "waiting"
"""Kind of the pictures that wait for the matcher."""

# What is over some day: the database, the matcher, or its configuration, which somebody mends.
AWAY = (MatcherAwayError, MatcherRefusedError, WarehouseUnavailableError, psycopg.Error)

# Whoever began to index a face less long ago may still be at it.
_CLAIM = timedelta(minutes=2)


class QueueFullError(RuntimeError):
    """The picture was not taken: as many wait as may, or the disk takes no more."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What became of a picture for enrolment.

    Attributes:
        status: ``indexed``; ``waiting`` on disk for the matcher; ``no_face``: nothing was kept.
        face_key: our number of the face; None without one.
        reason: why it waits, or why there is no face.
    """

    status: Literal["indexed", "waiting", "no_face"]
    face_key: str | None
    reason: str | None = None


class Enroller:
    """Enrols faces; safe to call from any thread."""

    def __init__(
        self,
        warehouse: Warehouse,
        matchers: Matchers,
        store: SnapshotStore,
        *,
        limits: PictureLimits,
        queue_max: int,
        plant: PlantClock,
        clock: Callable[[], datetime],
    ) -> None:
        """``queue_max`` is how many faces may wait for the matcher."""
        self._warehouse = warehouse
        self._matchers = matchers
        self._store = store
        self._limits = limits
        self._queue_max = queue_max
        self._plant = plant
        self._clock = clock

    def enrol(self, data: bytes, *, person_id: str, purpose: str) -> Enrolment:
        """Makes a person's face findable, by the consent that is in force for ``purpose``.

        Raises:
            PictureError: when ``data`` is no picture we take.
            NoConsentError: without a consent in force.
            QueueFullError: when as many faces wait as may, or the disk takes no more.
            WarehouseUnavailableError: when the consent cannot be looked up.
        """
        picture = read_picture(data, self._limits)
        matcher = self._matchers.current()
        face_key = str(uuid4())
        snapshot = self._begin(matcher, picture, face_key, person_id, purpose)
        try:
            answer = self._index(matcher, picture, face_key)
        except AWAY as error:
            _log.warning("a face waits to be indexed", face_key=face_key, reason=str(error))
            return Enrolment("waiting", face_key, str(error))
        self._store.delete(snapshot)
        if isinstance(answer, NoFace):
            with self._warehouse.transaction() as conn:
                run(conn, "identity/drop_face", {"face_key": face_key})
            return Enrolment("no_face", None, answer.reason)
        return Enrolment("indexed", face_key)

    def index_waiting(self) -> None:
        """Indexes the faces that wait, in the order they came.

        Raises:
            MatcherAwayError: when the matcher is still away; the rest waits on.
        """
        now = self._clock()
        matcher = self._matchers.current()
        claim = {"now": now, "tried_before": now - _CLAIM}
        for row in self._warehouse.rows("identity/waiting_faces", claim):
            face_key = str(row["face_key"])
            with self._warehouse.transaction() as conn:
                if not fetch(conn, "identity/begin_indexing", {**claim, "face_key": face_key}):
                    continue  # another process has it, or it was erased meanwhile
            picture = kept_picture(self._store, row["snapshot"], self._limits)
            if picture is None:
                _log.error("the picture of a waiting face is gone: enrol it again", face_key=face_key)
                with self._warehouse.transaction() as conn:
                    run(conn, "identity/face_has_none", {"face_key": face_key})
                continue
            self._index(matcher, picture, face_key)
            self._store.delete(row["snapshot"])

    def _begin(self, matcher: FaceMatcher, picture: Picture, face_key: str, person_id: str, purpose: str) -> str:
        """Writes the face down with its picture, both or neither; returns the picture's path."""
        now = self._clock()
        snapshot: str | None = None
        try:
            with self._warehouse.transaction() as conn:
                consent = consent_in_force(conn, person_id, purpose, now)
                if consent is None:
                    raise NoConsentError(f"{person_id} has no consent in force for {purpose}: record it first")
                if fetch(conn, "identity/count_waiting_faces", {})[0]["waiting"] >= self._queue_max:
                    raise QueueFullError(f"{self._queue_max} faces wait for the matcher already: try again later")
                snapshot = self._save(picture, face_key, now)
                row = {
                    "face_key": face_key,
                    "person_id": person_id,
                    "consent_id": consent["consent_id"],
                    "matcher": matcher.name,
                    "collection": matcher.collection,
                    "snapshot": snapshot,
                    "now": now,
                }
                run(conn, "identity/add_face", row)
        except BaseException:
            if snapshot is not None:
                self._store.delete(snapshot)
            raise
        return snapshot

    def _save(self, picture: Picture, face_key: str, now: datetime) -> str:
        try:
            return self._store.save(WAITING, picture.jpeg, self._plant.production_day(now), face_key)
        except (OSError, SnapshotPathError) as error:
            raise QueueFullError(f"the picture cannot be kept until it is indexed: {error}") from error

    def _index(self, matcher: FaceMatcher, picture: Picture, face_key: str) -> Indexed | NoFace:
        try:
            answer = matcher.index(picture, face_key)
        except PictureRefusedError as error:
            answer = NoFace(str(error))
        this = {"face_key": face_key, "now": self._clock()}
        if isinstance(answer, NoFace):
            with self._warehouse.transaction() as conn:
                run(conn, "identity/face_has_none", this)
            return answer
        found = {
            "face_id": answer.face_id,
            "template": answer.template,
            "template_kind": answer.template_kind,
            "confidence_pct": answer.confidence_pct,
        }
        with self._warehouse.transaction() as conn:
            is_expected = fetch(conn, "identity/face_indexed", {**this, **found})
        if not is_expected:  # erased, after a call that took longer than any should
            matcher.erase([FaceRef(face_key, answer.face_id, matcher.collection)])
        return answer


def kept_picture(store: SnapshotStore, snapshot: str | None, limits: PictureLimits) -> Picture | None:
    """A picture that waited on disk; None when it is gone."""
    if snapshot is None:
        return None
    try:
        return read_picture(store.read(snapshot), limits)
    except (FileNotFoundError, SnapshotPathError, PictureError):
        return None
