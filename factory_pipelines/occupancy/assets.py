"""Occupancy as Dagster assets: the log that the API writes, and its hours, days and months."""

import dagster as dg

from factory_pipelines.occupancy.tables import OCCUPANCY_LOG
from factory_pipelines.orchestration.partitions import PRODUCTION_DAYS

OWNERS = ["team:people"]

# Written by the edge as events come, never by a run: Dagster knows it, checks it, and does not make it.
occupancy_log = dg.AssetSpec(
    key=OCCUPANCY_LOG.key,
    description="What doors and cameras said, each event once. Written by the edge.",
    group_name="occupancy",
    kinds={"http", "timescaledb"},
    owners=OWNERS,
    metadata=OCCUPANCY_LOG.metadata(),
    partitions_def=PRODUCTION_DAYS,
)
