"""The demo's part of the code location."""

from datetime import UTC

import dagster as dg

from factory_pipelines.demo.assets import SCOREBOARD, scoreboard
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
        assets=[scoreboard], asset_checks=[SCOREBOARD_CHECKS], jobs=[SCOREBOARD_JOB], schedules=[hourly_scoreboard]
    )
