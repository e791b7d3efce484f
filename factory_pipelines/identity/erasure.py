"""A person is forgotten: templates and rows at once, pictures and Rekognition's faces as soon as they can be reached.

What remains is a row of ``identity.erasures``: who, why, by whom, when, how much. It holds nothing biometric. An
erasure is work in the warehouse, done piece by piece and repeated until nothing is left; a piece done twice changes
nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

import structlog

from factory_pipelines.identity.consents import fetch, run
from factory_pipelines.identity.faces import FaceMatcher, FaceRef, MatcherAwayError, MatcherRefusedError
from factory_pipelines.identity.snapshots import SnapshotPathError, SnapshotStore
from factory_pipelines.warehouse.pool import Warehouse

if TYPE_CHECKING:
    from psycopg import Connection

_log = structlog.get_logger(__name__)

INDEXING_TAKES = timedelta(minutes=20)
"""Longer than any call to a matcher lasts, whatever retries and time-outs the settings allow: a face may be on its way
until then."""

MatcherOf = Callable[[str, str | None], FaceMatcher]
"""The matcher of this name and collection; raises MatcherRefusedError when it is not configured."""


class PersonUnknownError(LookupError):
    """Nothing is here of this person."""


@dataclass(frozen=True, slots=True)
class ErasureState:
    """``completed_at`` is None while something waits; ``waits_for`` says what, where that is known."""

    erasure_id: int
    completed_at: datetime | None
    waits_for: str | None


def request_erasure(warehouse: Warehouse, person_id: str, *, reason: str, by: str, now: datetime) -> int:
    """Ends all consents of a person and begins to forget them; returns the number of the erasure.

    From here on no search names the person. ``work_off`` does the rest.

    Raises:
        PersonUnknownError: when nothing is here of them.
    """
    with warehouse.transaction() as conn:
        if not fetch(conn, "identity/is_known", {"person_id": person_id})[0]["is_known"]:
            raise PersonUnknownError(f"nothing is here of {person_id}")
        return _begin(conn, person_id, reason=reason, by=by, now=now)


def withdraw_consent(
    warehouse: Warehouse, person_id: str, purpose: str, *, reason: str, by: str, now: datetime
) -> int | None:
    """Ends one consent; the last one's end begins the person's erasure, whose number is returned.

    Raises:
        PersonUnknownError: when there is no such consent.
    """
    params = {"person_id": person_id, "purpose": purpose, "reason": reason, "by": by, "now": now}
    with warehouse.transaction() as conn:
        if not fetch(conn, "identity/end_consents", params):
            raise PersonUnknownError(f"{person_id} has no consent for {purpose} that still runs")
        if fetch(conn, "identity/consents_in_force", {"person_id": person_id, "purpose": None, "now": now}):
            return None
        return _begin(conn, person_id, reason=f"consent withdrawn: {reason}", by=by, now=now)


def expire(warehouse: Warehouse, now: datetime) -> list[str]:
    """Ends the consents whose time is over, and begins the erasure of everybody who has none left; returns these."""
    with warehouse.transaction() as conn:
        people = [row["person_id"] for row in fetch(conn, "identity/without_consent", {"now": now})]
        fetch(conn, "identity/expire_consents", {"now": now})
        for person_id in people:
            _begin(conn, person_id, reason="no consent in force", by="schedule", now=now)
    return people


def work_off(
    warehouse: Warehouse,
    matcher_of: MatcherOf,
    store: SnapshotStore,
    clock: Callable[[], datetime],
    *,
    only: int | None = None,
) -> list[ErasureState]:
    """Goes on with every erasure that is not complete, or with ``only`` one; none holds up the others."""
    return [
        _go_on(warehouse, row["erasure_id"], row["person_id"], matcher_of, store, clock)
        for row in warehouse.rows("identity/erasures_under_way")
        if only is None or row["erasure_id"] == only
    ]


def _begin(conn: "Connection[Any]", person_id: str, *, reason: str, by: str, now: datetime) -> int:
    person = {"person_id": person_id, "by": by, "now": now}
    fetch(conn, "identity/end_consents", {**person, "purpose": None, "reason": "erased"})
    erasure_id: int = fetch(conn, "identity/open_erasure", {**person, "reason": reason})[0]["erasure_id"]
    run(conn, "identity/erase_faces", {"person_id": person_id, "erasure_id": erasure_id})
    return erasure_id


def _go_on(
    warehouse: Warehouse,
    erasure_id: int,
    person_id: str,
    matcher_of: MatcherOf,
    store: SnapshotStore,
    clock: Callable[[], datetime],
) -> ErasureState:
    this = {"erasure_id": erasure_id, "person_id": person_id}
    problems: list[str] = []
    with warehouse.transaction() as conn:
        # Again, for whatever was under way when the erasure began.
        run(conn, "identity/erase_faces", this)
        run(conn, "identity/erase_recognitions", this)
    problems += _erase_pictures(warehouse, this, store)
    problems += _erase_faces(warehouse, this, matcher_of, clock())
    problem = "; ".join(problems)[:1000] or None
    params = {**this, "error": problem, "now": clock()}
    with warehouse.transaction() as conn:
        closed = fetch(conn, "identity/close_erasure", params)
    completed_at = closed[0]["completed_at"] if closed else clock()  # no row: another process was faster
    if problem is not None:
        _log.warning("an erasure is held up", erasure_id=erasure_id, reason=problem)
    waits_for = problem or (None if completed_at else "a face that may be on its way, or a punch not handed over yet")
    return ErasureState(erasure_id, completed_at, waits_for)


def _erase_pictures(warehouse: Warehouse, this: dict[str, Any], store: SnapshotStore) -> list[str]:
    problems, gone = [], []
    for row in warehouse.rows("identity/pictures_to_erase", this):
        try:
            store.delete(row["ref"])
        except (OSError, SnapshotPathError) as error:
            problems.append(f"picture {row['ref']}: {error}")
        else:
            gone.append(row["ref"])
    if gone:
        with warehouse.transaction() as conn:
            run(conn, "identity/pictures_erased", {**this, "refs": gone})
    return problems


def _erase_faces(warehouse: Warehouse, this: dict[str, Any], matcher_of: MatcherOf, now: datetime) -> list[str]:
    problems = []
    due = warehouse.rows("identity/faces_to_erase", {**this, "tried_before": now - INDEXING_TAKES})
    for (name, collection), rows in groupby(due, key=lambda row: (row["matcher"], row["collection"])):
        faces = list(rows)
        there = [FaceRef(f["face_key"], f["face_id"], collection) for f in faces if f["may_be_there"]]
        try:
            if there:
                matcher_of(name, collection).erase(there)
        except (MatcherAwayError, MatcherRefusedError) as error:
            problems.append(f"{name}: {error}")
            continue
        with warehouse.transaction() as conn:
            run(conn, "identity/faces_erased", {**this, "refs": [f["face_key"] for f in faces]})
    return problems
