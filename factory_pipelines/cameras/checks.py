"""Checks of the cameras' tables: one step a table, one query a step (see ``orchestration/checks.py``)."""

from factory_pipelines.cameras.tables import HOURLY, MINUTES, STATUS
from factory_pipelines.orchestration.checks import table_checks

CHECKS = [
    table_checks(
        STATUS,
        query="cameras/check_status",
        blocking={
            "no_camera_is_dark": "Every camera has shown a fresh picture within the last minute.",
            "every_camera_is_watched": "A worker has reported on every camera within two minutes.",
            "times_are_possible": "Nothing was seen in the future.",
        },
    ),
    table_checks(
        MINUTES,
        query="cameras/check_minutes",
        blocking={
            "times_are_possible": "Nothing was counted in the future.",
            "nothing_is_looked_at_that_never_came": "No camera has more pictures looked at than arrived.",
        },
        warning={"pictures_are_looked_at": "No picture broke vision."},
    ),
    table_checks(
        HOURLY,
        query="cameras/check_hourly",
        blocking={
            "values_in_range": "An hour has 3,600 seconds, and shares are shares: nobody watched twice.",
            "reconciles_with_minutes": "No hour holds more than its minutes.",
            "every_finished_hour_is_there": "Every hour that is over for two hours and was watched has its row.",
        },
        warning={"cameras_are_available": "Each camera had a fresh picture for 95 % of the time it was watched."},
    ),
]
