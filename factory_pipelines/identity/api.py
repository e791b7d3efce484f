"""Identity over HTTP: consents, enrolment, search, erasure, snapshots.

Pictures are the body itself (``curl --data-binary @face.jpg``). The application's state holds ``warehouse`` (reads),
``writer`` (changes), ``settings`` and ``clock``; ``on_punch``, where the edge sets it, is told of punches.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import groupby
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, FastAPI, HTTPException, Query, Request, Response
from pydantic import AwareDatetime
from starlette.concurrency import run_in_threadpool

from factory_pipelines.identity import consents, erasure
from factory_pipelines.identity.api_models import (
    CleanupAnswer,
    ConsentGiven,
    ConsentLine,
    ConsentLines,
    ConsentWithdrawn,
    Device,
    EnrolmentAnswer,
    Erasure,
    ErasureAsked,
    Erasures,
    IdentityStatus,
    Person,
    PersonId,
    Persons,
    Purpose,
    Recognitions,
    SearchAnswer,
    SeenRecognition,
    SnapshotKind,
    SnapshotStats,
    WithdrawalAnswer,
)
from factory_pipelines.identity.enrolment import QueueFullError
from factory_pipelines.identity.faces import MatcherRefusedError
from factory_pipelines.identity.pictures import PictureError
from factory_pipelines.identity.retention import clean_snapshots
from factory_pipelines.identity.service import IdentityService
from factory_pipelines.identity.snapshots import SnapshotPathError

PREFIX = "/api/v1/identity"
PICTURE_PATHS = (f"{PREFIX}/enrol", f"{PREFIX}/search")
"""Routes whose body is a picture, and may be as large as one."""

_RETRY_AFTER_S = 30
_ERRORS_SHOWN = 100
_CLOCK_TOLERANCE = timedelta(minutes=5)
_MB = 1_000_000


@asynccontextmanager
async def _identity_at_work(app: FastAPI) -> AsyncIterator[None]:
    on_punch = getattr(app.state, "on_punch", lambda: None)
    service = IdentityService(app.state.writer, app.state.settings, clock=app.state.clock, on_punch=on_punch)
    app.state.identity = service
    service.start()
    try:
        yield
    finally:
        await run_in_threadpool(service.close)


router = APIRouter(prefix=PREFIX, tags=["identity"], lifespan=_identity_at_work)

# Optional, so that an empty one is refused as what it is.
_Picture = Annotated[bytes, Body(media_type="image/jpeg", description="A JPEG or PNG file.")]
_Limit = Annotated[int, Query(ge=1, le=1000)]
_REFUSALS: dict[int | str, dict[str, Any]] = {
    409: {
        "description": "It is no picture we take, there is no consent, or the time is impossible; `code` says which."
    },
}
_ABSENT: dict[int | str, dict[str, Any]] = {404: {"description": "Nothing is here of this person."}}


@router.post("/consents", summary="Somebody agrees to be recognised", responses=_REFUSALS)
def give_consent(request: Request, given: ConsentGiven) -> ConsentLine:
    """Who, for what, since when, until when. One that runs for the same purpose ends as renewed."""
    app = request.app.state
    now = app.clock()
    consent = consents.Consent(
        given.person_id, given.purpose, given.given_at or now, given.valid_until, given.recorded_by, given.evidence
    )
    try:
        return ConsentLine.model_validate(consents.record_consent(app.writer, consent, now))
    except consents.ConsentError as error:
        raise _refusal(409, "consent_invalid", str(error), error.field) from error


@router.get("/consents", summary="Every consent of a person")
def consents_of(request: Request, person_id: Annotated[PersonId, Query()]) -> ConsentLines:
    """Ended ones with who, when and why; the newest first."""
    app = request.app.state
    rows = app.warehouse.rows("identity/consents_of_person", {"person_id": person_id, "now": app.clock()})
    return ConsentLines(person_id=person_id, consents=[ConsentLine.model_validate(row) for row in rows])


@router.post("/consents/withdraw", summary="Somebody no longer agrees", responses=_ABSENT)
def withdraw_consent(request: Request, asked: ConsentWithdrawn) -> WithdrawalAnswer:
    """It no longer counts from now on. With the last consent goes everything that is here of the person."""
    app = request.app.state
    try:
        erasure_id = erasure.withdraw_consent(
            app.writer, asked.person_id, asked.purpose, reason=asked.reason, by=asked.withdrawn_by, now=app.clock()
        )
    except erasure.PersonUnknownError as error:
        raise _refusal(404, "no_consent", str(error), "person_id") from error
    begun = None if erasure_id is None else _erased(request, erasure_id)
    return WithdrawalAnswer(person_id=asked.person_id, erasure=begun)


@router.post("/enrol", summary="Make a person's face findable", responses=_REFUSALS)
def enrol(
    request: Request,
    person_id: Annotated[PersonId, Query()],
    purpose: Annotated[Purpose, Query()] = "attendance",
    picture: _Picture = b"",
) -> EnrolmentAnswer:
    """By the consent in force for this purpose; without one, 409. The picture itself is not kept.

    `waiting`: the matcher is away; the picture waits on disk and is indexed when it is back. `no_face` is an answer.
    """
    service = _service(request)
    try:
        done = service.enrol(picture, person_id=person_id, purpose=purpose)
    except (PictureError, consents.NoConsentError, QueueFullError, MatcherRefusedError) as error:
        raise _refused(error) from error
    return EnrolmentAnswer(
        person_id=person_id,
        status=done.status,
        face_key=done.face_key,
        reason=done.reason,
        matcher=service.matchers.current().name,
    )


@router.post("/search", summary="Whose face is it?", responses=_REFUSALS)
def search(
    request: Request,
    device: Annotated[Device, Query()],
    purpose: Annotated[Purpose, Query()] = "attendance",
    seen_at: Annotated[AwareDatetime | None, Query(description="When it was taken; default: now.")] = None,
    picture: _Picture = b"",
) -> SearchAnswer:
    """Names somebody who agreed to this purpose, or nobody. `waiting`: the answer is written down when it is known."""
    app, service = request.app.state, _service(request)
    if seen_at is not None and seen_at > app.clock() + _CLOCK_TOLERANCE:
        raise _refusal(409, "time_in_future", "seen_at: this has not come yet; set the camera's clock", "seen_at")
    if seen_at is not None and seen_at.year < 2000:
        raise _refusal(409, "time_too_early", "seen_at: before all cameras; set the camera's clock", "seen_at")
    try:
        found = service.search(picture, device=device, purpose=purpose, seen_at=seen_at)
    except (PictureError, QueueFullError, MatcherRefusedError) as error:
        raise _refused(error) from error
    return SearchAnswer(
        event_id=found.event_id,
        outcome=found.outcome,
        person_id=found.person_id,
        similarity_pct=found.similarity_pct,
        snapshot=found.snapshot,
        reason=found.reason,
        is_punch=found.is_punch,
        matcher=service.matchers.current().name,
    )


@router.get("/recognitions", summary="What was searched, and what came of it")
def recognitions(
    request: Request,
    device: Annotated[Device | None, Query()] = None,
    outcome: Literal["recognised", "unknown", "no_face", "refused", "erased"] | None = None,
    hours: Annotated[int, Query(ge=1, le=24 * 366)] = 24,
    limit: _Limit = 200,
) -> Recognitions:
    """Of the last hours, the newest first."""
    app = request.app.state
    params = {"since": app.clock() - timedelta(hours=hours), "device": device, "outcome": outcome, "limit": limit}
    found = [SeenRecognition.of(row) for row in app.warehouse.rows("identity/recognitions", params)]
    return Recognitions(count=len(found), recognitions=found)


@router.get("/persons", summary="Who is enrolled")
def persons(request: Request, limit: _Limit = 200) -> Persons:
    """Everybody with a consent or a face: how many faces, for which purposes, until when."""
    app = request.app.state
    rows = app.warehouse.rows("identity/persons", {"now": app.clock(), "limit": limit})
    return Persons(count=len(rows), persons=[Person.model_validate(row) for row in rows])


@router.post("/erase", summary="Forget a person", responses=_ABSENT)
def erase(request: Request, asked: ErasureAsked) -> Erasure:
    """Ends all consents; removes faces, templates and pictures; takes the person out of what was recognised.

    What cannot be reached now (Rekognition, a disk) is removed later; `completed_at` says when the last of it was gone.
    """
    app = request.app.state
    try:
        erasure_id = erasure.request_erasure(
            app.writer, asked.person_id, reason=asked.reason, by=asked.requested_by, now=app.clock()
        )
    except erasure.PersonUnknownError as error:
        raise _refusal(404, "person_unknown", str(error), "person_id") from error
    return _erased(request, erasure_id)


@router.get("/erasures", summary="Who was forgotten")
def erasures(request: Request, limit: _Limit = 200) -> Erasures:
    """The tombstones, the newest first; they hold nothing biometric."""
    rows = request.app.state.warehouse.rows("identity/erasures", {"limit": limit})
    return Erasures(count=len(rows), erasures=[Erasure.model_validate(row) for row in rows])


@router.post("/cleanup-snapshots", summary="Delete old snapshots")
def cleanup_snapshots(
    request: Request, dry_run: Annotated[bool, Query(description="Only count.")] = False
) -> CleanupAnswer:
    """Those older than FACTORY_IDENTITY__RETENTION_DAYS, of all kinds; the schedule does it each night."""
    app, service = request.app.state, _service(request)
    days = app.settings.identity.retention_days
    today = app.plant_clock.production_day(app.clock())
    done = clean_snapshots(app.writer, service.store, today=today, days=days, dry_run=dry_run)
    return CleanupAnswer(
        success=not done.errors,
        files_deleted=done.files_deleted,
        disk_space_freed_mb=done.bytes_freed / _MB,
        dry_run=dry_run,
        retention_days=days,
        files_kept=done.files_kept,
        error_count=len(done.errors),
        errors=dict(list(done.errors.items())[:_ERRORS_SHOWN]),
    )


@router.get("/snapshot-stats", summary="How many snapshots there are")
def snapshot_stats(request: Request) -> SnapshotStats:
    """By kind: files, size, oldest and newest day; and how many are due for deletion."""
    app = request.app.state
    days = app.settings.identity.retention_days
    before = app.plant_clock.production_day(app.clock()) - timedelta(days=days)
    found, errors = _service(request).store.listed()
    kinds = [(kind, list(group)) for kind, group in groupby(found, key=lambda one: one.kind)]
    return SnapshotStats(
        total_files=len(found),
        disk_space_mb=sum(one.bytes for one in found) / _MB,
        retention_days=days,
        files_over_retention=sum(one.day < before for one in found),
        kinds=[
            SnapshotKind(
                kind=kind,
                files=len(group),
                disk_space_mb=sum(one.bytes for one in group) / _MB,
                oldest_day=min(one.day for one in group),
                newest_day=max(one.day for one in group),
            )
            for kind, group in kinds
        ],
        errors=dict(list(errors.items())[:_ERRORS_SHOWN]),
    )


@router.get(
    "/snapshots",
    summary="One snapshot",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {}}, "description": "The picture."},
        404: {"description": "It is gone."},
        409: {"description": "That is no path of a snapshot."},
    },
)
def snapshot(request: Request, path: Annotated[str, Query(min_length=1, max_length=300)]) -> Response:
    """By the path that a search or a recognition names: `kind/YYYY-MM-DD/name.jpg`."""
    try:
        data = _service(request).store.read(path)
    except SnapshotPathError as error:
        raise _refusal(409, "path_invalid", str(error), "path") from error
    except FileNotFoundError as error:
        raise _refusal(
            404, "not_found", "this snapshot is gone: deleted by age, or its person was forgotten"
        ) from error
    return Response(data, media_type="image/jpeg")


@router.get("/status", summary="Which matcher, and what waits")
def status(request: Request) -> IdentityStatus:
    """Of this process; metrics are at /metrics."""
    app, service = request.app.state, _service(request)
    try:
        matcher = service.matchers.current()
    except MatcherRefusedError as error:
        raise _refused(error) from error
    breaker = getattr(matcher, "breaker", None)
    return IdentityStatus(
        matcher=matcher.name,
        collection=matcher.collection,
        min_similarity_pct=app.settings.identity.min_similarity_pct or matcher.default_similarity_pct,
        circuit=breaker.state if breaker else None,
        searches_waiting=service.waiting_searches,
        faces_waiting=app.warehouse.rows("identity/count_waiting_faces")[0]["waiting"],
        retries=sum(service.matchers.tally.retries().values()),
    )


def _service(request: Request) -> IdentityService:
    service: IdentityService = request.app.state.identity
    return service


def _erased(request: Request, erasure_id: int) -> Erasure:
    """The tombstone after a first round over what is to go."""
    _service(request).erase(only=erasure_id)
    [row] = request.app.state.writer.rows("identity/erasure", {"erasure_id": erasure_id})
    return Erasure.model_validate(row)


def _refused(error: Exception) -> HTTPException:
    if isinstance(error, PictureError):
        return _refusal(409, f"picture_{error.code}", str(error), "picture")
    if isinstance(error, consents.NoConsentError):
        return _refusal(409, "no_consent", str(error), "person_id")
    code = "queue_full" if isinstance(error, QueueFullError) else "matcher_not_configured"
    detail = {"code": code, "detail": str(error)}
    return HTTPException(503, detail=detail, headers={"Retry-After": str(_RETRY_AFTER_S)})


def _refusal(status_code: int, code: str, detail: str, field: str | None = None) -> HTTPException:
    return HTTPException(status_code, detail={"code": code, "detail": detail, "field": field})
