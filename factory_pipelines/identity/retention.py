"""Old snapshots go: of all kinds, by the day they were taken, whoever wrote them here."""

from datetime import date, timedelta

from factory_pipelines.identity.snapshots import Cleaned, SnapshotStore
from factory_pipelines.warehouse.pool import Warehouse


def clean_snapshots(
    warehouse: Warehouse, store: SnapshotStore, *, today: date, days: int, dry_run: bool = False
) -> Cleaned:
    """Deletes pictures older than ``days``, and their paths from ``identity.recognitions``.

    A picture that cannot be deleted is in ``errors`` and does not stop the others. ``dry_run`` only counts.
    """
    before = today - timedelta(days=days)
    done = store.clean(before, dry_run=dry_run)
    if not dry_run:
        warehouse.execute("identity/forget_snapshots", {"before": before, "kept": list(done.errors)})
    return done
