"""The API application: every domain's router behind one door, with one way to fail and one way to be watched."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from factory_pipelines.edge import errors, routes, sessions
from factory_pipelines.edge.audit import AuditTrail
from factory_pipelines.edge.context import REQUEST_ID_HEADER, RequestContext
from factory_pipelines.edge.document import complete_document
from factory_pipelines.edge.face_punches import hand_over_punches
from factory_pipelines.edge.gate import KEY_HEADER, Gate
from factory_pipelines.edge.limits import BodyLimit, RateLimiter
from factory_pipelines.edge.metrics import EdgeMetrics
from factory_pipelines.edge.orchestrator import DagsterOrchestrator
from factory_pipelines.edge.reports import product_version, start_measuring
from factory_pipelines.edge.roles import Part, routers_of
from factory_pipelines.edge.security import ApiKeys, is_public, load_keys
from factory_pipelines.edge.streams.attached import cameras_at_work
from factory_pipelines.edge.video import api as video
from factory_pipelines.edge.video import wall
from factory_pipelines.edge.video.hub import VideoHub
from factory_pipelines.edge.video.streams import Viewers
from factory_pipelines.edge.watched import WatchedWarehouse
from factory_pipelines.identity import api as identity
from factory_pipelines.operations.credentials import refuse_well_known_passwords
from factory_pipelines.orchestration.outside import Orchestrator
from factory_pipelines.production.read_cache import ReadCache
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.addresses import Role
from factory_pipelines.warehouse.pool import Warehouse, open_warehouse

# Scraped every few seconds by a machine: in the log and the metrics, not in the audit log.
_UNAUDITED = frozenset({"/metrics"})


def create_app(
    settings: Settings,
    *,
    warehouse: Warehouse | None = None,
    writer: Warehouse | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    orchestrator: Orchestrator | None = None,
    routers: Sequence[APIRouter] = (),
    part: Part = Part.ALL,
) -> FastAPI:
    """The application, ready for a server or a test client; connections open with its lifespan.

    Args:
        settings: the whole tree.
        warehouse: for reads; default: the configured one in the reader's role, closed at the end.
        writer: for what changes something and for the audit log; default: likewise in the writer's role.
        clock: the present, with a zone.
        orchestrator: whom to ask for Dagster's state and runs; default: the Dagster of the settings.
        routers: further routers, behind the same door.
        part: which part of the edge this process is.

    Raises:
        InsecureConfigurationError: without an API key, or with a secret that everybody knows.
    """
    keys = load_keys(settings)
    refuse_well_known_passwords(settings)
    metrics = EdgeMetrics()
    app = _Api(
        title="factory_pipelines edge",
        version=product_version(),
        summary="Production, alerts and the state of the platform, for other systems and for people's own tools.",
        lifespan=_lifespan(settings, warehouse, writer, part),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    _equip(app, settings, keys, metrics, clock)
    app.state.orchestrator = orchestrator or DagsterOrchestrator(settings)
    service = (routes.router, sessions.router, video.router, wall.router)
    mounted = (*service, *routers_of(part), *routers)
    public_paths = app.state.public_paths = _public_paths(mounted)
    for router in mounted:
        app.include_router(router)
    errors.install(app)
    # The first added is the innermost.
    limiter = RateLimiter(settings.api.rate_limit_per_min)
    picture_bytes = int(settings.identity.max_image_mb * 1_000_000)
    app.add_middleware(
        BodyLimit,
        max_bytes=settings.api.max_body_bytes,
        larger={path: max(picture_bytes, settings.api.max_body_bytes) for path in identity.PICTURE_PATHS},
    )
    most = settings.api.max_header_bytes
    app.add_middleware(Gate, keys=keys, limiter=limiter, public_paths=public_paths, max_header_bytes=most)
    if settings.api.cors_origins:
        app.add_middleware(
            _Cors,
            allow_origins=sorted(settings.api.cors_origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=[KEY_HEADER, REQUEST_ID_HEADER, "Authorization", "Content-Type"],
            expose_headers=[REQUEST_ID_HEADER, "Retry-After"],
        )
    app.add_middleware(
        RequestContext,
        metrics=metrics,
        audit=lambda: app.state.audit,
        unaudited_paths=public_paths | _UNAUDITED,
        clock=clock,
    )
    return app


def _equip(
    app: FastAPI, settings: Settings, keys: ApiKeys, metrics: EdgeMetrics, clock: Callable[[], datetime]
) -> None:
    """What the routes find in ``app.state``."""
    app.state.settings = settings
    app.state.clock = clock
    app.state.plant_clock = settings.plant.clock()
    app.state.started_at = clock()
    app.state.metrics = metrics
    app.state.read_cache = ReadCache(on_hit=metrics.cache_hit, on_computed=metrics.analysis)
    app.state.audit = None
    app.state.cameras = app.state.identity = app.state.plates = None  # where this process has them, from start to end
    app.state.keys = keys
    app.state.video = VideoHub(quality=settings.video.jpeg_quality)
    app.state.on_punch = lambda: _hand_over_punches(app)
    app.state.viewers = Viewers(settings.video.max_viewers, settings.video.stalled_viewer_s)


class _Api(FastAPI):
    """FastAPI with our error body and keys in its document."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = complete_document(super().openapi(), self.state.public_paths)
        return self.openapi_schema


class _Cors(CORSMiddleware):
    """Starlette's, with our error body for a refused pre-flight."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """The answer to a browser that asks whether it may ask."""
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
        body = errors.error_body("cors_refused", "set FACTORY_API__CORS_ORIGINS to allow this page", request_id)
        return Response(body, response.status_code, media_type="application/json")


def _lifespan(settings: Settings, warehouse: Warehouse | None, writer: Warehouse | None, part: Part) -> Any:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        metrics: EdgeMetrics = app.state.metrics
        # Opening may start the embedded server, which takes seconds.
        reads = warehouse if warehouse is not None else await run_in_threadpool(_open, settings, Role.READER)
        writes = writer if writer is not None else await run_in_threadpool(_open, settings, Role.WRITER)
        app.state.warehouse = WatchedWarehouse(reads, on_transaction=metrics.transaction("reader"))
        app.state.writer = WatchedWarehouse(writes, on_transaction=metrics.transaction("writer"))
        app.state.audit = AuditTrail(app.state.writer, keep_days=settings.api.audit_days)
        app.state.audit.start()
        start_measuring()
        try:
            async with cameras_at_work(app, writer) if part.watches_cameras else nullcontext():
                yield
        finally:
            await run_in_threadpool(app.state.audit.close)
            if warehouse is None:
                await run_in_threadpool(reads.close)
            if writer is None:
                await run_in_threadpool(writes.close)

    return lifespan


def _hand_over_punches(app: FastAPI) -> None:
    state = app.state
    tolerance = timedelta(minutes=state.settings.attendance.future_tolerance_min)
    hand_over_punches(state.writer, state.plant_clock, state.clock, tolerance)


def _open(settings: Settings, role: Role) -> Warehouse:
    # Whoever waits for an answer does not wait as long as a backfill may.
    limits = settings.database.model_copy(update={"statement_timeout_s": settings.api.statement_timeout_s})
    return open_warehouse(settings.model_copy(update={"database": limits}), role, f"factory-edge-{role.value}")


def _public_paths(routers: Sequence[APIRouter]) -> frozenset[str]:
    endpoints = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    return frozenset(route.path for route in endpoints if is_public(route.endpoint))
