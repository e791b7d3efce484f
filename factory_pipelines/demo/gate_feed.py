"""The simulated office keeps the vehicle lists, and the simulated camera's reads go to the gate's own service."""

from contextlib import suppress
from datetime import date, datetime

import pandas as pd

from factory_pipelines.demo.vehicles import OFFICER, DayTraffic, Traffic
from factory_pipelines.gate.agreement import Read
from factory_pipelines.gate.registry import AlreadyListedError, register
from factory_pipelines.gate.service import GateService
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse

SOURCE = "demo"


class GateFeed:
    """Sends vehicles to the gate in the order in which they came.

    Args:
        warehouse: in the writer's role.
        settings: the whole tree.
        traffic: the simulated vehicles.
        since: nothing before this is sent.
    """

    def __init__(self, warehouse: Warehouse, settings: Settings, traffic: Traffic, *, since: datetime) -> None:
        self._warehouse, self._traffic, self._since = warehouse, traffic, since
        self._at = since
        # The alarms of a passage carry its own time, also where it lies in the history.
        self._gate = GateService(warehouse, settings, clock=lambda: self._at)
        rows = warehouse.rows("demo/lines_entered", {"officer": OFFICER})
        self._entered = {(row["plate"], row["kind"], row["valid_from"]) for row in rows}

    def send(self, day: date, since: datetime, until: datetime) -> int:
        """Sends the passages of ``day`` from ``since`` to before ``until``; returns how many were new."""
        since = max(since, self._since)
        if since >= until:
            return 0
        traffic = self._traffic.day(day)
        self._keep_lists(traffic, until)
        params = {"since": since, "until": until}
        known = {
            (row["gate_id"], row["track_id"], row["decided_at"])
            for row in self._warehouse.rows("demo/passages_decided", params)
        }
        ways = traffic.passages.loc[(traffic.passages["at"] >= since) & (traffic.passages["at"] < until)]
        sent = 0
        for way in ways.to_dict("records"):
            self._at = way["at"].to_pydatetime()
            if (way["gate_id"], way["track_id"], self._at) not in known:
                self._gate.decide(
                    [Read(frame.text, frame.confidence) for frame in traffic.reads[way["passage_id"]]],
                    gate_id=way["gate_id"],
                    track_id=way["track_id"],
                    direction=way["direction"],
                    at=self._at,
                    source=SOURCE,
                )
                sent += 1
        return sent

    def _keep_lists(self, traffic: DayTraffic, until: datetime) -> None:
        changed = False
        for line in traffic.lists.to_dict("records"):
            since = line["valid_from"].to_pydatetime()
            key = (line["plate"], line["list_kind"], since)
            if key in self._entered or since >= until:
                continue
            ends = None if pd.isna(line["valid_until"]) else line["valid_until"].to_pydatetime()
            # Where somebody has entered the plate by hand, their line stands.
            with suppress(AlreadyListedError):
                register(
                    self._warehouse,
                    line["plate"],
                    line["list_kind"],
                    reason=line["reason"],
                    officer=line["officer"],
                    now=max(since, self._since) if ends else since,
                    valid_from=since,
                    valid_until=ends,
                )
            self._entered.add(key)
            changed = True
        if changed:
            self._gate.refresh()
