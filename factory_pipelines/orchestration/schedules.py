"""Times of schedules that go by the factory clock instead of midnight."""

from datetime import date, datetime, timedelta

from factory_pipelines.settings import load_settings


def after_day_start(minutes: int) -> str:
    """The cron expression of a tick so many minutes after each production day begins, in the plant's time."""
    start = datetime.combine(date.min, load_settings().plant.day_start) + timedelta(minutes=minutes)
    return f"{start.minute} {start.hour} * * *"
