"""Production over HTTP: the analysis of a day, and the hierarchy level by level.

Every request asks the warehouse which pull and which tables are the newest, and nothing more if the answer for them is
in memory: an answer is never older than its pull.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from psycopg import Connection, sql
from psycopg.rows import dict_row

from factory_pipelines.plant.hierarchy import Level
from factory_pipelines.production.api_examples import ANALYSIS, HIERARCHY
from factory_pipelines.production.api_models import (
    LEVEL_NAMES,
    AnalysisAnswer,
    AnalysisQuestion,
    Evaluation,
    EvaluationAnswer,
    HierarchyAnswer,
    HierarchyFilter,
    HierarchyQuestion,
)
from factory_pipelines.warehouse.queries import load_sql

EXCELLENT_PCT = 95.0

router = APIRouter(prefix="/api/rtms", tags=["production"])

_ANALYSIS_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"example": ANALYSIS}}},
    404: {"description": "The day was never pulled (`day_not_pulled`)."},
}
_HIERARCHY_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"example": HIERARCHY}}},
    404: {"description": "There is no such level (`level_unknown`), or the day was never pulled (`day_not_pulled`)."},
}

_level_path = Path(
    description="One of the eight levels, by API name or by column name.",
    json_schema_extra={"enum": LEVEL_NAMES},
    openapi_examples={name: {"value": name} for name in LEVEL_NAMES},
)


@dataclass(frozen=True)
class _State:
    """The newest pull of a day, and the versions of what was computed from it."""

    production_day: date
    pull_id: int
    pulled_at: datetime
    source: str
    versions: tuple[str | None, ...]

    @property
    def version(self) -> tuple[object, ...]:
        return (self.pull_id, *self.versions)


@dataclass(frozen=True)
class _Figures:
    """The part of an answer that stays as it is until the data changes."""

    as_of: datetime | None
    is_current: bool
    parts: Mapping[str, Any]


@router.get(
    "/analyze",
    response_model=AnalysisAnswer,
    summary="The whole analysis of a production day",
    responses=_ANALYSIS_ANSWERS,
)
def analyze(request: Request, asked: Annotated[AnalysisQuestion, Query()]) -> Response:
    """Efficiency of everybody who passes the filter, with the text about the day and the hierarchy.

    The answer shows the newest pull as soon as the tables are computed from it; `freshness.is_current` says whether
    they are. 404 when the day was never pulled.
    """
    alerts = request.app.state.settings.alerts
    thresholds = {
        "threshold_pct": alerts.efficiency_threshold_pct,
        "relative_threshold_pct": alerts.relative_threshold_pct,
        "excellent_pct": EXCELLENT_PCT,
    }

    def compute(conn: Connection[Any], state: _State) -> dict[str, Any]:
        params = {"day": state.production_day, "limit": asked.limit, **thresholds, **asked.columns()}
        insights = _insights(conn, state)
        return {
            "written_by": insights["written_by"],
            "ai_analysis": _raw(
                {
                    **_totals(_rows(conn, "production/api_totals", params)[0]),
                    "underperformers": _rows(
                        conn,
                        "production/api_performers",
                        {**params, "below_pct": alerts.efficiency_threshold_pct, "from_pct": None},
                    ),
                    "overperformers": _rows(
                        conn, "production/api_performers", {**params, "below_pct": None, "from_pct": EXCELLENT_PCT}
                    ),
                    "relative_efficiency": {
                        row.pop("new_oper_seq"): row for row in _rows(conn, "production/api_relative", params)
                    },
                    "ai_insights": insights,
                }
            ),
            "hierarchy": _raw(_hierarchy(conn, state, asked)),
        }

    return _answer(request, "analyze", asked, compute)


@router.get(
    "/hierarchy/{level}",
    response_model=HierarchyAnswer,
    summary="One level of the hierarchy",
    responses=_HIERARCHY_ANSWERS,
)
def hierarchy(
    request: Request, level: Annotated[str, _level_path], asked: Annotated[HierarchyQuestion, Query()]
) -> Response:
    """The members of a level with their sums, filterable at every level, page by page.

    A filter below the level narrows it: `/hierarchy/LineName?StyleNo=X` gives the lines that worked on X, with what
    they made of X.
    """
    try:
        wanted = Level.parse(level)
    except ValueError as error:
        detail = f"there is no such level: use one of {', '.join(LEVEL_NAMES)}"
        raise HTTPException(404, detail={"code": "level_unknown", "detail": detail, "field": "level"}) from error

    def compute(conn: Connection[Any], state: _State) -> dict[str, Any]:
        page = _members(conn, state, wanted, asked, asked.limit, asked.offset)
        return {
            "level": wanted.api_name,
            "member_count": page["member_count"],
            "limit": asked.limit,
            "offset": asked.offset,
            "members": _raw(page["members"]),
        }

    return _answer(request, f"hierarchy/{wanted.api_name}", asked, compute)


@router.post("/alerts/evaluate", summary="Decide upon the newest pull now")
def evaluate(request: Request) -> EvaluationAnswer:
    """What Dagster does after every pull, by the same code; a pull that was decided upon before changes nothing."""
    from factory_pipelines.production.lookout import evaluate_latest

    app = request.app.state
    result = evaluate_latest(app.writer, app.settings, app.clock())
    return EvaluationAnswer(
        data=Evaluation(
            ignored=result.ignored,
            breach_count=result.breaches,
            opened=result.opened,
            escalated=result.escalated,
            resolved=result.resolved,
            messages=result.messages,
        )
    )


def _answer(request: Request, question: str, asked: HierarchyFilter, compute: Any) -> Response:
    """The answer out of the cache where the data has not changed, or computed from one snapshot of the warehouse."""
    app = request.app.state

    def fresh() -> tuple[object, _Figures, int]:
        with app.warehouse.transaction() as conn:
            # One snapshot for all queries: a rebuild in between must not mix two pulls in one answer.
            conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            now = _state(_rows(conn, "production/api_state", {"day": state.production_day}), asked.day)
            params = {"day": now.production_day, "newest_pull_id": now.pull_id}
            shown = _rows(conn, "production/api_freshness", params)[0]
            parts = compute(conn, now)
        size = sum(len(bytes(part)) for part in parts.values() if isinstance(part, msgspec.Raw))
        return now.version, _Figures(shown["as_of"], shown["is_current"], parts), size

    state = _state(app.warehouse.rows("production/api_state", {"day": asked.day}), asked.day)
    parameters = asked.model_copy(update={"day": state.production_day})
    figures = app.read_cache.answer(question, parameters, state.version, fresh)
    freshness = _freshness(app, state, is_current=figures.is_current)
    body = {
        "status": "success",
        "data": {
            "production_day": state.production_day,
            "as_of": figures.as_of,
            "freshness": freshness,
            **figures.parts,
        },
    }
    return Response(msgspec.json.encode(body), media_type="application/json")


def _state(rows: list[dict[str, Any]], asked_day: date | None) -> _State:
    row = rows[0]
    if row["pull_id"] is None:
        newest = f"; the newest day is {row['newest_day']}" if row["newest_day"] else ", nor was any other day"
        day = f"{asked_day} was" if asked_day else "production was"
        raise HTTPException(404, detail={"code": "day_not_pulled", "detail": f"{day} never pulled{newest}"})
    names = ("employees_version", "benchmarks_version", "insights_version")
    return _State(
        row["production_day"], row["pull_id"], row["pulled_at"], row["source"], tuple(row[name] for name in names)
    )


def _freshness(app: Any, state: _State, *, is_current: bool) -> dict[str, Any]:
    now = app.clock()
    age = now - state.pulled_at
    is_running_day = app.plant_clock.production_day(now) == state.production_day
    return {
        "pull_id": state.pull_id,
        "pulled_at": state.pulled_at,
        "age_s": age.total_seconds(),
        "source": state.source,
        "is_current": is_current,
        "is_stale": is_running_day and age > timedelta(minutes=app.settings.api.stale_after_min),
    }


def _totals(row: dict[str, Any]) -> dict[str, Any]:
    bands = {
        "Excellent": row.pop("excellent_count"),
        "Good": row.pop("good_count"),
        "Needs Improvement": row.pop("needs_improvement_count"),
        "Critical": row.pop("critical_count"),
    }
    return {"overall_efficiency": row.pop("overall_efficiency"), "totals": {**row, "bands": bands}}


def _insights(conn: Connection[Any], state: _State) -> dict[str, Any]:
    rows = _rows(conn, "production/api_insights", {"day": state.production_day, "pulled_at": state.pulled_at})
    unwritten = dict.fromkeys(("summary", "written_by", "model", "note", "created_at"))
    return rows[0] if rows else {**unwritten, "recommendations": [], "predictions": {}, "is_current": False}


def _hierarchy(conn: Connection[Any], state: _State, asked: AnalysisQuestion) -> dict[str, Any]:
    levels = {}
    for level in Level:
        page = _members(conn, state, level, asked, asked.members_limit, 0)
        filters = {**asked.model_dump(by_alias=True, exclude_none=True), "day": state.production_day}
        query = urlencode({k: v for k, v in filters.items() if k not in {"limit", "members_limit"}})
        is_whole = len(page["members"]) == page["member_count"]
        page["more"] = None if is_whole else f"/api/rtms/hierarchy/{level.api_name}?{query}"
        levels[level.api_name] = page
    return levels


def _members(
    conn: Connection[Any], state: _State, level: Level, asked: HierarchyFilter, limit: int, offset: int
) -> dict[str, Any]:
    rows = _rows(
        conn,
        "production/api_hierarchy",
        {
            "day": state.production_day,
            "depth": len(level.path),
            "limit": limit,
            "offset": offset,
            **asked.columns(),
        },
    )
    # A page behind the last member has one row, which carries the count alone.
    members = [_member(row, level) for row in rows if row["unit_code"] is not None]
    return {"member_count": rows[0]["member_count"], "members": members}


def _member(row: Mapping[str, Any], level: Level) -> dict[str, Any]:
    def name(of: Level) -> Any:
        return row["emp_name"] if of is Level.EMPLOYEE else row[of.value]

    figures = ("emp_code", "prodn_pcs", "eff100", "efficiency_pct", "band", "row_count")
    path = {above.api_name: name(above) for above in level.path}
    return {"name": name(level), "path": path, **{figure: row[figure] for figure in figures}}


def _rows(conn: Connection[Any], query: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql.SQL(load_sql(query)), params).fetchall()


def _raw(part: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(part))
