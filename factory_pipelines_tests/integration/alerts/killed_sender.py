"""Delivers the outbox in processes that are killed at random points; run as a module by ``test_outbox_killed``.

Single-threaded on purpose: it forks a child per kill, so that 200 kills do not cost 200 interpreter starts. A child
dies by its own ``_exit`` at a chosen point (before the provider is called, after it took the message, before the result
is recorded), after writing down which delivery it leaves in doubt, or by SIGKILL at a random moment.
"""

import json
import os
import random
import signal
import sys
import time
from datetime import UTC, datetime

from factory_pipelines.alerts.channels import Channels, build_channels
from factory_pipelines.alerts.outbox import DeliveryRules, deliver_due
from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.pool import open_warehouse

RULES = DeliveryRules(max_attempts=1000, first_wait_s=0.01, longest_wait_s=0.05, lease_s=1.5)
POINTS = ("before_send", "after_send", "before_record", "signal")


class DyingChannel:
    """The real channel, and the end of the process at one point of its ``fatal_send``-th send."""

    def __init__(self, inner, point: str, fatal_send: int, report: str) -> None:
        self.inner, self.point, self.left, self.report = inner, point, fatal_send, report
        self.name, self.timeout_s, self.can_look_up = inner.name, inner.timeout_s, inner.can_look_up
        self.dying: int | None = None
        self.find, self.status = inner.find, inner.status

    def send(self, message):
        self.left -= 1
        if self.left == 0 and self.point == "before_send":
            self.die(message.delivery_id)
        receipt = self.inner.send(message)
        if self.left == 0 and self.point == "after_send":
            self.die(message.delivery_id)
        if self.left == 0 and self.point == "before_record":
            self.dying = message.delivery_id
        return receipt

    def clock(self) -> datetime:
        """The outbox asks the time before it records a result."""
        if self.dying is not None:
            self.die(self.dying)
        return datetime.now(UTC)

    def die(self, delivery_id: int) -> None:
        with open(self.report, "a") as report:  # noqa: PTH123 opened for appending by several processes
            report.write(f"{delivery_id}\n")
        os._exit(9)


def deliver(channel: DyingChannel | None, limit: int) -> None:
    warehouse = open_warehouse(load_settings(), application_name="killed-sender")
    channels = build_channels(load_settings())
    if channel is not None:
        channel.inner, channel.find, channel.status = channels.people, channels.people.find, channels.people.status
        channels = Channels(channel, channel)
    clock = channel.clock if channel is not None else lambda: datetime.now(UTC)
    deliver_due(warehouse, channels, now=clock, rules=RULES, limit=limit)
    warehouse.close()


def main(kills: int, seed: int, report: str) -> None:
    """Forks until ``kills`` children have died underway, then prints how each kind of death went."""
    chance = random.Random(seed)  # noqa: S311 repeatable
    template = build_channels(load_settings()).people
    deaths = dict.fromkeys(POINTS, 0)
    while sum(deaths.values()) < kills:
        point = chance.choice(POINTS)
        limit = 50 if point == "signal" else chance.randint(1, 4)
        delay = chance.uniform(0.0, 0.08)
        child = os.fork()
        if child == 0:
            deliver(DyingChannel(template, point, chance.randint(1, limit), report), limit)
            os._exit(0)
        if point == "signal":
            time.sleep(delay)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == 1:
            raise SystemExit("a child failed by itself")
        deaths[point] += code != 0
    sys.stdout.write(json.dumps(deaths))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
