"""The code location as Dagster sees it: what is in it, that it loads without touching anything, and when it ticks."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from syrupy.assertion import SnapshotAssertion

from factory_pipelines.build import build_defs
from factory_pipelines.orchestration.partitions import PRODUCTION_DAYS, production_days
from factory_pipelines.production import automation
from factory_pipelines.production.alert_assets import ALERTS_KEY
from factory_pipelines.production.tables import EMPLOYEE_EFFICIENCY, LINE_OUTPUT
from factory_pipelines.settings import PlantSettings, RtmsSettings, Settings

INDIA = ZoneInfo("Asia/Kolkata")
# Each costs most of a second, a system library or a network client; none is needed to show the assets.
HEAVY = (
    "pandera", "cv2", "lightgbm", "mlflow", "mlforecast", "twilio", "slack_sdk", "boto3", "matplotlib", "pyodbc",
    "openai", "fastapi", "uvicorn", "phonenumbers", "sklearn", "psycopg", "scipy", "av", "onnxruntime", "rapidocr",
    "tenacity",
)  # fmt: skip


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    return build_defs(settings=Settings())


def specs(defs: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}


def test_loading_touches_neither_network_nor_database_nor_heavy_libraries() -> None:
    """Dagster loads the code location again and again, in every process it starts."""
    program = f"""
import socket, sys
def refuse(*_): raise AssertionError("loading the code location opened a connection")
socket.socket.connect = refuse
import factory_pipelines.definitions as location
assert location.defs.resolve_all_asset_specs()
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    command = [sys.executable, "-W", "error::DeprecationWarning:factory_pipelines", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_dagster_accepts_the_definitions(defs: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(defs)  # raises on what does not fit together
    assert defs.resolve_job_def("rtms_pull").name == "rtms_pull"


def test_the_assets(defs: dg.Definitions, snapshot: SnapshotAssertion) -> None:
    assert sorted(specs(defs)) == snapshot


def test_what_is_said_of_each_asset(defs: dg.Definitions, snapshot: SnapshotAssertion) -> None:
    """Apart from the list of keys: a new asset changes both, a changed group only this."""
    assert {
        key: {
            "group": spec.group_name,
            "kinds": sorted(spec.kinds),
            "owners": list(spec.owners),
            "after": sorted(dep.asset_key.to_user_string() for dep in spec.deps),
            "daily": spec.partitions_def is not None,
            "table": spec.metadata.get("dagster/table_name"),
            "automated": spec.automation_condition is not None,
        }
        for key, spec in specs(defs).items()
    } == snapshot


def test_the_jobs_schedules_and_sensors(defs: dg.Definitions, snapshot: SnapshotAssertion) -> None:
    repository = defs.get_repository_def()
    jobs = [job for job in repository.get_all_jobs() if not job.name.startswith("__")]
    schedules, sensors = repository.schedule_defs, repository.sensor_defs
    assert {
        "jobs": {job.name: job.description for job in sorted(jobs, key=lambda job: job.name)},
        "schedules": {s.name: f"{s.cron_schedule} {s.execution_timezone} {s.job_name}" for s in schedules},
        "sensors": {s.name: f"every {s.minimum_interval_seconds} s" for s in sensors},
    } == snapshot


def test_the_checks(defs: dg.Definitions, snapshot: SnapshotAssertion) -> None:
    assert {
        f"{check.asset_key.to_user_string()}: {check.name}": "blocking" if check.blocking else "warning"
        for check in check_specs(defs)
    } == snapshot


def check_specs(defs: dg.Definitions) -> Iterator[dg.AssetCheckSpec]:
    graph = defs.resolve_asset_graph()
    return (graph.get_check_spec(key) for key in sorted(graph.asset_check_keys))


def made(defs: dg.Definitions) -> set[str]:
    """Assets that runs make; what the edge writes has neither a version of its code nor a due time here."""
    return {key.to_user_string() for key in defs.resolve_asset_graph().materializable_asset_keys}


def test_every_asset_says_what_it_is_and_whose(defs: dg.Definitions) -> None:
    bare = {
        key: missing
        for key, spec in specs(defs).items()
        if (
            missing := [
                n
                for n in ("group_name", "kinds", "owners", "description", "code_version")
                if not getattr(spec, n) and not (n == "code_version" and key not in made(defs))
            ]
        )
        or spec.group_name == "default"
    }
    assert bare == {}


def test_every_asset_has_a_freshness_policy(defs: dg.Definitions) -> None:
    assert [key for key, spec in specs(defs).items() if key in made(defs) and spec.freshness_policy is None] == []


def test_every_daily_table_has_blocking_checks_one_of_its_schema(defs: dg.Definitions) -> None:
    daily = {key for key, spec in specs(defs).items() if spec.partitions_def is not None}
    assert daily
    blocking = {check.asset_key.to_user_string() for check in check_specs(defs) if check.blocking}
    of_schema = {
        c.asset_key.to_user_string() for c in check_specs(defs) if c.name == "schema_as_declared" and c.blocking
    }
    assert daily <= blocking
    assert daily <= of_schema


def test_every_check_says_what_it_proves(defs: dg.Definitions) -> None:
    assert [f"{c.asset_key.to_user_string()}: {c.name}" for c in check_specs(defs) if not c.description] == []


def test_every_schedule_and_sensor_runs_from_the_start_and_says_why(defs: dg.Definitions) -> None:
    repository = defs.get_repository_def()
    for schedule in repository.schedule_defs:
        assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING, schedule.name
        assert schedule.execution_timezone == "Asia/Kolkata", schedule.name
        assert schedule.description, schedule.name
    for sensor in repository.sensor_defs:
        assert sensor.default_status is dg.DefaultSensorStatus.RUNNING, sensor.name
        assert sensor.description, sensor.name


def test_without_the_demo_there_is_no_scoreboard(defs: dg.Definitions) -> None:
    csv = build_defs(settings=Settings(rtms=RtmsSettings(source="csv")))
    assert {key for key in specs(defs) if key.startswith("demo/")} == set(specs(defs)) - set(specs(csv)) != set()


def test_resources_can_be_replaced_and_nothing_else_is_patched(defs: dg.Definitions) -> None:
    stand_in = object()
    assert build_defs(resource_overrides={"rtms": stand_in}).resources["rtms"] is stand_in
    assert defs.resources is not None
    assert set(defs.resources) == {"warehouse", "rtms", "models", "io_manager"}


# --- when it ticks


def tick(schedule: dg.ScheduleDefinition, at: datetime) -> dg.RunRequest:
    return schedule(dg.build_schedule_context(scheduled_execution_time=at))


@pytest.mark.parametrize(
    ("plant_time", "day"),
    [("2025-11-20T05:50", "2025-11-19"), ("2025-11-20T06:00", "2025-11-20"), ("2025-11-21T00:10", "2025-11-20")],
    ids=["ten minutes before the day", "as the day begins", "after midnight"],
)
def test_the_pull_asks_for_the_production_day_that_is_running(plant_time: str, day: str) -> None:
    at = datetime.fromisoformat(plant_time).replace(tzinfo=INDIA)
    request = tick(automation.every_ten_minutes, at)
    assert request.partition_key == day
    assert day in PRODUCTION_DAYS.get_partition_keys(current_time=at), "the running day is a partition already"
    assert request == tick(automation.every_ten_minutes, at.astimezone(UTC)), "a tick evaluated twice pulls once"


def test_every_tick_has_a_key_of_its_own_also_where_an_hour_comes_twice(
    defs: dg.Definitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run key is remembered for ever: one in wall time would lose an hour of runs each autumn."""
    monkeypatch.setenv("FACTORY_PLANT__TIMEZONE", "Europe/Berlin")
    start = datetime(2025, 10, 26, tzinfo=UTC)
    hourly = [schedule for schedule in defs.schedules or () if str(schedule.cron_schedule).endswith(" * * * *")]
    assert {"every_ten_minutes", "feed_every_ten_minutes", "hourly_erasures"} <= {schedule.name for schedule in hourly}
    for schedule in hourly:
        assert isinstance(schedule, dg.ScheduleDefinition)
        ticks = [start + timedelta(hours=n) for n in range(24)]
        keys = {tick(schedule, at.astimezone(ZoneInfo("Europe/Berlin"))).run_key for at in ticks}
        assert len(keys - {None}) == len(ticks), schedule.name


def test_a_day_is_closed_once_after_its_end() -> None:
    request = tick(automation.after_the_day, datetime(2025, 11, 20, 6, 15, tzinfo=INDIA))
    assert (request.partition_key, request.run_key) == ("2025-11-19", "close:2025-11-19")
    assert automation.after_the_day.cron_schedule == "15 6 * * *"


def test_partitions_are_production_days_in_the_plants_zone() -> None:
    settings = Settings(
        plant=PlantSettings(timezone="America/New_York", day_start="05:30"),
        rtms=RtmsSettings(first_day=date(2025, 3, 8)),
    )
    days = production_days(settings)
    clock = settings.plant.clock()
    now = datetime(2025, 3, 11, 9, 29, tzinfo=UTC)
    assert days.get_partition_keys(current_time=now) == ["2025-03-08", "2025-03-09", "2025-03-10"]
    assert days.get_partition_keys(current_time=now + timedelta(minutes=1))[-1] == "2025-03-11"
    for key in ("2025-03-08", "2025-03-09", "2025-03-10"):
        window = days.time_window_for_partition_key(key)
        assert (window.start, window.end) == clock.window(date.fromisoformat(key)), "also where the clock changes"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def test_alerts_are_decided_once_for_each_new_efficiency_table(
    defs: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    """A condition that stays true would ask for a run at every tick: a storm of them when one fails."""
    cursor = None
    requested = []
    day = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    for news in (None, EMPLOYEE_EFFICIENCY.key, None, None, LINE_OUTPUT.key, EMPLOYEE_EFFICIENCY.key, None):
        if news is not None:
            instance.report_runless_asset_event(dg.AssetMaterialization(news, partition=day))
        result = dg.evaluate_automation_conditions(
            defs, instance, asset_selection=dg.AssetSelection.assets(ALERTS_KEY), cursor=cursor
        )
        cursor = result.cursor
        requested.append(result.total_requested)
    assert requested == [0, 1, 0, 0, 0, 1, 0]
