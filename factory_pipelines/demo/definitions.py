"""The demo's part of the code location."""

from datetime import UTC

import dagster as dg

from factory_pipelines.demo.assets import FEED, SCOREBOARD, feed, scoreboard
from factory_pipelines.demo.resources import DemoRtmsResource
from factory_pipelines.orchestration.checks import table_checks
from factory_pipelines.settings import load_settings

__all__ = ["DemoRtmsResource", "definitions"]

SCOREBOARD_CHECKS = table_checks(
    SCOREBOARD,
    query="demo/check_scoreboard",
    blocking={},
    warning={
        "bars_met": "Every measured value of the latest scoreboard meets its bar.",
        "nothing_unknown": "Everything could be measured.",
    },
)

FEED_CHECKS = table_checks(
    FEED,
    query="demo/check_feed",
    blocking={"goes_forward": "The feed has not been sent beyond the present."},
    warning={"is_fresh": "The feed is less than an hour behind."},
)

FEED_JOB = dg.define_asset_job(
    "demo_feed",
    selection=dg.AssetSelection.assets(FEED.key),
    description="Sends what happened in the simulated plant since the last time. Safe to repeat.",
    executor_def=dg.in_process_executor,
)


@dg.schedule(
    job=FEED_JOB,
    # Before attendance, which computes at 5, 15, 25 …
    cron_schedule="2-59/10 * * * *",
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every ten minutes: people and vehicles of the simulated plant up to now.",
)
def feed_every_ten_minutes(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One feed."""
    return dg.RunRequest(run_key=f"feed:{context.scheduled_execution_time.astimezone(UTC):%Y-%m-%dT%H:%M}")


SCOREBOARD_JOB = dg.define_asset_job(
    "demo_scoreboard",
    selection=dg.AssetSelection.assets(SCOREBOARD.key),
    description="Compares tables, alerts and forecasts with the simulated factory's truth.",
    executor_def=dg.in_process_executor,
)


@dg.schedule(
    job=SCOREBOARD_JOB,
    cron_schedule="25 * * * *",
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Hourly: how far we are from the truth.",
)
def hourly_scoreboard(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One comparison."""
    return dg.RunRequest(run_key=f"scoreboard:{context.scheduled_execution_time.astimezone(UTC):%Y-%m-%dT%H}")


def definitions() -> dg.Definitions:
    """What only the simulated factory has; its RTMS resource is bound in ``build.py``."""
    return dg.Definitions(
        assets=[feed, scoreboard],
        asset_checks=[FEED_CHECKS, SCOREBOARD_CHECKS],
        jobs=[FEED_JOB, SCOREBOARD_JOB],
        schedules=[feed_every_ten_minutes, hourly_scoreboard],
    )
