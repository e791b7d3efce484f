"""A recognised face at a configured device is a punch: the one place where identity and attendance meet.

Identity writes down that a recognition is a punch; here the row is handed to attendance, in one transaction with the
mark that it was. Attendance knows a punch by source, device, person and time, so that a second time changes nothing.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from factory_pipelines.attendance.events import PunchEvent, Refusal, read_event
from factory_pipelines.attendance.ingest import store_punches, store_refusals
from factory_pipelines.identity.consents import fetch, run
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.warehouse.pool import Warehouse

SOURCE = "face"


def hand_over_punches(
    warehouse: Warehouse, plant: PlantClock, clock: Callable[[], datetime], tolerance: timedelta
) -> int:
    """Hands every recognition that is a punch to attendance; returns how many were.

    Args:
        warehouse: in the writer's role.
        plant: the plant's clock.
        clock: the present.
        tolerance: how far ahead of it a camera's clock may be.
    """
    now = clock()
    with warehouse.transaction() as conn:
        due = fetch(conn, "identity/due_punches", {})
        if not due:
            return 0
        events = [
            {
                "source": SOURCE,
                "device": row["device"],
                "employee_id": row["person_id"],
                "time": row["seen_at"].isoformat(),
                "direction": row["punch_direction"],
            }
            for row in due
        ]
        read = [read_event(event, zone=plant.zone, now=now, tolerance=tolerance) for event in events]
        store_punches(conn, [one for one in read if isinstance(one, PunchEvent)], zone=plant.zone, now=now)
        store_refusals(conn, [one for one in read if isinstance(one, Refusal)], now=now)
        times = [row["seen_at"] for row in due]
        done = {"event_ids": [row["event_id"] for row in due], "first": min(times), "last": max(times), "now": now}
        run(conn, "identity/punched", done)
    return len(due)
