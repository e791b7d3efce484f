"""How old the data itself is: by when it was pulled from RTMS, not by when a run succeeded.

Dagster's freshness belongs to an asset, so that a backfill of last month makes today look fresh. Here each production
day has its own age.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from factory_pipelines.operations.incidents import STALE_DATA, Assessment, Condition
from factory_pipelines.plant.clock import PlantClock

PULL_SUBJECT = "rtms/session_wise_production"

# Between a pull and the tables computed from it lie seconds; a whole missed round is an incident.
DERIVED_PATIENCE = timedelta(minutes=20)

PULL_REMEDY = (
    "See the runs of job rtms_pull and the schedule every_ten_minutes in the Dagster UI, and `factory doctor` for the "
    "way to RTMS. To pull at once: factory run 'key:\"rtms/session_wise_production\"' --partition {day}"
)


@dataclass(frozen=True, slots=True)
class DataAge:
    """The age of one production day's data.

    Attributes:
        day: the production day.
        newest_pull_at: when it was last pulled; None: never.
        age: how old the data is: since that pull, or for a closed day how long before the day's end it was pulled (zero
            when after); None when it was never pulled.
        limit: how old it may be now; None while nothing is expected (the plant rests, or is outside its session hours).
    """

    day: date
    newest_pull_at: datetime | None
    age: timedelta | None
    limit: timedelta | None

    @property
    def is_stale(self) -> bool:
        """Older than it may be, or of unknown age while something is expected."""
        return self.limit is not None and (self.age is None or self.age > self.limit)

    @property
    def explanation(self) -> str:
        """The age in words."""
        if self.age is None:
            return f"production day {self.day} has never been pulled: its age is unknown"
        minutes = int(self.age / timedelta(minutes=1))
        allowed = "nothing is expected now" if self.limit is None else f"{self.limit // timedelta(minutes=1)} allowed"
        return f"the data of production day {self.day} is {minutes} minutes old ({allowed})"


def data_age(clock: PlantClock, day: date, newest_pull_at: datetime | None, now: datetime, limit: timedelta) -> DataAge:
    """The age of ``day`` at ``now``.

    Within the session hours of a working day the running day must be younger than ``limit``. A closed day does not age,
    but to be complete it must have been pulled after its end, give or take ``limit``.
    """
    end = clock.window(day)[1]
    reference = min(now, end)
    age = None if newest_pull_at is None else max(reference - newest_pull_at, timedelta())
    expected = clock.is_working_day(day) if now >= end else in_session_hours(clock, day, now)
    return DataAge(day, newest_pull_at, age, limit if expected else None)


def in_session_hours(clock: PlantClock, day: date, now: datetime) -> bool:
    """Whether the plant works at ``now``, from session 1 to session 12 of a working ``day``."""
    first, last = clock.session_window(day, 1)[0], clock.session_window(day, 12)[1]
    return clock.is_working_day(day) and first <= now < last


def stale_data(
    clock: PlantClock,
    newest_pull_at: datetime | None,
    lagging_tables: list[str],
    now: datetime,
    limit: timedelta,
    awake_since: datetime,
) -> Assessment:
    """What is stale of the running production day: the pull, and the tables that do not yet hold what was pulled.

    A pull cannot be missed before the sessions begin, nor before the platform itself was up: both get ``limit`` to
    bring their first one.

    Args:
        clock: the plant's clock.
        newest_pull_at: of the running production day; None: never.
        lagging_tables: computed tables (``schema.table``) whose pieces differ from the pull's.
        now: the present.
        limit: how old the newest pull may be.
        awake_since: since when the platform runs without a pause.
    """
    day = clock.production_day(now)
    conditions = [_lagging(table, day) for table in lagging_tables]
    age = data_age(clock, day, newest_pull_at, now, limit)
    patient_until = max(clock.session_window(day, 1)[0], awake_since) + limit
    if age.is_stale and now > patient_until:
        body = f"{age.explanation[0].upper()}{age.explanation[1:]}.\n{PULL_REMEDY.format(day=day)}"
        conditions.append(Condition(STALE_DATA, PULL_SUBJECT, "RTMS data is stale", body))
    return Assessment(STALE_DATA, tuple(conditions))


def _lagging(table: str, day: date) -> Condition:
    body = (
        f"{table} does not hold what was pulled for {day}: its pieces differ from the pull's.\n"
        "See the runs of job rtms_pull in the Dagster UI; re-execute the last one."
    )
    title = f"{table} is older than its pull"
    return Condition(STALE_DATA, table.replace(".", "/"), title, body, patience=DERIVED_PATIENCE)
