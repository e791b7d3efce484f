"""The routes that belong to no domain: what this service is, whether it lives, how it fares."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from factory_pipelines.edge import pages, reports
from factory_pipelines.edge.exposition import expose
from factory_pipelines.edge.security import public
from factory_pipelines.edge.video.wall import page

router = APIRouter(tags=["service"])


class Service(BaseModel):
    """What answers here."""

    service: str = Field(examples=["factory_pipelines edge"])
    status: Literal["running"]
    version: str
    time: datetime
    plant_timezone: str = Field(examples=["Asia/Kolkata"])
    production_day: date = Field(description="The day the plant is in.")
    docs: str
    openapi: str
    endpoints: list[str]


class Health(BaseModel):
    """Alive, and on request whether it can answer."""

    status: Literal["alive", "ready"]
    version: str
    uptime_s: float
    data_age_s: float | None = Field(None, description="Seconds since the newest pull; None when there is none.")
    is_stale: bool | None = Field(None, description="Whether that is longer than the plant allows.")


class CameraHealth(BaseModel):
    """The cameras of this process."""

    status: Literal["fresh", "elsewhere"] = Field(description="`elsewhere`: this process watches none.")
    cameras: int = Field(description="How many are watched.")
    records_waiting: int = Field(description="Events and figures on disk that the database has not got.")


class HealthQuestion(BaseModel):
    """Parameters of ``GET /api/health``."""

    model_config = ConfigDict(extra="forbid")

    ready: bool = Field(False, description="Ask the warehouse too; 503 when it does not answer.")


class SystemInfo(BaseModel):
    """The machine and the software."""

    status: Literal["success"]
    time: datetime
    uptime_s: float
    plant: dict[str, Any]
    software: dict[str, str]
    system: dict[str, Any]


class Status(BaseModel):
    """How the service fares (FP-12)."""

    status: Literal["healthy", "degraded"]
    problems: list[str] = Field(description="Why it is degraded, in words.")
    time: datetime
    uptime_s: float
    database: dict[str, Any] = Field(description="State, server, query times in ms over the last transactions, pool.")
    latest_pull: dict[str, Any] | None
    analysis: dict[str, Any] = Field(description="Time to compute an answer in ms, and how often the cache had it.")
    whatsapp: dict[str, Any] = Field(description="Deliveries of the last 24 hours; rates are None without messages.")
    error_rates: dict[str, Any] = Field(description="Requests of the last 15 minutes; how many were refused or failed.")
    system: dict[str, Any]


@router.get("/", response_model=Service, summary="What this service is")
@public
def service(request: Request) -> Response:
    """Status and addresses; browsers get the camera wall, and find these facts at `/about`."""
    if "text/html" in request.headers.get("accept", ""):
        return page("wall.html")
    return _json(_facts(request))


@router.get("/about", include_in_schema=False)
@public
def about(request: Request) -> HTMLResponse:
    """The same facts as a page, with every route."""
    return HTMLResponse(pages.overview(_facts(request), request.app.openapi()), headers=pages.HEADERS)


@router.get("/docs", include_in_schema=False)
@public
def docs(request: Request) -> HTMLResponse:
    """Every route with its parameters and errors, as one page that needs no network."""
    return HTMLResponse(pages.reference(request.app.openapi()), headers=pages.HEADERS)


@router.get("/openapi.json", include_in_schema=False)
@public
def openapi(request: Request) -> Response:
    """The OpenAPI document."""
    return _json(request.app.openapi())


@router.head("/api/health", include_in_schema=False)
@router.get("/api/health", response_model=Health, summary="Is it alive, is it ready")
@public
def health(request: Request, asked: Annotated[HealthQuestion, Query()]) -> Response:
    """Liveness: answers as long as the process does, whatever the warehouse does. With `ready=1`, readiness."""
    return _health(request, ready=asked.ready)


@router.head("/api/health/ready", include_in_schema=False)
@router.get("/api/health/ready", response_model=Health, summary="Is it ready")
@public
def ready(request: Request) -> Response:
    """Readiness: 503 while the warehouse does not answer; old data is reported, and does not make it unready."""
    return _health(request, ready=True)


@router.get("/api/health/cameras", response_model=CameraHealth, summary="Are the cameras fresh")
def camera_health(request: Request) -> Response:
    """Each camera of this process: 503 and the reasons while one is dark or cannot be used. No reason to restart it."""
    worker = request.app.state.cameras
    if worker is None:
        return _json({"status": "elsewhere", "cameras": 0, "records_waiting": 0})
    if troubles := worker.troubles():
        raise HTTPException(503, {"code": "camera_dark", "detail": "; ".join(troubles)})
    facts = {"status": "fresh", "cameras": len(worker.statuses()), "records_waiting": worker.store.waiting}
    return _json(facts)


@router.get("/api/system-info", response_model=SystemInfo, summary="The machine and the software")
def system_info(request: Request) -> Response:
    """Versions, processor, memory, disk, and the plant's clock."""
    app = request.app.state
    now = app.clock()
    plant = app.settings.plant
    return _json(
        {
            "status": "success",
            "time": now,
            "uptime_s": _uptime_s(request),
            "plant": {
                "timezone": plant.timezone,
                "day_start": plant.day_start,
                "local_time": now.astimezone(app.plant_clock.zone),
                "production_day": app.plant_clock.production_day(now),
            },
            "software": reports.software(),
            "system": reports.system_resources(app.settings.home_dir),
        }
    )


@router.get("/api/rtms/status", response_model=Status, summary="How the service fares")
def status(request: Request) -> Response:
    """Database, pulls, analysis, deliveries, errors and the machine; 200 and `degraded` when the database is away."""
    app = request.app.state
    now = app.clock()
    report = reports.ask_warehouse(app.warehouse, now)
    age_s = reports.pull_age_s(report.newest_pull, now)
    problems = _problems(request, report, age_s)
    return _json(
        {
            "status": "degraded" if problems else "healthy",
            "problems": problems,
            "time": now,
            "uptime_s": _uptime_s(request),
            "database": {
                "state": report.state,
                **(report.server or {}),
                "query_times": app.metrics.recent_queries.summary_ms(),
                "pool": app.warehouse.pool_stats(),
            },
            "latest_pull": {**report.newest_pull, "age_s": age_s} if report.newest_pull else None,
            "analysis": {**app.metrics.recent_analyses.summary_ms(), "cache": app.metrics.cache_counts()},
            "whatsapp": {
                "window_h": reports.DELIVERY_WINDOW / timedelta(hours=1),
                "delivery_rate_pct": reports.delivery_rate_pct(report.deliveries, "whatsapp"),
                "deliveries": report.deliveries,
            },
            "error_rates": app.metrics.error_rates(),
            "system": reports.system_resources(app.settings.home_dir),
        }
    )


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Text exposition."}},
)
def metrics(request: Request) -> Response:
    """Requests, latency, query and analysis times, deliveries, cache, pool, system. Needs a key, as a bearer token."""
    body, content_type = expose(request.app.state)
    return Response(body, media_type=content_type)


def _facts(request: Request) -> dict[str, Any]:
    app = request.app.state
    now = app.clock()
    return {
        "service": "factory_pipelines edge",
        "status": "running",
        "version": reports.product_version(),
        "time": now,
        "plant_timezone": app.settings.plant.timezone,
        "production_day": app.plant_clock.production_day(now),
        "docs": "/docs",
        "openapi": "/openapi.json",
        "endpoints": [f"{method} {path}" for method, path, _ in pages.operations(request.app.openapi())],
    }


def _health(request: Request, *, ready: bool) -> Response:
    facts = {"status": "alive", "version": reports.product_version(), "uptime_s": _uptime_s(request)}
    if not ready:
        return _json({**facts, "data_age_s": None, "is_stale": None})
    app = request.app.state
    rows = app.warehouse.rows("edge/newest_pull")
    age_s = reports.pull_age_s(rows[0] if rows else None, app.clock())
    is_stale = None if age_s is None else age_s > 60 * app.settings.api.stale_after_min
    return _json({**facts, "status": "ready", "data_age_s": age_s, "is_stale": is_stale})


def _problems(request: Request, report: reports.WarehouseReport, age_s: float | None) -> list[str]:
    if report.state == "unavailable":
        return ["the warehouse does not answer"]
    if report.state == "not_migrated":
        return ["the warehouse lacks tables: run `factory migrate`"]
    if age_s is None:
        return ["nothing was ever pulled"]
    limit_min = request.app.state.settings.api.stale_after_min
    return [f"the newest pull is older than {limit_min} minutes"] if age_s > 60 * limit_min else []


def _uptime_s(request: Request) -> float:
    app = request.app.state
    return float((app.clock() - app.started_at).total_seconds())


def _json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")
